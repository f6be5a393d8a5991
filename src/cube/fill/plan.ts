import type { TimeSpan } from '../../dataset/period.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import type { Grid, TileIndex } from '../../grid/tiling.js';
import { tileId } from '../../grid/tiling.js';
import type { PixelRequest, PlannedTile, TileSource } from '../../tile.js';
import { TileRuns } from '../state/tile-runs.js';

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
  /** The pending tiles, made one at a time: one time step after the other, each in row-major order. */
  plannedTiles(): Generator<PlannedTile>;
  /** At most `count` of the pending tiles, spread evenly over them. */
  sampleTiles(count: number): PlannedTile[];
}

/** What planning needs of a source. */
export type TilePlanner = Pick<TileSource, 'planRequests' | 'requestGeobox' | 'hasTile'>;

/** Asks for each tile whether it is committed already. An answer at once saves time where tiles are many. */
export type IsLoaded = (index: TileIndex) => boolean | Promise<boolean>;

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
  const byIndex = new Map(steps?.map((step) => [step.index, step]));
  const toPlanned = (index: TileIndex) =>
    planTile(grid, index, source, index.t === undefined ? undefined : byIndex.get(index.t));
  return {
    tiles: count,
    alreadyLoaded: count - pending.count - left,
    pending: pending.count,
    left,
    requests,
    bytes,
    *plannedTiles() {
      for (const index of pending) yield toPlanned(index);
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

/**
 * The tiles at each time step, one step after the other, so that what is committed together lies in one.
 *
 * @param tiles are gone through once for each step.
 */
export function* atSteps(
  tiles: Iterable<TileIndex>,
  steps: readonly TimeStep[] | undefined,
): Generator<TileIndex> {
  if (steps === undefined) yield* tiles;
  else for (const { index: t } of steps) for (const { row, col } of tiles) yield { t, row, col };
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

/**
 * Tiles come in at most four shapes (inside, last row, last column, corner), and cost depends on the
 * shape alone, unless pixels are asked for on another grid.
 */
function tileCosts(grid: Grid, source: TilePlanner) {
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
