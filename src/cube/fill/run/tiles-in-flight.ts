/** How many tiles are under way at a time: what bounds the memory of an ingest. */
import type { Dataset } from '../../../dataset/dataset.js';
import { DEFAULT_CEILING } from '../../../earth-engine/adaptive-limiter.js';
import { bytesOf } from '../../../raster/dtype.js';
import type { IngestPlan } from '../plan.js';

/** Uncompressed bytes of replies that may lie in memory at a time, as the service counts them. */
const BYTES_IN_FLIGHT = 640 * 1024 ** 2;

/** A tile this large keeps all threads waiting for memory if it is not alone: 64 float32 bands are 4 GB. */
const LARGE_TILE_BYTES = 1024 ** 3;

/** How many tiles are under way at a time, where nobody says otherwise. */
export function tilesInFlightFor(
  dataset: Dataset,
  plan: Pick<IngestPlan, 'pending' | 'requests' | 'bytes'>,
  threads: number,
): number {
  return isLargeTile(dataset) ? 1 : defaultTilesInFlight(plan, threads);
}

/**
 * Enough tiles to keep the service's quota and every thread busy, but no more than fit in
 * {@link BYTES_IN_FLIGHT}, and always one for each thread and one more; of very large tiles one alone.
 */
export function defaultTilesInFlight(
  { pending, requests, bytes }: Pick<IngestPlan, 'pending' | 'requests' | 'bytes'>,
  threads: number,
): number {
  const least = Math.max(threads, 1) + 1;
  if (pending === 0 || requests === 0) return least;
  if (bytes / pending > LARGE_TILE_BYTES) return 1;
  const useful = Math.ceil((DEFAULT_CEILING * pending) / requests) + threads;
  const bearable = Math.floor((BYTES_IN_FLIGHT * pending) / Math.max(bytes, 1));
  return Math.max(Math.min(useful, bearable), least);
}

/** Whether one tile's pixels are that many, wherever they come from. */
export function isLargeTile({
  bands,
  dtype,
  grid,
}: Pick<Dataset, 'bands' | 'dtype' | 'grid'>): boolean {
  const [height, width] = grid.chunk;
  return height * width * bands.length * bytesOf(dtype) > LARGE_TILE_BYTES;
}
