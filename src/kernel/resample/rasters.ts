import type { Resampling } from '../../dataset/dataset.js';
import type { Affine } from '../../grid/affine.js';
import type { Crs } from '../../grid/crs/crs.js';
import type { GeoBox } from '../../grid/geobox.js';
import type { Window } from '../../grid/window.js';
import type { DType } from '../../raster/dtype.js';
import type { BandRaster } from '../band-raster.js';
import { type Lattice, placeOn, targetOn, type WholeGrid } from './lattice.js';
import { type Loops, TYPESCRIPT_LOOPS } from './loops.js';
import type { Positions } from './positions.js';
import { Warp } from './warp.js';

/** The grids of which the rasters of a warp are parts, so that it shows nowhere how they were cut. */
export interface WarpGrids {
  readonly source?: Affine | undefined;
  readonly target?: WholeGrid;
}

export interface RasterWarp {
  readonly dtype: DType;
  readonly resampling: Resampling;
  readonly grids?: WarpGrids | undefined;
  readonly loops?: Loops;
}

/** Finds positions between rasters in memory. */
export type PositionsOf = (
  source: { readonly crs: Crs; readonly lattice: Lattice; readonly window: Window },
  target: { readonly crs: Crs; readonly lattice: Lattice; readonly grid: Window },
) => Positions;

/** Bands that lie on the raster `from`, on the raster `to`, with gaps of their own. */
export function warpRasters(
  bands: readonly BandRaster[],
  from: GeoBox,
  to: GeoBox,
  { dtype, resampling, grids = {}, loops = TYPESCRIPT_LOOPS }: RasterWarp,
  positionsOf: PositionsOf,
): BandRaster[] {
  const source = placeOn(from, grids.source);
  const { lattice, window, grid } = targetOn(to, grids.target);
  const warp = new Warp({
    source: { lattice: source.lattice, extent: source.window },
    target: { window, grid },
    positions: positionsOf(
      { crs: from.crs, ...source },
      { crs: to.crs, lattice, grid: { row: 0, col: 0, ...grid } },
    ),
    resampling,
    loops,
    isInMemory: true,
  });
  return bands.map((band) => warp.band(dtype, () => band));
}
