/** The one place that knows the order of a tile's stages. */

import type { Dataset } from '../dataset/dataset.js';
import { DEFAULT_CEILING } from '../earth-engine/adaptive-limiter.js';
import { AbortedError, fromRecord, RasterError, toRecord } from '../errors.js';
import type { OnEvent } from '../observe/events.js';
import type { Pool } from '../pool/pool.js';
import { bytesOf } from '../raster/dtype.js';
import { Committer, type CommitterOptions } from '../store/committer.js';
import type { Repository } from '../store/repository.js';
import type { EncodedTile, FailedTile, PlannedTile, Recipe, TileSource } from '../tile.js';
import type { IngestPlan } from './plan.js';

export interface IngestJob {
  readonly plan: IngestPlan;
  readonly source: TileSource;
  readonly pool: Pool;
  readonly recipe: Recipe;
  readonly repository: Repository;
  readonly dataset: Dataset;
  /** Tiles between "being fetched" and "written" at a time: what bounds the memory of an ingest. */
  readonly tilesInFlight: number;
  readonly commit: Pick<CommitterOptions, 'groupSize' | 'maxDelayMs'>;
  readonly onEvent: OnEvent;
  readonly signal: AbortSignal | undefined;
}

/** Uncompressed bytes of replies that may lie in memory at a time, as the service counts them. */
const BYTES_IN_FLIGHT = 640 * 1024 ** 2;

/** A tile this large keeps all threads waiting for memory if it is not alone: 64 float32 bands are 4 GB. */
const LARGE_TILE_BYTES = 1024 ** 3;

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

/**
 * Takes every planned tile through its stages. A tile that fails is reported and the others go on;
 * what concerns all of them (credentials, the store, an abort) ends the run, after the tiles that are
 * finished have been committed.
 */
export async function runIngest(job: IngestJob): Promise<void> {
  const { plan, onEvent } = job;
  const committer = new Committer(job.repository, job.dataset, {
    ...job.commit,
    onCommit: (tiles, ms) => {
      const [first] = tiles;
      if (first === undefined) return;
      onEvent({
        type: 'committed',
        at: Date.now(),
        tiles: tiles.map(({ id }) => id),
        snapshot: first.snapshot,
        ms,
      });
    },
  });
  onEvent({
    type: 'planned',
    at: Date.now(),
    tiles: plan.pending,
    alreadyLoaded: plan.alreadyLoaded,
    requests: plan.requests,
    bytes: plan.bytes,
  });
  const stop = new AbortController();
  const signal =
    job.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, job.signal]);
  const tiles = plan.plannedTiles();
  const outage = new OutageWatch();
  let fatal: unknown;
  const lane = async (): Promise<void> => {
    for (const tile of tiles) {
      if (signal.aborted) return;
      try {
        outage.note(await advance(tile, job, committer, signal));
      } catch (error) {
        fatal ??= error;
        stop.abort(error);
        return;
      }
    }
  };
  await Promise.all(
    Array.from({ length: Math.min(job.tilesInFlight, Math.max(plan.pending, 1)) }, lane),
  );
  try {
    await committer.flush();
  } catch (error) {
    // That finished tiles are not committed after all matters more than why the run ended.
    if (fatal === undefined || fatal instanceof AbortedError) fatal = error;
  }
  if (fatal !== undefined && !(fatal instanceof AbortedError)) throw fatal;
  if (job.signal?.aborted)
    throw new AbortedError(
      'The ingest was stopped; finished tiles are committed, and a rerun goes on from there.',
    );
}

/** Tiles lost in a row to a service that refuses or does not answer, before the run ends. */
const LOST_IN_A_ROW = 10;

/**
 * Tells an outage from bad luck. A service that is down or out of quota would fail every remaining
 * tile, each after all its tries: better to end, and to go on from there when it is back.
 */
class OutageWatch {
  #lost = 0;

  /** @throws {EarthEngineError} the last failure, when it was one too many in a row. */
  note(failure: FailedTile | undefined): void {
    const { tag, kind } = failure?.error ?? {};
    const isService = tag === 'earth-engine' && (kind === 'quota' || kind === 'transient');
    this.#lost = isService ? this.#lost + 1 : 0;
    if (failure !== undefined && this.#lost >= LOST_IN_A_ROW) throw fromRecord(failure.error);
  }
}

/** Fetches of one tile when what came cannot be decoded: a reply can be damaged where only decoding shows it. */
const MAX_FETCHES = 3;

/** One tile, from planned to written; returns how it failed, if it did. @throws what ends the whole run. */
async function advance(
  tile: PlannedTile,
  job: IngestJob,
  committer: Committer,
  signal: AbortSignal,
): Promise<FailedTile | undefined> {
  const { onEvent } = job;
  const progress: { stage: FailedTile['stage'] } = { stage: 'fetch' };
  try {
    const encoded = await fetchAndProcess(tile, job, signal, progress);
    progress.stage = 'commit';
    const started = performance.now();
    await committer.add(encoded);
    onEvent({ type: 'written', at: Date.now(), tile: tile.id, ms: performance.now() - started });
    return undefined;
  } catch (error) {
    if (concernsAll(error, progress.stage)) throw error;
    const failure: FailedTile = {
      state: 'failed',
      id: tile.id,
      index: tile.index,
      stage: progress.stage,
      error: toRecord(error),
    };
    onEvent({ type: 'failed', at: Date.now(), failure });
    return failure;
  }
}

async function fetchAndProcess(
  tile: PlannedTile,
  { source, pool, recipe, onEvent }: IngestJob,
  signal: AbortSignal,
  progress: { stage: FailedTile['stage'] },
): Promise<EncodedTile> {
  for (let fetches = 1; ; fetches++) {
    progress.stage = 'fetch';
    onEvent({ type: 'fetching', at: Date.now(), tile: tile.id });
    let started = performance.now();
    const fetched = await source.fetch(tile, {
      signal,
      onEvent: (event) => onEvent({ ...event, at: Date.now(), tile: tile.id }),
    });
    const received = fetched.parts.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    onEvent({
      type: 'fetched',
      at: Date.now(),
      tile: tile.id,
      ms: performance.now() - started,
      bytes: received,
    });
    progress.stage = 'process';
    started = performance.now();
    try {
      const encoded = await pool.process(fetched, recipe);
      const { timings, startedAt, thread, isEmpty, chunks } = encoded;
      const bytes = chunks.reduce((sum, chunk) => sum + (chunk.bytes?.byteLength ?? 0), 0);
      const ms = performance.now() - started;
      onEvent({
        type: 'processed',
        at: Date.now(),
        tile: tile.id,
        ms,
        timings,
        startedAt,
        thread,
        bytes,
        isEmpty,
      });
      return encoded;
    } catch (error) {
      // A file on disk stays as it is: only a reply may come undamaged when it is fetched again.
      const isDamaged =
        error instanceof RasterError && error.stage === 'decode' && fetched.parts.length > 0;
      if (!isDamaged || fetches >= MAX_FETCHES || signal.aborted) throw error;
      onEvent({ type: 'retry', at: Date.now(), tile: tile.id, error: toRecord(error), delayMs: 0 });
    }
  }
}

/** Failures that the next tile would meet as well. */
function concernsAll(error: unknown, stage: FailedTile['stage']): boolean {
  if (stage === 'commit') return true;
  const { tag, kind } = toRecord(error);
  if (tag === 'setup' || tag === 'aborted' || tag === 'unexpected' || tag === 'store') return true;
  return (
    tag === 'earth-engine' &&
    ['credentials', 'permission', 'not-found', 'bad-request', 'unreachable'].includes(kind ?? '')
  );
}
