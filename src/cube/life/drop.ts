/** Tiles taken out of a cube. */
import { updateLedger } from '../../store/smart-geocubes/loaded-list.js';
import { TileState } from '../../store/tiles/ledger.js';
import { reopenTiles } from '../../store/tiles/reopen-tiles.js';
import { checkExtendable, ledgerOf, type OpenedCube } from '../opened-cube.js';
import { TileRuns } from '../state/tile-runs.js';
import { walkStates } from '../state/tile-states.js';
import { type IngestTarget, type TimeOptions, tilesMeant } from '../tiles.js';

/** What is taken out, and whether it is done. */
export interface DropOptions extends TimeOptions {
  /** Tells what would be taken out, and changes nothing. Default: false. */
  readonly dryRun?: boolean;
}

/** What was taken out, or would be. */
export interface DropReport {
  /** In the region, at all of the steps that are meant; or in the list. */
  readonly tiles: number;
  /** Those that were loaded, with pixels and without: none of them is now. */
  readonly loaded: number;
  readonly empty: number;
  /** The id of the commit; empty where nothing was changed, and for a plain Zarr directory. */
  readonly snapshot: string;
}

/** As `Cube.drop`. */
export async function dropTiles(
  cube: OpenedCube,
  target: IngestTarget,
  { time, dryRun = false }: DropOptions,
): Promise<DropReport> {
  checkExtendable(cube);
  const { repository, dataset, codec, grid } = cube;
  const tiles = tilesMeant(target, cube, time);
  const dropped = new TileRuns(grid.rows, grid.cols);
  const count = { tiles: 0, loaded: 0, empty: 0 };
  for await (const { state, ...index } of walkStates(await ledgerOf(cube), tiles, undefined)) {
    count.tiles++;
    if (state === TileState.notLoaded) continue;
    count[state === TileState.empty ? 'empty' : 'loaded']++;
    dropped.add(index);
  }
  if (dryRun || dropped.count === 0) return { ...count, snapshot: '' };
  await updateLedger(repository, dataset, codec);
  const message = `Drop ${dropped.count} ${dropped.count === 1 ? 'tile' : 'tiles'}`;
  return { ...count, snapshot: await reopenTiles(repository, dataset, dropped, message) };
}
