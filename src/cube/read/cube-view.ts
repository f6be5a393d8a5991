import { selectSteps } from '../../dataset/toi.js';
import { expected } from '../../errors.js';
import type { Roi } from '../../grid/roi.js';
import type { TileIndex } from '../../grid/tiling.js';
import type { Pool } from '../../pool/pool.js';
import type { Session } from '../../store/session.js';
import { readLedger } from '../../store/smart-geocubes/loaded-list.js';
import { type Ledger, TileState } from '../../store/tiles/ledger.js';
import type { TileSource } from '../../tile.js';
import { ledgerOf, type OpenedCube } from '../opened-cube.js';
import { chooseLevel } from '../overviews/choose.js';
import { atSteps } from '../tiles.js';
import { bandNames } from './band-names.js';
import {
  type CubeView,
  DEFAULT_RESAMPLING,
  type LoadOptions,
  planLoad,
  tilesOfPlan,
} from './load.js';
import { isLost } from './lost-chunks.js';

/** Fetches tiles and commits them. */
export interface FetchesTiles {
  ensure(
    tiles: readonly TileIndex[],
    means: { readonly source: TileSource; readonly pool: Pool },
    signal?: AbortSignal,
  ): Promise<void>;
}

/**
 * The cube as a load sees it: tiles that it needs and that are not loaded yet are fetched first, where there is a
 * source; what is committed later is not seen.
 */
export async function viewFor(
  cube: OpenedCube,
  roi: Roi,
  options: LoadOptions,
  loader: FetchesTiles,
): Promise<CubeView> {
  // Before anything is fetched or read.
  selectSteps(cube.timeAxis, options.time);
  const { source, pool, signal } = options;
  if (source !== undefined) {
    if (pool === undefined)
      throw expected('a pool', 'loading from a source', 'none', 'Make one with createPool().');
    const missing = await missingTiles(cube, roi, options);
    if (missing.length > 0) await loader.ensure(missing, { source, pool }, signal);
  }
  return viewOf(cube, roi, options);
}

async function viewOf(cube: OpenedCube, roi: Roi, options: LoadOptions): Promise<CubeView> {
  const session = await cube.repository.readSession();
  const ledger = await readLedger(session.store, cube.dataset);
  const view = viewAt(cube, session, ledger);
  if (options.overviews !== 'auto') return view;
  const { grid, dataset, timeAxis } = cube;
  const overview = await chooseLevel({
    ...{ grid, session, ledger },
    plan: planLoad(grid.geobox, roi, options),
    names: bandNames(dataset, options.bands),
    steps: selectSteps(timeAxis, options.time),
    resampling: options.resampling ?? DEFAULT_RESAMPLING,
  });
  return { ...view, overview };
}

/** The cube at the moment of its history that a session reads. */
export function viewAt(
  { grid, dataset, timeAxis }: OpenedCube,
  session: Session,
  ledger: Ledger,
): CubeView {
  const lost = { session, ledger, dataset };
  return {
    ...{ grid, dataset, timeAxis, session },
    isMissing: async (index) => (await ledger.get(index)) === TileState.notLoaded,
    isLost: (index, names) => isLost(index, names, lost),
    hasValues: async (index, names) =>
      (await ledger.get(index)) === TileState.loaded && !(await isLost(index, names, lost)),
  };
}

/** The tiles that a load reads from and that are not loaded. */
async function missingTiles(
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
