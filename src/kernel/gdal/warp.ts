import type { SpatialReference } from 'gdal-async';
import type { Affine } from '../../grid/affine.js';
import type { GeoBox, Shape } from '../../grid/geobox.js';
import type { Recipe } from '../../tile.js';
import type { BandRaster } from '../band-raster.js';
import { targetOn } from '../resample/lattice.js';
import {
  type PositionsOf,
  type WarpedBands,
  type WarpGrids,
  warpRasters,
  warpWhole,
} from '../resample/rasters.js';
import { type HolderRoom, Warp } from '../resample/warp.js';
import { positionsIn } from './proj/positions.js';
import { checkCode, spatialReference, turnLengthOf } from './proj/srs.js';
import { nativeLoops } from './resample-addon.js';

/** Bands that lie on the raster `source`, on the raster `target`, with gaps of their own. */
export function warpBands(
  bands: readonly BandRaster[],
  source: GeoBox,
  target: GeoBox,
  { dtype, processing: { resampling } }: Pick<Recipe, 'dtype' | 'processing'>,
  grids?: WarpGrids,
): BandRaster[] {
  return warpWhole(bands, source, target, { dtype, resampling, grids }, warpedBands);
}

/** The same, each band when it is asked for. */
export const warpedBands: WarpedBands = (bands, source, target, how) =>
  warpRasters(bands, source, target, { ...how, loops: nativeLoops() }, positionsOf);

/** A raster of a dataset, in its dataset's own CRS. */
export interface DatasetRaster {
  readonly srs: SpatialReference;
  readonly affine: Affine;
  readonly shape: Shape;
}

/** What puts the bands of a raster on a tile's grid. @throws {RasterError} where its CRS cannot be computed with. */
export function warpTo(
  { srs, affine, shape }: DatasetRaster,
  tile: GeoBox,
  recipe: Recipe,
  holderRoom?: HolderRoom,
): Warp {
  checkCode(srs);
  const source = { affine, turn: turnLengthOf(srs) };
  const { lattice, window, grid } = targetOn(tile, recipe.grid);
  return new Warp({
    source: { lattice: source, extent: { row: 0, col: 0, ...shape } },
    target: { window, grid },
    positions: positionsIn(
      { srs, lattice: source },
      { srs: spatialReference(tile.crs.name), lattice },
    ),
    resampling: recipe.processing.resampling,
    loops: nativeLoops(),
    ...(holderRoom === undefined ? {} : { holderRoom }),
  });
}

const positionsOf: PositionsOf = (source, target) =>
  positionsIn(
    { srs: spatialReference(source.crs.name), lattice: source.lattice },
    { srs: spatialReference(target.crs.name), lattice: target.lattice },
  );
