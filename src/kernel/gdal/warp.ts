import { apply } from '../../grid/affine.js';
import type { GeoBox } from '../../grid/geobox.js';
import type { Window } from '../../grid/window.js';
import type { Recipe } from '../../tile.js';
import type { BandRaster } from '../band-raster.js';
import { toPixels } from '../resample/positions.js';
import { type PositionsOf, type WarpGrids, warpRasters } from '../resample/rasters.js';
import { positionsIn, projectBetween } from './positions.js';
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

const positionsOf: PositionsOf = (source, target) => {
  const [from, to] = [spatialReference(source.crs.name), spatialReference(target.crs.name)];
  const area = from.isSame(to) ? undefined : areaOf(source, target);
  return positionsIn(
    { srs: from, lattice: source.lattice, area: area ?? source.window },
    { srs: to, lattice: target.lattice },
  );
};

/** Places along each side of a grid that are looked at. */
const PLACES = 11;

/** The part of the source's lattice that the whole target grid covers, whatever part of it is asked for. */
function areaOf(
  source: Parameters<PositionsOf>[0],
  { crs, lattice, grid }: Parameters<PositionsOf>[1],
): Window | undefined {
  const [xs, ys] = [new Float64Array(PLACES ** 2), new Float64Array(PLACES ** 2)];
  for (let i = 0; i < xs.length; i++) {
    const [col, row] = [i % PLACES, Math.floor(i / PLACES)].map((k) => k / (PLACES - 1)) as [
      number,
      number,
    ];
    [xs[i], ys[i]] = apply(lattice.affine, col * grid.width, row * grid.height) as [number, number];
  }
  projectBetween(spatialReference(crs.name), spatialReference(source.crs.name))(xs, ys);
  toPixels(source.lattice.affine)(xs, ys);
  const isThere = xs.map((x, i) => (Number.isFinite(x + (ys[i] as number)) ? 1 : 0));
  const [left, right] = extentOf(xs.filter((_, i) => isThere[i] === 1));
  const [top, bottom] = extentOf(ys.filter((_, i) => isThere[i] === 1));
  return right >= left && bottom >= top
    ? { row: top, col: left, height: bottom - top, width: right - left }
    : undefined;
}

function extentOf(values: Float64Array): [first: number, end: number] {
  return [Math.floor(Math.min(...values)), Math.ceil(Math.max(...values)) + 1];
}
