import { AbortedError, type ErrorRecord, toRecord } from '../../errors.js';
import type { Pool } from '../../pool/pool.js';
import type { PlannedTile, Recipe, TileSource } from '../../tile.js';
import { receivedBytes } from '../fill/run/tile-events.js';

/** What some tiles, fetched and processed but not written, tell of the others. */
export interface SampleResult {
  /** Tiles that were fetched and processed, and those of them without a valid pixel. */
  readonly tiles: number;
  readonly empty: number;
  readonly failed: readonly { readonly id: string; readonly error: ErrorRecord }[];
  /** Bytes received, and bytes of the chunks that would be written. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly elapsedMs: number;
}

export interface SampleJob {
  readonly tiles: readonly PlannedTile[];
  readonly source: TileSource;
  readonly pool: Pool;
  readonly recipe: Recipe;
  /** Tiles under way at a time, as an ingest would have. */
  readonly tilesInFlight: number;
  readonly signal?: AbortSignal | undefined;
}

/** @throws {AbortedError} */
export async function sampleTiles(job: SampleJob): Promise<SampleResult> {
  const { source, pool, recipe, signal } = job;
  const failed: SampleResult['failed'][number][] = [];
  const sum = { tiles: 0, empty: 0, bytesIn: 0, bytesOut: 0 };
  const started = performance.now();
  const queue = job.tiles.values();
  const lane = async (): Promise<void> => {
    for (const tile of queue) {
      if (signal?.aborted) throw new AbortedError('The sampling was stopped.');
      try {
        const fetched = await source.fetch(tile, { signal });
        // Before the bytes move to a thread.
        const received = receivedBytes(fetched);
        const { chunks, isEmpty } = await pool
          .process(fetched, recipe)
          .finally(() => source.release?.(fetched));
        sum.tiles++;
        if (isEmpty) sum.empty++;
        sum.bytesIn += received;
        for (const { bytes } of chunks) sum.bytesOut += bytes?.byteLength ?? 0;
      } catch (error) {
        if (error instanceof AbortedError) throw error;
        failed.push({ id: tile.id, error: toRecord(error) });
      }
    }
  };
  await Promise.all(
    Array.from({ length: Math.min(job.tilesInFlight, job.tiles.length) }, () => lane()),
  );
  return { ...sum, failed, elapsedMs: performance.now() - started };
}
