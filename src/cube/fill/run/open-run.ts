import type { Dataset } from '../../../dataset/dataset.js';
import { toRecord, withoutStack } from '../../../errors.js';
import { now } from '../../../machine/clock.js';
import type { OnEvent } from '../../../observe/events.js';
import type { Tally } from '../../../observe/summary.js';
import { Gate } from '../../../pool/gate.js';
import type { Pool } from '../../../pool/pool.js';
import { LentMemory } from '../../../raster/lent-memory.js';
import { NewestLedger } from '../../../store/sharing/newest-ledger.js';
import { areExclusive, openClaims } from '../../../store/sharing/tile-claims.js';
import { Committer, type CommitterOptions } from '../../../store/tiles/committer.js';
import type { EncodedTile, FailedTile, PlannedTile, TileSource } from '../../../tile.js';
import type { OpenedCube } from '../../opened-cube.js';
import type { IngestOptions } from '../ingest-options.js';
import type { IngestPlan } from '../plan.js';
import { type BandsRecipe, recipesOf } from '../recipe.js';
import { ClaimReleases } from './claim-releases.js';
import { MemoryBudget } from './memory-budget.js';
import type { MemoryPlan } from './memory-plan.js';
import { DEFAULT_MAX_OUTAGE_MS, Outage } from './outage.js';
import { TileQueue } from './tile-queue.js';

/** How old what is known of other shards' tiles may be, before one is claimed. */
const RECENT_MS = 5_000;

/** What the tiles of one run share. */
export interface IngestRun {
  readonly plan: IngestPlan;
  readonly dataset: Dataset;
  readonly source: TileSource;
  readonly pool: Pool;
  /** Done when its threads are known to be able to write this cube. */
  readonly checked: Promise<void>;
  /** By type of the bands. */
  readonly recipes: readonly BandsRecipe[];
  /** Memory for encoded chunks, until they are written. */
  readonly frames: LentMemory;
  /** How memory is shared out. */
  readonly memory: MemoryPlan;
  /** What tiles, or groups of their bands, share of it. */
  readonly budget: MemoryBudget;
  /** For bands that come in groups: those that are processed and written, one for each thread and one more. */
  readonly places: Gate;
  /** Tiles under way at a time. */
  readonly lanes: number;
  /** Hands out the tiles. */
  readonly queue: TileQueue;
  /** Waits while the service is away. */
  readonly outage: Outage;
  /** Writes and commits. */
  readonly committer: Committer;
  readonly releases: ClaimReleases;
  /** Milliseconds that service and store may be away. */
  readonly maxOutageMs: number;
  readonly onEvent: OnEvent;
  /** Ends the run from within; `signal` is that, and the caller's own. */
  readonly stop: AbortController;
  readonly signal: AbortSignal;
  /** Whether the caller has ended it. */
  isAborted(): boolean;
  /** The memory of chunks that are written. */
  giveBack(tile: EncodedTile): void;
}

/** Takes one tile through its stages; how it failed, if it did. */
export type Advance = (tile: PlannedTile, run: IngestRun) => Promise<FailedTile | undefined>;

export async function openRun(
  cube: OpenedCube,
  plan: IngestPlan,
  memory: MemoryPlan,
  options: IngestOptions & Pick<IngestRun, 'checked'>,
  tally: Tally,
  advance: Advance,
): Promise<IngestRun> {
  const onEvent: OnEvent = (event) => {
    tally.add(event);
    options.onEvent?.(event);
  };
  const { source, pool, checked, maxOutageMs = DEFAULT_MAX_OUTAGE_MS } = options;
  const stop = new AbortController();
  const signal =
    options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  const repository = cube.repository.patient({
    maxOutageMs,
    onWait: (cause, delayMs, endsAt) => {
      const error = withoutStack(toRecord(cause));
      onEvent({ type: 'waiting', at: now(), delayMs, endsAt, error });
    },
    signal,
  });
  const refreshBefore = options.refreshBefore?.getTime();
  const claims = openClaims(repository, { blockIdOf: plan.others?.blockIdOf, refreshBefore });
  const others =
    plan.others !== undefined && (await areExclusive(claims, repository)) ? plan.others : undefined;
  if (plan.others !== undefined && others === undefined)
    onEvent({ type: 'no-takeover', at: now() });
  const recent = new NewestLedger(repository, RECENT_MS, refreshBefore);
  const releases = new ClaimReleases(claims);
  const committer = new Committer(
    repository,
    cube.dataset,
    committerOptions(options, releases, onEvent),
  );
  const queue = new TileQueue({
    plan,
    claims,
    maxBytes: options.maxBytes,
    until: options.until,
    others: others && { ...others, isLoaded: (index) => recent.isLoaded(index) },
    onLoadedElsewhere: ({ id }) => onEvent({ type: 'loaded-elsewhere', at: now(), tile: id }),
    onTakenOver: ({ id, requests }) =>
      onEvent({ type: 'taken-over', at: now(), tile: id, requests: requests.length }),
    onIdle: () => committer.flush(),
    signal,
  });
  const outage = new Outage({
    maxOutageMs,
    onEvent,
    attempt: (tile) => advance(tile, run),
    putBack: (lost) => queue.putBack(lost),
    fail: ({ id }, failure) => {
      onEvent({ type: 'failed', at: now(), failure });
      if (plan.others === undefined) releases.add([id]);
      else releases.giveUp(id);
    },
    signal,
  });
  const frames = new LentMemory();
  const run: IngestRun = {
    ...{ plan, dataset: cube.dataset, source, pool, checked, queue, outage, committer, releases },
    memory,
    budget: new MemoryBudget(memory.capacity),
    places: new Gate(pool.size + 1),
    recipes: recipesOf(cube.dataset, cube.codec, source),
    frames,
    lanes:
      others === undefined
        ? Math.min(memory.tilesInFlight, Math.max(plan.pending, 1))
        : memory.tilesInFlight,
    ...{ maxOutageMs, onEvent, stop, signal },
    isAborted: () => options.signal?.aborted === true,
    giveBack: ({ chunks }) => {
      for (const { bytes } of chunks) if (bytes !== undefined) frames.giveBack(bytes);
    },
  };
  return run;
}

/** Whoever commits a tile gives up its claim, and tells. */
function committerOptions(
  { source, groupSize, maxCommitDelayMs, refreshBefore }: IngestOptions,
  releases: ClaimReleases,
  onEvent: OnEvent,
): CommitterOptions {
  return {
    origin: source.origin ?? { name: 'unnamed source' },
    sourceUpdatedAt: () => source.updatedAt?.(),
    refreshBefore: refreshBefore?.getTime(),
    ...(groupSize === undefined ? {} : { groupSize }),
    ...(maxCommitDelayMs === undefined ? {} : { maxDelayMs: maxCommitDelayMs }),
    onCommit: (tiles, ms, lostRaces) => {
      const [first] = tiles;
      if (first === undefined) return;
      const ids = tiles.map(({ id }) => id);
      releases.add(ids);
      const { snapshot } = first;
      const lost = lostRaces === 0 ? {} : { lostRaces };
      onEvent({ type: 'committed', at: now(), tiles: ids, snapshot, ms, ...lost });
    },
    onLoadedElsewhere: (ids) => {
      releases.add(ids);
      for (const tile of ids) onEvent({ type: 'loaded-elsewhere', at: now(), tile });
    },
  };
}
