import type { Dataset } from '../../dataset/dataset.js';
import { AbortedError, type ErrorRecord, toRecord } from '../../errors.js';
import type { Pool } from '../../pool/pool.js';
import type { PlannedTile, TileSource } from '../../tile.js';
import type { BandsRecipe } from '../fill/recipe.js';
import { bandGroups } from '../fill/run/band-groups.js';
import { processByType } from '../fill/run/band-parts.js';
import { MemoryBudget } from '../fill/run/memory-budget.js';
import { type MemoryPlan, shareOf } from '../fill/run/memory-plan.js';
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
  readonly recipes: readonly BandsRecipe[];
  readonly dataset: Dataset;
  /** How an ingest would share out its memory. */
  readonly memory: MemoryPlan;
  readonly signal?: AbortSignal | undefined;
}

/** @throws {AbortedError} */
export async function sampleTiles(job: SampleJob): Promise<SampleResult> {
  const { signal, memory } = job;
  const budget = new MemoryBudget(memory.capacity);
  const failed: SampleResult['failed'][number][] = [];
  const sum = { tiles: 0, empty: 0, bytesIn: 0, bytesOut: 0 };
  const started = performance.now();
  const queue = job.tiles.values();
  const lane = async (): Promise<void> => {
    for (const tile of queue) {
      if (signal?.aborted) throw new AbortedError('The sampling was stopped.');
      try {
        const parts = await partsOf(tile, job, budget);
        sum.tiles++;
        if (parts.every(({ isEmpty }) => isEmpty)) sum.empty++;
        for (const { bytesIn, bytesOut } of parts) {
          sum.bytesIn += bytesIn;
          sum.bytesOut += bytesOut;
        }
      } catch (error) {
        if (error instanceof AbortedError) throw error;
        failed.push({ id: tile.id, error: toRecord(error) });
      }
    }
  };
  await Promise.all(
    Array.from({ length: Math.min(memory.tilesInFlight, job.tiles.length) }, () => lane()),
  );
  return { ...sum, failed, elapsedMs: performance.now() - started };
}

/** A tile, or its groups of bands as an ingest would take them: what came, and what would be written. */
async function partsOf(
  tile: PlannedTile,
  { source, pool, recipes, signal = new AbortController().signal, dataset, memory }: SampleJob,
  budget: MemoryBudget,
) {
  const groups = memory.isInGroups ? bandGroups(tile, dataset.bands.length) : [undefined];
  const ended = await Promise.allSettled(
    groups.map((group) =>
      budget.holding(group?.bytes ?? shareOf(tile, dataset), signal, async () => {
        const { requests = tile.requests, bands } = group ?? {};
        const fetched = await source.fetch({ ...tile, requests }, { signal });
        // Before the bytes move to a thread.
        const bytesIn = receivedBytes(fetched);
        const { chunks, isEmpty } = await processByType(
          bands === undefined ? fetched : { ...fetched, bands },
          recipes,
          ({ tile: own, recipe }) => pool.process(own, recipe),
        ).finally(() => source.release?.(fetched));
        const bytesOut = chunks.reduce((all, { bytes }) => all + (bytes?.byteLength ?? 0), 0);
        return { bytesIn, bytesOut, isEmpty };
      }),
    ),
  );
  return ended.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
