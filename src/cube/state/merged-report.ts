/** One report over all shards of a region. */
import type { TimeStep } from '../../dataset/time-axis.js';
import { type Roi, tilesIn } from '../../grid/roi.js';
import type { TileIndex } from '../../grid/tiling.js';
import { mergeRecords, writeMergedReport } from '../../report/merged/files.js';
import type { LeftOut } from '../../report/merged/merge.js';
import { ledgerOf, type OpenedCube } from '../opened-cube.js';
import { drawRegionMap, regionWords, timeWords } from './region-map.js';
import { walkStates } from './tile-states.js';

/** What the reports of shards came to. */
export interface MergedReport {
  /** Path of the page over all of them. */
  readonly page: string;
  /** Of how many shards there is a report, of how many runs, and on how many hosts. */
  readonly shards: number;
  readonly runs: number;
  readonly hosts: number;
  /** Shards without one, counted from 0. */
  readonly without: readonly number[];
  /** Files within the folder that could not be read, and those of another region, time or cut. */
  readonly damaged: readonly LeftOut[];
  readonly others: readonly LeftOut[];
}

/** What is known of the region that shards filled. */
export interface MergedRegion {
  readonly roi: Roi;
  readonly steps: readonly TimeStep[] | undefined;
  readonly shards: number | undefined;
  readonly tiles: number;
  readonly damaged: number;
  /** Ids of the tiles that are not loaded: those that a shard has tried are shown as failed. */
  readonly missing: ReadonlySet<string>;
}

/** Merges the reports that shards have left in a folder. @throws {StoreError} where it cannot be written. */
export async function mergeReports(
  cube: OpenedCube,
  folder: string,
  { roi, steps, shards, tiles, missing, damaged }: MergedRegion,
): Promise<MergedReport> {
  const failed = new Map<string, TileIndex>();
  const subject = {
    dataset: cube.dataset.title,
    region: regionWords(roi),
    time: steps && timeWords(steps),
    count: shards,
  };
  const record = await mergeRecords(folder, subject, ({ tile, index }) => {
    if (index !== undefined && missing.has(tile)) failed.set(tile, index);
  });
  const ledger = await ledgerOf(cube);
  const { grid, dataset } = cube;
  const map = await drawRegionMap({
    ...{ grid, title: dataset.title, region: roi, steps, failed: failed.values() },
    statesAt: (step) => walkStates(ledger, tilesIn(grid.geobox, grid), step && [step]),
  }).catch(() => undefined);
  const page = await writeMergedReport(folder, record, {
    ...{ tiles, damaged, missing: missing.size },
    ...(map === undefined ? {} : { map }),
  });
  return {
    page,
    shards: record.shards.length,
    runs: record.runs.length,
    hosts: record.hosts.length,
    without: record.without,
    damaged: record.damaged,
    others: record.others,
  };
}
