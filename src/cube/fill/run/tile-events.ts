import { toRecord } from '../../../errors.js';
import { now } from '../../../machine/clock.js';
import type { OnEvent } from '../../../observe/events.js';
import type { EncodedTile, FetchedTile, SourceEvent } from '../../../tile.js';

/** Tells of one tile as it goes through its stages, each with the milliseconds since the one before was told. */
export class TileEvents {
  #told = performance.now();

  constructor(
    private readonly tile: string,
    private readonly onEvent: OnEvent,
  ) {}

  fetching(): void {
    this.#tell({ type: 'fetching', at: now(), tile: this.tile });
  }

  /** What the source tells while it fetches. */
  ofSource(event: SourceEvent): void {
    this.onEvent({ ...event, at: now(), tile: this.tile });
  }

  /** @returns the bytes that were received. */
  fetched(tile: FetchedTile): number {
    const bytes = receivedBytes(tile);
    this.#tell({ type: 'fetched', at: now(), tile: this.tile, ms: this.#lap(), bytes });
    return bytes;
  }

  processed({ chunks, timings, startedAt, thread, isEmpty }: EncodedTile): void {
    const bytes = chunks.reduce((sum, chunk) => sum + (chunk.bytes?.byteLength ?? 0), 0);
    const ms = this.#lap();
    const facts = { timings, startedAt, thread, bytes, isEmpty };
    this.#tell({ type: 'processed', at: now(), tile: this.tile, ms, ...facts });
  }

  fetchedAgain(error: unknown): void {
    this.#tell({ type: 'retry', at: now(), tile: this.tile, error: toRecord(error), delayMs: 0 });
  }

  written(): void {
    this.#tell({ type: 'written', at: now(), tile: this.tile, ms: this.#lap() });
  }

  #lap(): number {
    return performance.now() - this.#told;
  }

  #tell(event: Parameters<OnEvent>[0]): void {
    this.onEvent(event);
    this.#told = performance.now();
  }
}

/** Bytes of replies; files on disk have none. */
export function receivedBytes({ parts }: FetchedTile): number {
  return parts.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
}
