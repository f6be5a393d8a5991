import { selectSteps } from '../../dataset/toi.js';
import type { Roi } from '../../grid/roi.js';
import type { TileIndex } from '../../grid/tiling.js';
import { readLedger } from '../../store/smart-geocubes/loaded-list.js';
import { TileState } from '../../store/tiles/ledger.js';
import { ledgerOf, type OpenedCube } from '../opened-cube.js';
import { atSteps } from '../tiles.js';
import { type CubeView, type LoadOptions, planLoad, tilesOfPlan } from './load.js';
import { isLost } from './lost-chunks.js';

/** The cube as it is now: what is committed later is not seen. */
export async function viewOf({
  grid,
  dataset,
  timeAxis,
  repository,
}: OpenedCube): Promise<CubeView> {
  const session = await repository.readSession();
  const ledger = await readLedger(session.store, dataset);
  const lost = { session, ledger, dataset };
  return {
    ...{ grid, dataset, timeAxis, session },
    isMissing: async (index) => (await ledger.get(index)) === TileState.notLoaded,
    isLost: (index, names) => isLost(index, names, lost),
  };
}

/** The tiles that a load reads from and that are not loaded. */
export async function missingTiles(
  cube: OpenedCube,
  roi: Roi,
  options: LoadOptions,
): Promise<TileIndex[]> {
  const { grid, timeAxis } = cube;
  const ledger = await ledgerOf(cube);
  const missing: TileIndex[] = [];
  const tiles = tilesOfPlan(grid, planLoad(grid.geobox, roi, options), options.resampling);
  for (const index of atSteps(tiles, selectSteps(timeAxis, options.time)))
    if ((await ledger.get(index)) === TileState.notLoaded) missing.push(index);
  return missing;
}
