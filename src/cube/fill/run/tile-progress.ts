import { createHash } from 'node:crypto';
import { type ErrorRecord, RasterError, toRecord } from '../../../errors.js';
import type { OnEvent } from '../../../observe/events.js';
import type { FailedTile, FetchedTile, PlannedTile } from '../../../tile.js';
import { outlastsWait } from './outage.js';
import { TileEvents } from './tile-events.js';

/** Fetches of one tile when what came cannot be decoded: a reply can be damaged where only decoding shows it. */
const MAX_FETCHES = 3;

/** How far has come what is fetched and processed together: a tile, or some of its bands. */
export class PartProgress {
  #stage: FailedTile['stage'] = 'fetch';
  #fetches = 0;
  /** Of what could not be decoded. */
  readonly #digests = new Set<string | undefined>();
  /** What cannot be decoded was the same, byte for byte, each time. */
  #isRepeated = false;

  get stage(): FailedTile['stage'] {
    return this.#stage;
  }

  get fetches(): number {
    return this.#fetches;
  }

  get isRepeated(): boolean {
    return this.#isRepeated;
  }

  begin(stage: FailedTile['stage']): void {
    this.#stage = stage;
    if (stage === 'fetch') this.#fetches++;
  }

  /** Whether what could not be processed is worth another fetch. */
  mayFetchAgain(error: unknown, fetched: FetchedTile, signal: AbortSignal): boolean {
    // A file on disk stays as it is: only a reply may come undamaged when it is fetched again.
    const isDamaged =
      error instanceof RasterError && error.stage === 'decode' && fetched.parts.length > 0;
    if (isDamaged) this.#digests.add(digestOf(fetched));
    if (isDamaged && this.#fetches < MAX_FETCHES && !signal.aborted) return true;
    this.#isRepeated =
      isDamaged && this.#fetches > 1 && !this.#digests.has(undefined) && this.#digests.size === 1;
    return false;
  }
}

/** How far one tile has come, and what it means when it gets no further. */
export class TileProgress {
  readonly tell: TileEvents;
  #part = new PartProgress();

  constructor(
    private readonly tile: PlannedTile,
    onEvent: OnEvent,
  ) {
    this.tell = new TileEvents(tile.id, onEvent);
  }

  /** The part at which the tile is, or whose failure is the tile's. */
  at(part: PartProgress): PartProgress {
    this.#part = part;
    return part;
  }

  /** How the tile failed. @throws the error itself where it ends the whole run. */
  failure(error: unknown, maxOutageMs: number): FailedTile {
    const { stage, fetches, isRepeated } = this.#part;
    const record = toRecord(error);
    if (concernsAll(record, stage) || outlastsWait(record, maxOutageMs)) throw error;
    const { id, index } = this.tile;
    const tries = stage === 'fetch' ? (record.tries ?? 1) : fetches;
    const failed = { state: 'failed', id, index, stage, error: record, tries } as const;
    if (record.kind === 'wrong-reply') return { ...failed, isRepeated: true };
    if (!isRepeated) return failed;
    const message = `${record.message} The same bytes came ${tries} times in a row.`;
    return { ...failed, error: { ...record, message }, isRepeated: true };
  }
}

/** Tells whether the same came again; `undefined` where the bytes went to the thread and are gone. */
function digestOf({ parts }: FetchedTile): string | undefined {
  const hash = createHash('sha256');
  for (const { bytes } of parts) {
    if (bytes.length === 0) return undefined;
    hash.update(bytes);
  }
  return hash.digest('hex');
}

/** Failures that the next tile would meet as well. */
function concernsAll({ tag, kind }: ErrorRecord, stage: FailedTile['stage']): boolean {
  if (stage === 'commit') return true;
  if (tag === 'setup' || tag === 'aborted' || tag === 'unexpected' || tag === 'store') return true;
  return (
    tag === 'earth-engine' &&
    ['credentials', 'permission', 'not-found', 'bad-request', 'unreachable'].includes(kind ?? '')
  );
}
