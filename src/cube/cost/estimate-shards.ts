/** What each of several processes has to do of a region, and how long it takes them together under one quota. */

import { selectSteps } from '../../dataset/toi.js';
import { DEFAULT_CEILING } from '../../earth-engine/adaptive-limiter.js';
import { type Roi, tilesIn } from '../../grid/roi.js';
import { TileState } from '../../store/tiles/ledger.js';
import { type TilePlanner, tileCosts, tilesWith } from '../fill/plan.js';
import { ledgerOf, type OpenedCube } from '../opened-cube.js';
import { cutTiles } from '../shards/cut-tiles.js';
import { partRoundedUp } from '../shards/share.js';
import type { TimeOptions } from '../tiles.js';

/** What one shard has to do. */
export interface ShardCost {
  /** From 0. */
  readonly index: number;
  /** Tiles in all, and those of them that are loaded. */
  readonly tiles: number;
  readonly alreadyLoaded: number;
  readonly pending: number;
  /** That the pending tiles need, and their uncompressed bytes as the service counts them. */
  readonly requests: number;
  readonly serviceBytes: number;
}

/** What several processes have to do, each with one shard, under the quota of one project. */
export interface ShardsEstimate {
  readonly count: number;
  /** Requests that each may have in flight: its part of those of all together, rounded up. */
  readonly concurrency: number;
  /**
   * Seconds that all of them together take, where a rate is given or was measured. More processes make more of
   * machines and networks, not of the quota, which they share: where one process alone is held up by the service, they
   * take as long as it does (`most`); where by its machine, each of `count` parts as long as it has tiles (`least`), but
   * never less than the requests take at the quota's number a second.
   */
  readonly time?: {
    readonly leastSeconds: number;
    readonly mostSeconds: number;
    readonly basis: 'rate' | 'sampled';
  };
  /** In their order. */
  readonly each: readonly ShardCost[];
}

/** How a region is cut. */
export interface ShardsBasis extends TimeOptions {
  readonly shards: number;
  /** Of all shards together. */
  readonly concurrency?: number | undefined;
}

/** Of an `IngestEstimate`, what shards have in common. */
interface WholeEstimate {
  readonly pending: number;
  readonly time?: { readonly seconds: number; readonly basis: 'rate' | 'sampled' };
  readonly quota: { readonly leastSeconds: number };
}

/** @param whole the estimate for one process that has all of the region */
export async function estimateShards(
  cube: OpenedCube,
  roi: Roi,
  planner: TilePlanner,
  whole: WholeEstimate,
  { shards: count, time, concurrency = DEFAULT_CEILING }: ShardsBasis,
): Promise<ShardsEstimate> {
  const { grid, timeAxis } = cube;
  const steps = selectSteps(timeAxis, time);
  const cut = cutTiles(cube, tilesWith(planner, tilesIn(roi, grid)), steps, count);
  const ledger = await ledgerOf(cube);
  const costOf = tileCosts(grid, planner);
  const each: ShardCost[] = [];
  for (let index = 0; index < count; index++) {
    let [pending, requests, serviceBytes] = [0, 0, 0];
    for (const tile of cut.indicesOf(index)) {
      const state = ledger.peek(tile) ?? (await ledger.get(tile));
      if (state !== TileState.notLoaded) continue;
      const cost = costOf(tile);
      pending++;
      requests += cost.requests;
      serviceBytes += cost.bytes;
    }
    const tiles = cut.tilesOf(index);
    each.push({ index, tiles, alreadyLoaded: tiles - pending, pending, requests, serviceBytes });
  }
  const seconds = togetherIn(whole, count);
  return {
    count,
    concurrency: partRoundedUp({ count }, concurrency),
    ...(seconds === undefined ? {} : { time: seconds }),
    each,
  };
}

/** Whoever is done takes over what others have not begun, so that the slowest part does not set the time. */
function togetherIn(
  { time, pending, quota }: WholeEstimate,
  count: number,
): ShardsEstimate['time'] {
  if (time === undefined) return undefined;
  const mostSeconds = Math.max(time.seconds, quota.leastSeconds);
  // No process has less than a tile.
  const parts = Math.max(Math.min(count, pending), 1);
  return {
    leastSeconds: Math.max(time.seconds / parts, quota.leastSeconds),
    mostSeconds,
    basis: time.basis,
  };
}
