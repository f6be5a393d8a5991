import { selectSteps } from '../../dataset/toi.js';
import { expected } from '../../errors.js';
import { tilesIn } from '../../grid/roi.js';
import type { Pool } from '../../pool/pool.js';
import { readLedger, updateLedger } from '../../store/smart-geocubes/loaded-list.js';
import { reopenTiles } from '../../store/tiles/reopen-tiles.js';
import { checkExtendable, type OpenedCube } from '../opened-cube.js';
import { LevelCheck } from '../overviews/level-check.js';
import { mendLevels } from '../overviews/mend.js';
import { overviewState } from '../overviews/stale.js';
import { cutTiles } from '../shards/cut-tiles.js';
import { checkShard, type Shard, shardWords } from '../shards/shard.js';
import { type IngestTarget, isTileList, type TimeOptions, tilesMeant } from '../tiles.js';
import { CompanionCheck, mendCompanions } from './companions.js';
import { TileRuns } from './tile-runs.js';
import { type DamagedTile, type VerifyReport, verifyTiles } from './verify-tiles.js';

/** How `Cube.verify` checks. */
export interface VerifyOptions extends TimeOptions {
  /** Checks whether chunks are there, and does not decode them. Default: false. */
  readonly quick?: boolean;
  /** Reopens what is damaged, so that the next ingest fetches it, and mends what lies beside. Default: false. */
  readonly repair?: boolean;
  /**
   * Which part of the region, where several processes check it: the same cut as that of `Cube.ingest` of the same region
   * and time. Nothing is taken over. Default: all of it.
   */
  readonly shard?: Shard | undefined;
  /** Decodes chunks in its threads. Default: this thread alone. */
  readonly pool?: Pool | undefined;
  /** Told of each damaged tile as it is found, in the order of the tiles. */
  readonly onDamage?: (tile: DamagedTile) => void;
  /** Told now and then how many tiles have been looked at. */
  readonly onProgress?: (checked: number) => void;
  readonly signal?: AbortSignal;
}

/** As `Cube.verify`. */
export async function verifyRegion(
  cube: OpenedCube,
  target: IngestTarget,
  { quick = false, repair = false, pool, onDamage, onProgress, signal, time, shard }: VerifyOptions,
): Promise<VerifyReport> {
  if (repair) checkExtendable(cube);
  checkShard(shard);
  const { repository, dataset, grid, timeAxis, codec } = cube;
  if (shard !== undefined && isTileList(target))
    throw expected('none', 'the shard beside a list of tiles', shardWords(shard));
  const tiles =
    shard === undefined || isTileList(target)
      ? tilesMeant(target, cube, time)
      : cutTiles(cube, tilesIn(target, grid), selectSteps(timeAxis, time), shard.count).indicesOf(
          shard.index,
        );
  const session = await repository.readSession();
  const damaged = new TileRuns(grid.rows, grid.cols);
  const beside = new CompanionCheck(cube, session);
  const levels = await LevelCheck.open(cube, session, { quick, pool });
  const report = await verifyTiles({
    session,
    ledger: await readLedger(session.store, dataset),
    dataset,
    tiles,
    quick,
    pool,
    onDamage: (tile) => {
      damaged.add(tile.index);
      onDamage?.(tile);
    },
    onTile: onProgress,
    beside: async (index) => {
      await beside.tile(index);
      await levels.tile(index);
    },
    signal,
  });
  // What all shards share is the first one's to tell.
  const isFirst = shard === undefined || shard.index === 0;
  const others = await beside.damaged(isFirst);
  const ofLevels = await levels.damaged(isFirst);
  const companions = [...others, ...ofLevels.map(({ path, message }) => ({ path, message }))];
  const found = { ...report, levelChunks: levels.chunks, companions };
  if (!repair) return { ...found, repaired: 0, companionsMended: 0 };
  // First: no commit that touches a record that cannot be read can be made.
  const companionsMended =
    (await mendCompanions(cube, others)) + (await mendLevels(cube, ofLevels, pool));
  if (damaged.count > 0) {
    await updateLedger(repository, dataset, codec);
    const message = `Reopen ${damaged.count} damaged ${damaged.count === 1 ? 'tile' : 'tiles'}`;
    await reopenTiles(repository, dataset, damaged, message);
  }
  const overviews = ofLevels.length === 0 ? {} : { overviewsStale: await staleTiles(cube) };
  return { ...found, repaired: damaged.count, companionsMended, ...overviews };
}

async function staleTiles(cube: OpenedCube): Promise<number> {
  return (await overviewState(cube, tilesMeant(cube.grid.geobox, cube, undefined))).stale;
}
