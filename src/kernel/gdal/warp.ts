import type { GeoBox } from '../../grid/geobox.js';
import type { Recipe } from '../../tile.js';
import type { BandRaster } from '../band-raster.js';
import { type PositionsOf, type WarpGrids, warpRasters } from '../resample/rasters.js';
import { positionsIn } from './positions.js';
import { spatialReference } from './srs.js';

/** Bands that lie on the raster `source`, on the raster `target`, with gaps of their own. */
export function warpBands(
  bands: readonly BandRaster[],
  source: GeoBox,
  target: GeoBox,
  { dtype, processing: { resampling } }: Pick<Recipe, 'dtype' | 'processing'>,
  grids?: WarpGrids,
): BandRaster[] {
  return warpRasters(bands, source, target, { dtype, resampling, grids }, positionsOf);
}

const positionsOf: PositionsOf = (source, target) =>
  positionsIn(
    { srs: spatialReference(source.crs.name), lattice: source.lattice },
    { srs: spatialReference(target.crs.name), lattice: target.lattice },
  );
