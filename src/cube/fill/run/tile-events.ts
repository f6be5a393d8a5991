import { toRecord } from '../../../errors.js';
import { now } from '../../../machine/clock.js';
import type { IngestEvent, OnEvent } from '../../../observe/events.js';
import type { EncodedTile, FetchedTile, SourceEvent } from '../../../tile.js';

/** Told while something is fetched. */
export interface FetchEvents {
  fetching(): void;
  /** What the source tells while it fetches. */
  ofSource(event: SourceEvent): void;
  /** @returns the bytes that were received. */
  fetched(tile: FetchedTile): number;
  fetchedAgain(error: unknown): void;
}

/** Tells of one tile as it goes through its stages, each with the milliseconds since the one before was told. */
export class TileEvents implements FetchEvents {
  #told = performance.now();

  constructor(
    private readonly tile: string,
    private readonly onEvent: OnEvent,
  ) {}

  fetching(): void {
    this.#tell({ type: 'fetching', at: now(), tile: this.tile });
  }

  ofSource(event: SourceEvent): void {
    this.onEvent({ ...event, at: now(), tile: this.tile });
  }

  fetched(tile: FetchedTile): number {
    const bytes = receivedBytes(tile);
    this.allFetched(bytes, this.#lap());
    return bytes;
  }

  allFetched(bytes: number, ms: number): void {
    this.#tell({ type: 'fetched', at: now(), tile: this.tile, ms, bytes });
  }

  processed(encoded: EncodedTile): void {
    const ms = this.#lap();
    this.#tell({ type: 'processed', at: now(), tile: this.tile, ms, ...pieceOf(encoded) });
  }

  /** @param pieces of the tile, one at least; @param ms since the last of it was fetched. */
  processedInPieces(pieces: readonly ProcessedPiece[], ms: number): void {
    const timings = sumOfTimings(pieces);
    this.#tell({
      ...{ type: 'processed', at: now(), tile: this.tile, ms, timings },
      startedAt: Math.min(...pieces.map(({ startedAt }) => startedAt)),
      thread: pieces[0]?.thread ?? 0,
      bytes: pieces.reduce((sum, { bytes }) => sum + bytes, 0),
      isEmpty: pieces.every(({ isEmpty }) => isEmpty),
      pieces: pieces.map(({ timings, startedAt, thread }) => ({ timings, startedAt, thread })),
    });
  }

  fetchedAgain(error: unknown): void {
    this.#tell({ type: 'retry', at: now(), tile: this.tile, error: toRecord(error), delayMs: 0 });
  }

  written(ms = this.#lap()): void {
    this.#tell({ type: 'written', at: now(), tile: this.tile, ms });
  }

  #lap(): number {
    return performance.now() - this.#told;
  }

  #tell(event: Parameters<OnEvent>[0]): void {
    this.onEvent(event);
    this.#told = performance.now();
  }
}

type ProcessedEvent = Extract<IngestEvent, { type: 'processed' }>;

/** What is told of bands that are processed. */
type ProcessedPiece = Pick<
  ProcessedEvent,
  'timings' | 'startedAt' | 'thread' | 'bytes' | 'isEmpty'
>;

function pieceOf({ chunks, timings, startedAt, thread, isEmpty }: EncodedTile): ProcessedPiece {
  const bytes = chunks.reduce((sum, chunk) => sum + (chunk.bytes?.byteLength ?? 0), 0);
  return { timings, startedAt, thread, bytes, isEmpty };
}

/**
 * Tells of a tile that comes in groups of bands, several at a time: what is told once of a tile is told when all of
 * it has come, and stages add up.
 */
export class GroupedEvents implements FetchEvents {
  #begun: number | undefined;
  #fetchedAt = 0;
  #bytes = 0;
  #writeMs = 0;
  readonly #pieces: ProcessedPiece[] = [];

  constructor(private readonly tell: TileEvents) {}

  fetching(): void {
    if (this.#begun !== undefined) return;
    this.#begun = performance.now();
    this.tell.fetching();
  }

  ofSource(event: SourceEvent): void {
    this.tell.ofSource(event);
  }

  fetched(tile: FetchedTile): number {
    const bytes = receivedBytes(tile);
    this.#bytes += bytes;
    this.#fetchedAt = performance.now();
    return bytes;
  }

  fetchedAgain(error: unknown): void {
    this.tell.fetchedAgain(error);
  }

  processed(encoded: EncodedTile): void {
    this.#pieces.push(pieceOf(encoded));
  }

  /** @param ms that writing some of the chunks took. */
  written(ms: number): void {
    this.#writeMs += ms;
  }

  /** All of the tile is written. */
  end(): void {
    this.tell.allFetched(this.#bytes, this.#fetchedAt - (this.#begun ?? this.#fetchedAt));
    this.tell.processedInPieces(this.#pieces, performance.now() - this.#fetchedAt);
    this.tell.written(this.#writeMs);
  }
}

/** Bytes of replies; files on disk have none. */
export function receivedBytes({ parts }: FetchedTile): number {
  return parts.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
}

/** Milliseconds by stage of the kernel, of all parts of a tile together. */
export function sumOfTimings(
  parts: readonly Pick<EncodedTile, 'timings'>[],
): EncodedTile['timings'] {
  const timings = { decode: 0, warp: 0, fill: 0, encode: 0 };
  for (const part of parts)
    for (const stage of ['decode', 'warp', 'fill', 'encode'] as const)
      timings[stage] += part.timings[stage];
  return timings;
}
