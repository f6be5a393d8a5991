/** The one place that knows the order of a tile's stages. */

import { createHash } from 'node:crypto';
import type { Dataset } from '../../dataset/dataset.js';
import { DEFAULT_CEILING } from '../../earth-engine/adaptive-limiter.js';
import {
  AbortedError,
  type ErrorRecord,
  RasterError,
  toRecord,
  withoutStack,
} from '../../errors.js';
import { now } from '../../machine/clock.js';
import type { OnEvent } from '../../observe/events.js';
import type { Pool } from '../../pool/pool.js';
import { bytesOf } from '../../raster/dtype.js';
import { LentMemory } from '../../raster/lent-memory.js';
import type { Repository } from '../../store/repository.js';
import { openClaims, type TileClaims } from '../../store/sharing/tile-claims.js';
import { Committer, type CommitterOptions } from '../../store/tiles/committer.js';
import type {
  EncodedTile,
  FailedTile,
  FetchedTile,
  PlannedTile,
  Recipe,
  TileSource,
} from '../../tile.js';
import type { IngestPlan } from './plan.js';
import { DEFAULT_MAX_OUTAGE_MS, Outage, outlastsWait } from './run/outage.js';
import { type IngestLimits, TileQueue } from './run/tile-queue.js';

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
  readonly limits: Omit<IngestLimits, 'maxTiles'> & {
    /** Milliseconds that the service may be away. Default {@link DEFAULT_MAX_OUTAGE_MS}. */
    readonly maxOutageMs?: number | undefined;
  };
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

/** How many tiles are under way at a time, where nobody says otherwise. */
export function tilesInFlightFor(
  dataset: Dataset,
  plan: Pick<IngestPlan, 'pending' | 'requests' | 'bytes'>,
  threads: number,
): number {
  return isLargeTile(dataset) ? 1 : defaultTilesInFlight(plan, threads);
}

/**
 * Takes every planned tile through its stages. A tile that fails is reported and the others go on; a
 * service that is away is waited for. What concerns all of them (credentials, the store, an abort) ends
 * the run, after the tiles that are finished have been committed.
 */
export async function runIngest(job: IngestJob): Promise<void> {
  const { plan, limits } = job;
  const stop = new AbortController();
  const signal =
    job.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, job.signal]);
  const repository = job.repository.patient({
    maxOutageMs: limits.maxOutageMs ?? DEFAULT_MAX_OUTAGE_MS,
    onWait: (error, delayMs, endsAt) =>
      job.onEvent({
        ...{ type: 'waiting', at: now(), delayMs, endsAt },
        error: withoutStack(toRecord(error)),
      }),
    signal,
  });
  const claims = openClaims(repository);
  const queue = new TileQueue({
    plan,
    claims,
    maxBytes: limits.maxBytes,
    until: limits.until,
    onLoadedElsewhere: ({ id }) => job.onEvent({ type: 'loaded-elsewhere', at: now(), tile: id }),
    onIdle: () => committer.flush(),
    signal,
  });
  const onEvent: OnEvent = (event) => {
    if (event.type === 'fetched') queue.received(event.bytes);
    job.onEvent(event);
  };
  const released = new Releases(claims);
  const committer = new Committer(repository, job.dataset, {
    ...job.commit,
    onCommit: (tiles, ms) => {
      const [first] = tiles;
      if (first === undefined) return;
      const ids = tiles.map(({ id }) => id);
      released.add(ids);
      onEvent({ type: 'committed', at: now(), tiles: ids, snapshot: first.snapshot, ms });
    },
    onLoadedElsewhere: (ids) => {
      released.add(ids);
      for (const tile of ids) onEvent({ type: 'loaded-elsewhere', at: now(), tile });
    },
  });
  const { pending: tiles, alreadyLoaded, requests, bytes } = plan;
  onEvent({ type: 'planned', at: now(), tiles, alreadyLoaded, requests, bytes });
  const frames = new LentMemory();
  const attempt = (tile: PlannedTile) =>
    advance(tile, { ...job, onEvent, frames }, committer, signal);
  const outage = new Outage({
    maxOutageMs: limits.maxOutageMs ?? DEFAULT_MAX_OUTAGE_MS,
    onEvent,
    attempt,
    putBack: (lost) => queue.putBack(lost),
    fail: ({ id }, failure) => {
      onEvent({ type: 'failed', at: now(), failure });
      released.add([id]);
    },
    signal,
  });
  let fatal: unknown;
  const lane = async (): Promise<void> => {
    try {
      for (;;) {
        const lostBefore = await outage.over();
        const tile = await queue.next();
        if (tile === undefined) return;
        try {
          outage.note(tile, await attempt(tile), lostBefore);
        } finally {
          queue.ended(tile);
        }
      }
    } catch (error) {
      fatal ??= error;
      stop.abort(error);
    }
  };
  const lanes = Math.min(job.tilesInFlight, Math.max(plan.pending, 1));
  await Promise.all(Array.from({ length: lanes }, lane));
  outage.settle();
  try {
    await committer.flush();
  } catch (error) {
    // That finished tiles are not committed after all matters more than why the run ended.
    if (fatal === undefined || fatal instanceof AbortedError) fatal = error;
  }
  await released.done();
  const left = plan.left + queue.left;
  const by = queue.stoppedBy ?? (plan.left > 0 ? 'max-tiles' : undefined);
  if (by !== undefined && fatal === undefined && job.signal?.aborted !== true)
    onEvent({ type: 'limited', at: now(), by, left });
  if (fatal !== undefined && !(fatal instanceof AbortedError)) throw fatal;
  if (job.signal?.aborted)
    throw new AbortedError(
      'The ingest was stopped; finished tiles are committed, and a rerun goes on from there.',
    );
}

/** Gives up the claims of tiles that are done, in the background. */
class Releases {
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly claims: TileClaims) {}

  add(ids: readonly string[]): void {
    // A claim that cannot be removed goes out of date by itself.
    const all = ids.map((id) => this.claims.release(id).catch(() => {}));
    this.#last = Promise.all([this.#last, ...all]);
  }

  /** Gives up what is left, too. */
  async done(): Promise<void> {
    await this.#last;
    await this.claims.close().catch(() => {});
  }
}

/** Fetches of one tile when what came cannot be decoded: a reply can be damaged where only decoding shows it. */
const MAX_FETCHES = 3;

/** How far a tile has come. */
interface Progress {
  stage: FailedTile['stage'];
  fetches: number;
  /** What cannot be decoded was the same, byte for byte, each time. */
  isRepeated?: boolean;
}

/** What tiles share on their way. */
interface TileJob extends IngestJob {
  /** Memory for encoded chunks, until they are written. */
  readonly frames: LentMemory;
}

/** One tile, from planned to written; returns how it failed, if it did. @throws what ends the whole run. */
async function advance(
  tile: PlannedTile,
  job: TileJob,
  committer: Committer,
  signal: AbortSignal,
): Promise<FailedTile | undefined> {
  const { onEvent } = job;
  const progress: Progress = { stage: 'fetch', fetches: 0 };
  try {
    const encoded = await fetchAndProcess(tile, job, signal, progress);
    progress.stage = 'commit';
    const started = performance.now();
    await committer.add(encoded).finally(() => giveBack(encoded, job.frames));
    onEvent({ type: 'written', at: now(), tile: tile.id, ms: performance.now() - started });
    return undefined;
  } catch (error) {
    const record = toRecord(error);
    const { maxOutageMs = DEFAULT_MAX_OUTAGE_MS } = job.limits;
    if (concernsAll(record, progress.stage) || outlastsWait(record, maxOutageMs)) throw error;
    const tries = progress.stage === 'fetch' ? (record.tries ?? 1) : progress.fetches;
    const { id, index } = tile;
    const failed = {
      state: 'failed',
      id,
      index,
      stage: progress.stage,
      error: record,
      tries,
    } as const;
    if (record.kind === 'wrong-reply') return { ...failed, isRepeated: true };
    if (!progress.isRepeated) return failed;
    const message = `${record.message} The same bytes came ${tries} times in a row.`;
    return { ...failed, error: { ...record, message }, isRepeated: true };
  }
}

function giveBack({ chunks }: EncodedTile, frames: LentMemory): void {
  for (const { bytes } of chunks) if (bytes !== undefined) frames.giveBack(bytes);
}

async function fetchAndProcess(
  tile: PlannedTile,
  { source, pool, recipe, onEvent, frames }: TileJob,
  signal: AbortSignal,
  progress: Progress,
): Promise<EncodedTile> {
  const digests = new Set<string | undefined>();
  for (let fetches = 1; ; fetches++) {
    progress.stage = 'fetch';
    progress.fetches = fetches;
    onEvent({ type: 'fetching', at: now(), tile: tile.id });
    let started = performance.now();
    const fetched = await source.fetch(tile, {
      signal,
      onEvent: (event) => onEvent({ ...event, at: now(), tile: tile.id }),
    });
    const received = fetched.parts.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    onEvent({
      type: 'fetched',
      at: now(),
      tile: tile.id,
      ms: performance.now() - started,
      bytes: received,
    });
    progress.stage = 'process';
    started = performance.now();
    try {
      const encoded = await pool.process(fetched, recipe, frames);
      const { timings, startedAt, thread, isEmpty, chunks } = encoded;
      const bytes = chunks.reduce((sum, chunk) => sum + (chunk.bytes?.byteLength ?? 0), 0);
      const ms = performance.now() - started;
      onEvent({
        type: 'processed',
        at: now(),
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
      if (isDamaged) digests.add(digestOf(fetched));
      if (!isDamaged || fetches >= MAX_FETCHES || signal.aborted) {
        progress.isRepeated =
          isDamaged && fetches > 1 && !digests.has(undefined) && digests.size === 1;
        throw error;
      }
      onEvent({ type: 'retry', at: now(), tile: tile.id, error: toRecord(error), delayMs: 0 });
    } finally {
      source.release?.(fetched);
    }
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
