/** What is done once when all processes that fill a region have ended, however each of them did. */
import { selectSteps } from '../../dataset/toi.js';
import { AbortedError } from '../../errors.js';
import { type Roi, tilesIn } from '../../grid/roi.js';
import { type TileIndex, tileId } from '../../grid/tiling.js';
import { checkReportFolder } from '../../report/files.js';
import { settleClaims } from '../../store/sharing/tile-claims.js';
import { updateLedger, writeLoadedLists } from '../../store/smart-geocubes/loaded-list.js';
import { checkExtendable, ledgerOf, type OpenedCube } from '../opened-cube.js';
import type { ShardCut } from '../shards/cut.js';
import { cutTiles } from '../shards/cut-tiles.js';
import { checkShardCount } from '../shards/shard.js';
import type { TimeOptions } from '../tiles.js';
import type { MergedReport } from './merged-report.js';
import { TileState, walkStates } from './tile-states.js';
import { verifyRegion } from './verify.js';
import type { DamagedTile, VerifyReport } from './verify-tiles.js';

/** How `Cube.finalise` looks. */
export interface FinaliseOptions extends TimeOptions {
  /** Of how many shards the region was filled: then the report tells which of them lack tiles. */
  readonly shards?: number;
  /** Told of each tile that is not loaded, in row-major order of each time step. */
  readonly onMissing?: (tile: TileIndex) => void;
  /** Told of each tile whose chunks are not there. */
  readonly onDamage?: (tile: DamagedTile) => void;
  /** The folder of `ingestWithReport`, in which the shards have left theirs: one report over all of them goes into it. */
  readonly report?: string;
  /**
   * Told once where it has to be waited, because a process that left something may live still: of how many that is so,
   * and milliseconds.
   */
  readonly onWait?: (processes: number, ms: number) => void;
  readonly signal?: AbortSignal;
}

/** What became of a region, all shards together. */
export interface FinaliseReport
  extends Pick<VerifyReport, 'loaded' | 'empty' | 'damaged' | 'companions'> {
  /** Of the region, all of its time steps that are meant. */
  readonly tiles: number;
  readonly missing: number;
  /** Shards that lack tiles, counted from 0, and how many each; empty where nobody said how many shards there are. */
  readonly lacking: readonly { readonly shard: number; readonly tiles: number }[];
  /** Processes that fill the cube still, or may: what they hold was left. */
  readonly running: number;
  /** Where one report over all shards was asked for. */
  readonly report?: MergedReport;
}

/** As `Cube.finalise`. */
export async function finaliseRegion(
  cube: OpenedCube,
  roi: Roi,
  { time, shards, onMissing, onDamage, report: folder, onWait, signal }: FinaliseOptions,
): Promise<FinaliseReport> {
  checkExtendable(cube);
  if (shards !== undefined) checkShardCount(shards);
  if (folder !== undefined) await checkReportFolder(folder);
  const { repository, dataset, codec, grid, timeAxis } = cube;
  const steps = selectSteps(timeAxis, time);
  const running = await settleClaims(repository, { signal, onWait });
  await updateLedger(repository, dataset, codec);
  await writeLoadedLists(repository, dataset);
  const verified = await verifyRegion(cube, roi, {
    quick: true,
    ...(time === undefined ? {} : { time }),
    ...(onDamage === undefined ? {} : { onDamage }),
    ...(signal === undefined ? {} : { signal }),
  });
  const { tiles, loaded, empty, damaged, companions } = verified;
  const missing = new Set<string>();
  const states =
    verified.notLoaded === 0 ? [] : walkStates(await ledgerOf(cube), tilesIn(roi, grid), steps);
  for await (const { state, ...index } of states) {
    if (signal?.aborted) throw new AbortedError('The look at what is missing was stopped.');
    if (state !== TileState.notLoaded) continue;
    missing.add(tileId(index));
    onMissing?.(index);
  }
  const lacking =
    shards === undefined || missing.size === 0
      ? []
      : [...lackingIn(cutTiles(cube, tilesIn(roi, grid), steps, shards), missing)];
  const report = {
    tiles,
    loaded,
    empty,
    missing: missing.size,
    damaged,
    companions,
    lacking,
    running,
  };
  if (folder === undefined) return report;
  const { mergeReports } = await import('./merged-report.js');
  const region = { roi, steps, shards, tiles, damaged, missing };
  return { ...report, report: await mergeReports(cube, folder, region) };
}

function* lackingIn(cut: ShardCut, missing: ReadonlySet<string>) {
  for (let shard = 0; shard < cut.count; shard++) {
    let tiles = 0;
    for (const index of cut.indicesOf(shard)) if (missing.has(tileId(index))) tiles++;
    if (tiles > 0) yield { shard, tiles };
  }
}
