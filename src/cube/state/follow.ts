/** How far a region has come that others fill, wherever they run: looked at again and again, by its ledger alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { selectSteps } from '../../dataset/toi.js';
import {
  AbortedError,
  type ErrorRecord,
  StoreError,
  toRecord,
  withoutStack,
} from '../../errors.js';
import { type Roi, tilesIn } from '../../grid/roi.js';
import { now } from '../../machine/clock.js';
import { explainS3 } from '../../store/remote/s3-probe.js';
import type { Commit } from '../../store/session.js';
import { readLedger } from '../../store/smart-geocubes/loaded-list.js';
import { parseStorage } from '../../store/storage-url.js';
import { type Ledger, TileState } from '../../store/tiles/ledger.js';
import { openCube } from '../open.js';
import type { OpenedCube } from '../opened-cube.js';
import type { ShardCut } from '../shards/cut.js';
import { cutTiles } from '../shards/cut-tiles.js';
import { checkShardCount } from '../shards/shard.js';
import type { TimeOptions } from '../tiles.js';
import { countStates } from './tile-states.js';

/** What is followed, and how often it is looked at. */
export interface FollowOptions extends TimeOptions {
  /** Path or URL of the cube. */
  readonly storage: string;
  /** Default: the whole cube. */
  readonly roi?: Roi | undefined;
  /** Of how many shards the region is filled: then each of them is counted. */
  readonly shards?: number | undefined;
  /** Milliseconds between two looks, while something changes. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** Default: `Cube.open`. */
  readonly open?: () => Promise<OpenedCube>;
  /** Default: this machine's. */
  readonly clock?: FollowClock;
}

/** Milliseconds, and a wait that ends early when the signal fires. */
export interface FollowClock {
  now(): number;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** What one look has found. */
export interface FollowedState {
  readonly type: 'state';
  /** Milliseconds since 1970, by the clock of whoever looks, as all that is timed here. */
  readonly at: number;
  /** Whether something is new since the look before. */
  readonly isChanged: boolean;
  /** When something was new last. */
  readonly changedAt: number;
  /** Of the region, all of its time steps that are meant. */
  readonly tiles: number;
  readonly loaded: number;
  readonly empty: number;
  readonly missing: number;
  /** Tiles that were committed in a second over the last {@link RATE_WINDOW_MS}; absent as long as none were. */
  readonly perSecond?: number;
  /** Until all are loaded, at that rate. */
  readonly secondsLeft?: number;
  /** The newest; absent for a plain Zarr directory, which keeps none. */
  readonly commit?: Commit;
  /** Counted from 0; `loaded` with the empty ones. */
  readonly shards?: readonly {
    readonly shard: number;
    readonly tiles: number;
    readonly loaded: number;
  }[];
}

const MACHINE: FollowClock = {
  now,
  wait: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
};

export type FollowEvent =
  | FollowedState
  /** The store does not answer; it is looked at again after `delayMs`. */
  | {
      readonly type: 'away';
      readonly at: number;
      readonly delayMs: number;
      readonly error: ErrorRecord;
    };

/** Commits come in groups of tiles: over minutes they make a rate. */
export const RATE_WINDOW_MS = 300_000;

/** Looks that find nothing new before the next ones come less and less often, at most a minute apart. */
const PATIENT_LOOKS = 3;
const LONGEST_WAIT_MS = 60_000;

/** A look may take a tenth of the time: large ledgers are looked at less often. */
const WAIT_PER_LOOK = 9;

const FIRST_AWAY_MS = 2_000;

interface Counts extends Pick<FollowedState, 'tiles' | 'loaded' | 'empty' | 'missing' | 'shards'> {
  readonly commit?: Commit;
  readonly version: string | undefined;
}

/**
 * Looks until all of the region is loaded. A look asks for the newest snapshot, and reads the ledger where that is
 * another one than before.
 *
 * @throws {AbortedError} when the signal fires; {@link StoreError} for a store that answers, and has no such cube.
 */
export async function* follow(options: FollowOptions): AsyncGenerator<FollowEvent> {
  const { clock = MACHINE, signal, intervalMs, storage, shards } = options;
  if (shards !== undefined) checkShardCount(shards);
  const location = parseStorage(storage);
  const region = new FollowedRegion(options);
  const rate = new Rate();
  let known: Counts | undefined;
  let changedAt = clock.now();
  let awayMs = FIRST_AWAY_MS;
  for (let unchanged = 0; ; ) {
    if (signal.aborted) throw new AbortedError('The watch was ended.');
    const began = clock.now();
    const found = await region
      .look(known)
      .catch((error: unknown) => explainS3(location, error, 'read'));
    const at = clock.now();
    if (!isCounts(found)) {
      if (!(found instanceof StoreError && found.isAway)) throw found;
      yield { type: 'away', at, delayMs: awayMs, error: withoutStack(toRecord(found)) };
      await clock.wait(awayMs, signal);
      awayMs = Math.min(2 * awayMs, LONGEST_WAIT_MS);
      continue;
    }
    awayMs = FIRST_AWAY_MS;
    const isChanged = known === undefined || !isSame(known, found);
    known = found;
    if (isChanged) [changedAt, unchanged] = [at, 0];
    else unchanged++;
    const { version: _, ...counts } = found;
    const perSecond = rate.add(at, found.loaded + found.empty);
    yield {
      ...{ type: 'state', at, isChanged, changedAt, ...counts },
      ...(perSecond === undefined ? {} : { perSecond, secondsLeft: found.missing / perSecond }),
    };
    if (found.missing === 0) return;
    const longer = 2 ** Math.max(unchanged - PATIENT_LOOKS, 0);
    const patient = Math.min(intervalMs * longer, Math.max(LONGEST_WAIT_MS, intervalMs));
    await clock.wait(Math.max(patient, (at - began) * WAIT_PER_LOOK), signal);
  }
}

/** Of a plain Zarr directory there is no version to tell by. */
function isSame(one: Counts, other: Counts): boolean {
  return one.version === other.version && one.loaded === other.loaded && one.empty === other.empty;
}

function isCounts(found: unknown): found is Counts {
  return typeof found === 'object' && found !== null && 'missing' in found;
}

/** The region of a cube that is opened at the first look that finds it. */
class FollowedRegion {
  #cube: OpenedCube | undefined;
  #cut: ShardCut | undefined;

  constructor(private readonly options: FollowOptions) {}

  async look(known: Counts | undefined): Promise<Counts> {
    const { storage, open = () => openCube(storage) } = this.options;
    this.#cube ??= await open();
    const { repository, dataset } = this.#cube;
    const { store, version } = await repository.readSession();
    if (version !== undefined && version === known?.version) return known;
    const counts = await this.#count(this.#cube, await readLedger(store, dataset));
    const commit = version === undefined ? undefined : await repository.versions.find(version);
    return { ...counts, version, ...(commit === undefined ? {} : { commit }) };
  }

  async #count(cube: OpenedCube, ledger: Ledger): Promise<Omit<Counts, 'version' | 'commit'>> {
    const { roi = cube.grid.geobox, time, shards: count } = this.options;
    const steps = selectSteps(cube.timeAxis, time);
    if (count !== undefined) {
      this.#cut ??= cutTiles(cube, tilesIn(roi, cube.grid), steps, count);
      return countShards(ledger, this.#cut);
    }
    const sum = { tiles: 0, loaded: 0, empty: 0, missing: 0 };
    for (const { loaded, empty, missing } of await countStates(
      ledger,
      tilesIn(roi, cube.grid),
      steps,
    )) {
      sum.tiles += loaded + empty + missing;
      sum.loaded += loaded;
      sum.empty += empty;
      sum.missing += missing;
    }
    return sum;
  }
}

async function countShards(ledger: Ledger, cut: ShardCut) {
  const byState = [0, 0, 0];
  const shards: { shard: number; tiles: number; loaded: number }[] = [];
  for (let shard = 0; shard < cut.count; shard++) {
    let loaded = 0;
    for (const index of cut.indicesOf(shard)) {
      const state = ledger.peek(index) ?? (await ledger.get(index));
      byState[state] = (byState[state] ?? 0) + 1;
      if (state !== TileState.notLoaded) loaded++;
    }
    shards.push({ shard, tiles: cut.tilesOf(shard), loaded });
  }
  const [missing = 0, loaded = 0, empty = 0] = byState;
  return { tiles: cut.tiles, loaded, empty, missing, shards };
}

/** Tiles a second, from what was seen when. */
class Rate {
  readonly #seen: { readonly at: number; readonly done: number }[] = [];

  /** @returns `undefined` where there were no more lately than before. */
  add(at: number, done: number): number | undefined {
    const seen = this.#seen;
    if (seen.at(-1)?.done !== done) seen.push({ at, done });
    const from = at - RATE_WINDOW_MS;
    // The last one before the window tells how many there were when it began.
    while ((seen[1]?.at ?? at) <= from) seen.shift();
    const first = seen[0];
    if (first === undefined) return undefined;
    const seconds = (at - Math.max(first.at, from)) / 1000;
    return done > first.done && seconds > 0 ? (done - first.done) / seconds : undefined;
  }
}
