/**
 * The one place that knows the order of a run, and in it of a tile's stages:
 *
 *   plan -> fetch -> process -> write -> commit -> report
 *
 * (Large tiles go this way by groups of bands, several at a time: `in-groups.ts`.)
 *
 * A target comes in, a region or a list of tiles; a summary of what became of its tiles goes out. A planned
 * tile (`plan.ts`) goes to its source next, `earth-engine/source.ts`.
 */
import { byteCount } from '../../arguments.js';
import { AbortedError } from '../../errors.js';
import { now } from '../../machine/clock.js';
import { type IngestSummary, Tally } from '../../observe/summary.js';
import { writeLoadedLists } from '../../store/smart-geocubes/loaded-list.js';
import type { EncodedTile, FailedTile, FetchedTile, PlannedTile } from '../../tile.js';
import type { OpenedCube } from '../opened-cube.js';
import { advanceInGroups } from './in-groups.js';
import type { IngestOptions, IngestTarget } from './ingest-options.js';
import { type IngestPlan, largestTile, planTarget } from './plan.js';
import { checkBefore, checkPool, mustWaitForPool, prepareMetadata } from './prepare.js';
import { processByType } from './run/band-parts.js';
import { fetchAndProcess } from './run/fetch-and-process.js';
import { inLanes } from './run/lanes.js';
import { type MemoryPlan, planMemory, shareOf } from './run/memory-plan.js';
import { type IngestRun, openRun } from './run/open-run.js';
import type { TileEvents } from './run/tile-events.js';
import { PartProgress, TileProgress } from './run/tile-progress.js';

/** As `Cube.ingest`. */
export async function ingest(
  cube: OpenedCube,
  target: IngestTarget,
  options: IngestOptions,
): Promise<IngestSummary> {
  await checkBefore(cube, options);
  const checked = checkPool(cube, options.pool);
  // Whoever processes a tile is told.
  checked.catch(() => {});
  if (mustWaitForPool()) await checked;
  const plan = await planTarget(cube, target, options.source, options);
  const tally = new Tally();
  const memory = memoryFor(cube, plan, options);
  if (plan.pending > 0 || plan.others !== undefined) await prepareMetadata(cube, options.source);
  const run = await openRun(cube, plan, memory, { ...options, checked }, tally, advance);
  await fillTiles(run).catch(async (error: unknown) => {
    // What ended the run matters more than a list that its next run can write.
    await writeLoadedLists(cube.repository, cube.dataset).catch(() => {});
    throw error;
  });
  await writeLoadedLists(cube.repository, cube.dataset);
  await checked;
  return tally.end();
}

/** @throws {InvalidInputError} where it is too little. */
function memoryFor(
  cube: OpenedCube,
  plan: IngestPlan,
  { source, pool, memory, tilesInFlight, shard, mayBorrow }: IngestOptions,
): MemoryPlan {
  return planMemory({
    ...{ plan, tile: largestTile(cube, source), mask: source.mask, threads: pool.size },
    ...{ dataset: cube.dataset, tilesInFlight },
    ...(shard === undefined || mayBorrow ? {} : { shards: shard.count }),
    memory: memory === undefined ? undefined : byteCount(memory, 'memory'),
  });
}

/**
 * Takes every planned tile through its stages. A tile that fails is reported and the others go on; a
 * service that is away is waited for. What concerns all of them (credentials, the store, an abort) ends
 * the run, after the tiles that are finished have been committed.
 */
async function fillTiles(run: IngestRun): Promise<void> {
  const { pending: tiles, alreadyLoaded, requests, bytes } = run.plan;
  run.onEvent({ type: 'planned', at: now(), tiles, alreadyLoaded, requests, bytes });
  const ended = await inLanes(run.lanes, run.stop, () => fillOneAfterAnother(run));
  run.outage.settle();
  const fatal = await commitRest(run, ended);
  await run.releases.done();
  if (fatal === undefined && !run.isAborted()) reportLimit(run);
  if (fatal !== undefined && !(fatal instanceof AbortedError)) throw fatal;
  if (run.isAborted())
    throw new AbortedError(
      'The ingest was stopped; finished tiles are committed, and a rerun goes on from there.',
    );
}

/** One lane: a tile is begun when the one before it is written, or has failed. */
async function fillOneAfterAnother(run: IngestRun): Promise<void> {
  const { outage, queue } = run;
  for (;;) {
    const lostBefore = await outage.over();
    const tile = await queue.next();
    if (tile === undefined) return;
    try {
      outage.note(tile, await advance(tile, run), lostBefore);
    } finally {
      queue.ended(tile);
    }
  }
}

/** One tile, from planned to written; returns how it failed, if it did. @throws what ends the whole run. */
async function advance(tile: PlannedTile, run: IngestRun): Promise<FailedTile | undefined> {
  const begunAt = Date.now();
  const progress = new TileProgress(tile, run.onEvent);
  try {
    if (run.memory.isInGroups) await advanceInGroups(tile, run, progress, begunAt);
    else await advanceWhole(tile, run, progress, begunAt);
    return undefined;
  } catch (error) {
    return progress.failure(error, run.maxOutageMs);
  }
}

/** All bands of a tile together. Memory is set aside for them before they are asked for. */
function advanceWhole(
  tile: PlannedTile,
  run: IngestRun,
  progress: TileProgress,
  begunAt: number,
): Promise<void> {
  const part = progress.at(new PartProgress());
  return run.budget.holding(shareOf(tile, run.dataset), run.signal, async () => {
    const encoded = await fetchAndProcess(tile, run, part, progress.tell, (fetched) =>
      process(fetched, run, progress.tell),
    );
    part.begin('commit');
    await write(encoded, run, progress.tell, begunAt);
  });
}

/** Fetched -> encoded: a thread of the pool has the kernel decode, align, fill and compress. */
async function process(fetched: FetchedTile, run: IngestRun, tell: TileEvents) {
  const encoded = await processByType(
    fetched,
    run.recipes,
    ({ tile, recipe }) => run.pool.process(tile, recipe, run.frames),
    run.giveBack,
  );
  tell.processed(encoded);
  return encoded;
}

/** Encoded -> written: the committer commits what is written in groups, by itself. */
async function write(encoded: EncodedTile, run: IngestRun, tell: TileEvents, begunAt: number) {
  await run.committer.add(encoded, begunAt).finally(() => run.giveBack(encoded));
  tell.written();
}

/** Written -> committed, for the last group. @returns what ended the run before its tiles did, if anything. */
async function commitRest({ committer }: IngestRun, ended: unknown): Promise<unknown> {
  try {
    await committer.flush();
    return ended;
  } catch (error) {
    // That finished tiles are not committed after all matters more than why the run ended.
    return ended === undefined || ended instanceof AbortedError ? error : ended;
  }
}

/** Tells of the tiles that a limit has left. */
function reportLimit({ plan, queue, onEvent }: IngestRun): void {
  const by = queue.stoppedBy ?? (plan.left > 0 ? 'max-tiles' : undefined);
  if (by !== undefined) onEvent({ type: 'limited', at: now(), by, left: plan.left + queue.left });
}
