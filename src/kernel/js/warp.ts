import { sameCrs, transformer } from '../../grid/crs/crs.js';
import type { GeoBox } from '../../grid/geobox.js';
import type { Recipe } from '../../tile.js';
import type { BandRaster } from '../band-raster.js';
import { interpolatedBy } from '../resample/interpolated.js';
import { type Project, positionsBy, toPixels } from '../resample/positions.js';
import {
  type PositionsOf,
  type WarpedBands,
  type WarpGrids,
  warpRasters,
  warpWhole,
} from '../resample/rasters.js';

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
  warpRasters(bands, source, target, how, positionsOf);

/** Positions as `transformer` computes coordinates. */
export const positionsOf: PositionsOf = (source, target) => {
  const intoPixels = toPixels(source.lattice.affine);
  if (sameCrs(source.crs, target.crs)) return positionsBy(target.lattice, intoPixels);
  const point = transformer(target.crs, source.crs);
  const project: Project = (xs, ys) => {
    for (let i = 0; i < xs.length; i++)
      [xs[i], ys[i]] = point(xs[i] as number, ys[i] as number) as [number, number];
    intoPixels(xs, ys);
  };
  return interpolatedBy(target.lattice, project);
};
