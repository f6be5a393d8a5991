/**
 * The first step of a tile's way: what is meant (a region, a list) and the ledger come in, planned tiles go
 * out, each with the requests that its pixels need. No pixel is fetched. Next on a tile's way: `ingest.ts`.
 */
import type { TimeSpan } from '../../dataset/period.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import { selectSteps } from '../../dataset/toi.js';
import { expected } from '../../errors.js';
import { tilesIn } from '../../grid/roi.js';
import { type Grid, type TileIndex, tileId } from '../../grid/tiling.js';
import { DoneTiles } from '../../store/tiles/done-tiles.js';
import { type Ledger, TileState } from '../../store/tiles/ledger.js';
import type { PixelRequest, PlannedTile, TileSource } from '../../tile.js';
import { changedAmong } from '../life/changed-tiles.js';
import { ledgerOf, type OpenedCube } from '../opened-cube.js';
import { cutTiles } from '../shards/cut-tiles.js';
import { checkShard, type Shard, shardWords } from '../shards/shard.js';
import { TileRuns } from '../state/tile-runs.js';
import { atSteps, type IngestTarget, isTileList, type TimeOptions, tilesMeant } from '../tiles.js';
import { checkRefresh, type IngestLimits } from './ingest-options.js';

/** What an ingest would do: arithmetic and the ledger, no pixels. */
export interface IngestPlan {
  /** Tiles in the region; those committed already; those to do. */
  readonly tiles: number;
  readonly alreadyLoaded: number;
  readonly pending: number;
  /** Tiles beyond the most that were to be done: another plan's. */
  readonly left: number;
  /** Requests that the pending tiles need, and their uncompressed bytes as the service counts them. */
  readonly requests: number;
  readonly bytes: number;
  /**
   * The pending tiles, made one at a time: one time step after the other, each in row-major order.
   * @param from the number of the first one in that order, from 0; @param to that of the first one after them
   */
  plannedTiles(from?: number, to?: number): Generator<PlannedTile>;
  /** At most `count` of the pending tiles, spread evenly over them. */
  sampleTiles(count: number): PlannedTile[];
  /** Of a shard: the others' tiles, which it takes over where nobody has begun them, or whoever did is gone. */
  readonly others?: OtherTiles;
}

/** What the other shards of a region have to do. */
export interface OtherTiles {
  /** All of them, loaded or not, in the order in which this shard would take them over. */
  plannedTiles(): Generator<PlannedTile>;
  /** The name of the block in which a tile lies, of this shard or another: what one process has at a time. */
  blockIdOf(index: TileIndex): string;
}

/** What planning needs of a source. */
export type TilePlanner = Pick<
  TileSource,
  'planRequests' | 'requestGeobox' | 'hasTile' | 'updates'
>;

/** Asks for each tile whether it is committed already. An answer at once saves time where tiles are many. */
export type IsLoaded = (index: TileIndex) => boolean | Promise<boolean>;

/** As `Cube.plan`. */
export async function planTarget(
  cube: OpenedCube,
  target: IngestTarget,
  source: TilePlanner,
  { time, maxTiles, shard, refreshBefore, ifChanged }: PlanOptions = {},
): Promise<IngestPlan> {
  checkShard(shard);
  checkRefresh({ refreshBefore, ifChanged });
  const isList = isTileList(target);
  if (isList && shard !== undefined)
    throw expected('none', 'the shard beside a list of tiles', shardWords(shard));
  const steps = selectSteps(cube.timeAxis, time);
  const inRegion = isList ? undefined : tilesWith(source, tilesIn(target, cube.grid));
  const cut =
    inRegion === undefined || shard === undefined
      ? undefined
      : cutTiles(cube, inRegion, steps, shard.count);
  const tiles = isList
    ? tilesMeant(target, cube, time)
    : cut !== undefined && shard !== undefined
      ? cut.indicesOf(shard.index)
      : atSteps(inRegion ?? [], steps);
  const ledger = await ledgerOf(cube);
  const whole = cube.mergesInto && (await ledgerOf(cube.mergesInto));
  const refresh =
    refreshBefore === undefined
      ? undefined
      : {
          tiles: await loadedAmong(tiles, ledger, cube.grid),
          store: (await cube.repository.readSession()).store,
        };
  const done = refresh && new DoneTiles(refresh.store, refreshBefore?.getTime(), ledger);
  const isLoaded = (index: TileIndex) => {
    if (done !== undefined) return done.isDone(index);
    if (whole !== undefined) return isInOneOf([ledger, whole], index);
    const known = ledger.peek(index);
    return known === undefined
      ? ledger.get(index).then((state) => state !== TileState.notLoaded)
      : known !== TileState.notLoaded;
  };
  const wanted =
    refresh !== undefined && ifChanged
      ? await changedAmong(refresh.tiles, { source, grid: cube.grid, store: refresh.store, steps })
      : (refresh?.tiles ?? tiles);
  const plan = await planIngest(cube.grid, wanted, source, isLoaded, steps, maxTiles);
  // Whoever limits a run to so many tiles means its own; of a store of its own, a shard sees nothing of the others'.
  const isAlone = maxTiles !== undefined || whole !== undefined;
  if (cut === undefined || shard === undefined || isAlone) return plan;
  const toPlanned = tilePlanner(cube.grid, source, steps);
  const others: OtherTiles = {
    *plannedTiles() {
      for (const block of cut.blocksOfOthers(shard.index)) yield* block.tiles.map(toPlanned);
    },
    blockIdOf: (index) => cut.blockIdOf(index),
  };
  return { ...plan, others };
}

async function isInOneOf(ledgers: readonly Ledger[], index: TileIndex): Promise<boolean> {
  for (const ledger of ledgers)
    if ((ledger.peek(index) ?? (await ledger.get(index))) !== TileState.notLoaded) return true;
  return false;
}

/** What a plan is made for, beside its region. */
export interface PlanOptions extends TimeOptions, Pick<IngestLimits, 'maxTiles'> {
  /** Which part of the region, where several processes share it. Default: all of it. */
  readonly shard?: Shard | undefined;
  /** Plans a refresh, as `IngestOptions.refreshBefore`. */
  readonly refreshBefore?: Date | undefined;
  /** As `IngestOptions.ifChanged`. */
  readonly ifChanged?: boolean | undefined;
}

/** A refresh leaves alone what is not loaded. */
async function loadedAmong(
  tiles: Iterable<TileIndex>,
  ledger: Ledger,
  { rows, cols }: Grid,
): Promise<TileRuns> {
  const loaded = new TileRuns(rows, cols);
  for (const index of tiles)
    if ((ledger.peek(index) ?? (await ledger.get(index))) !== TileState.notLoaded)
      loaded.add(index);
  return loaded;
}

/**
 * @param steps the time steps that the tiles are of; `undefined` in cubes without a time axis.
 * @param maxTiles to do at the most.
 */
export async function planIngest(
  grid: Grid,
  tiles: Iterable<TileIndex>,
  source: TilePlanner,
  isLoaded: IsLoaded,
  steps?: readonly TimeStep[],
  maxTiles = Number.POSITIVE_INFINITY,
): Promise<IngestPlan> {
  const pending = new TileRuns(grid.rows, grid.cols);
  let count = 0;
  let left = 0;
  let requests = 0;
  let bytes = 0;
  const costs = tileCosts(grid, source);
  for (const index of tiles) {
    count++;
    const answer = isLoaded(index);
    if (typeof answer === 'boolean' ? answer : await answer) continue;
    if (pending.count >= maxTiles) {
      left++;
      continue;
    }
    pending.add(index);
    const cost = costs(index);
    requests += cost.requests;
    bytes += cost.bytes;
  }
  const toPlanned = tilePlanner(grid, source, steps);
  return {
    tiles: count,
    alreadyLoaded: count - pending.count - left,
    pending: pending.count,
    left,
    requests,
    bytes,
    *plannedTiles(from = 0, to = pending.count) {
      for (const index of pending.between(from, to)) yield toPlanned(index);
    },
    sampleTiles(wanted) {
      const number = Math.min(wanted, pending.count);
      const chosen: PlannedTile[] = [];
      let at = 0;
      for (const index of pending) {
        // The middle of each of `number` equal parts.
        if (at === Math.floor(((chosen.length + 0.5) * pending.count) / number))
          chosen.push(toPlanned(index));
        if (chosen.length === number) break;
        at++;
      }
      return chosen;
    },
  };
}

/** Those of the tiles that the source has anything for; may be gone through again and again, as they may. */
export function tilesWith(source: TilePlanner, tiles: Iterable<TileIndex>): Iterable<TileIndex> {
  const { hasTile } = source;
  if (hasTile === undefined) return tiles;
  return {
    *[Symbol.iterator]() {
      for (const tile of tiles) if (hasTile.call(source, tile)) yield tile;
    },
  };
}

function tilePlanner(grid: Grid, source: TilePlanner, steps: readonly TimeStep[] | undefined) {
  const byIndex = new Map(steps?.map((step) => [step.index, step]));
  return (index: TileIndex) =>
    planTile(grid, index, source, index.t === undefined ? undefined : byIndex.get(index.t));
}

export function planTile(
  grid: Grid,
  index: TileIndex,
  source: TilePlanner,
  time?: TimeSpan,
): PlannedTile {
  const geobox = grid.tileGeoBox(index).toRecord();
  const requestGeobox = source.requestGeobox?.(geobox);
  return {
    state: 'planned',
    id: tileId(index),
    index,
    geobox,
    ...(requestGeobox === undefined ? {} : { requestGeobox }),
    ...(time === undefined ? {} : { time: { start: time.start, end: time.end } }),
    requests: source.planRequests(requestGeobox ?? geobox),
  };
}

/** A tile of full size, as it would be planned: what memory is planned for. */
export function largestTile(
  { grid }: Pick<OpenedCube, 'grid'>,
  source: TilePlanner,
): Pick<PlannedTile, 'requests'> {
  return planTile(grid, { row: 0, col: 0 }, source);
}

/**
 * Tiles come in at most four shapes (inside, last row, last column, corner), and cost depends on the
 * shape alone, unless pixels are asked for on another grid.
 */
export function tileCosts(grid: Grid, source: TilePlanner) {
  if (source.requestGeobox !== undefined)
    return (index: TileIndex) => costOf(planTile(grid, index, source).requests);
  const known: ReturnType<typeof costOf>[] = [];
  return (index: TileIndex) => {
    const shape = (index.row === grid.rows - 1 ? 2 : 0) + (index.col === grid.cols - 1 ? 1 : 0);
    known[shape] ??= costOf(source.planRequests(grid.tileGeoBox(index).toRecord()));
    return known[shape];
  };
}

function costOf(requests: readonly PixelRequest[]) {
  return {
    requests: requests.length,
    bytes: requests.reduce((sum, request) => sum + request.bytes, 0),
  };
}
