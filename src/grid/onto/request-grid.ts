import { expected } from '../../errors.js';
import { type Affine, apply, type XY } from '../affine.js';
import { parseCrs, transformer } from '../crs/crs.js';
import { cornersOf } from '../frame.js';
import { GeoBox } from '../geobox.js';
import { hasImage } from '../shapes/geographic.js';

/** A grid without an end on which pixels are asked for, instead of the cube's own: that of the source. */
export interface RequestGrid {
  readonly crs: string;
  /** Side of a pixel in units of the CRS, or its two sides. */
  readonly resolution: number | readonly [x: number, y: number];
  /** Any corner of any pixel: where the grid is anchored. Default [0, 0]. */
  readonly origin?: readonly [x: number, y: number];
}

/** From its pixels, counted from the origin, to coordinates; north is up. */
export function requestAffine({ resolution, origin: [x, y] = [0, 0] }: RequestGrid): Affine {
  const [sizeX, sizeY] = typeof resolution === 'number' ? [resolution, resolution] : resolution;
  return [sizeX, 0, x, 0, -sizeY, y];
}

/** A grid whose places vary by more than this has no one measure. */
const MOST_WIDER = 1.5;

/** Pixels of the request grid to one of a grid, about; 1 where it is not known. */
export function requestRatio(whole: GeoBox, grid: RequestGrid): number {
  try {
    const { height, width } = requestGeoBox(whole, grid, 0);
    return Math.max(width / whole.width, height / whole.height, 1);
  } catch {
    return 1;
  }
}

/** Points along each side of a tile that are projected, to find what it covers. */
const SAMPLES = 33;

/**
 * The pixels of `grid`, north up, that a resampling onto `tile` may look at: the box around the tile in
 * the grid's CRS, snapped outward to whole pixels, with a margin of `radius` pixels and one more.
 *
 * The box is that of a lattice of the tile's points, not of its corners alone, because edges are curved
 * and the extreme may lie inside (a pole); it is widened by what half as many points would have missed.
 *
 * @param radius how far the resampling looks, in pixels of the coarser of the two grids
 * @param ratioOfWhole pixels of the request grid to one of the tile's whole grid, by which kernels may be
 * wider than the tile alone asks for
 * @throws {InvalidInputError} when a part of the tile has no place in the grid's CRS.
 */
export function requestGeoBox(
  tile: GeoBox,
  grid: RequestGrid,
  radius: number,
  ratioOfWhole = 1,
): GeoBox {
  const [sizeX, , originX, , down, originY] = requestAffine(grid);
  const sizeY = -down;
  const crs = parseCrs(grid.crs);
  const project = transformer(tile.crs, crs);
  const columns: number[][] = [];
  const rows: number[][] = [];
  for (let j = 0; j < SAMPLES; j++) {
    const points = Array.from({ length: SAMPLES }, (_, i): XY => {
      const [x, y] = apply(
        tile.affine,
        (tile.width * i) / (SAMPLES - 1),
        (tile.height * j) / (SAMPLES - 1),
      );
      return project(x, y);
    });
    columns.push(points.map(([x]) => x));
    rows.push(points.map(([, y]) => y));
  }
  // Some projections have numbers, which do not lead back, for what they do not show.
  const isCovered =
    [...columns.flat(), ...rows.flat()].every(Number.isFinite) &&
    hasImage(cornersOf(tile), tile.crs, crs);
  if (!isCovered)
    throw expected(
      'a CRS that covers the whole tile',
      '"requestGrid" of the dataset',
      grid.crs,
      `${tile} reaches beyond it.`,
    );
  const xs = extent(crs.isGeographic ? unwrap(columns) : columns);
  const ys = extent(rows);
  // Pixels of the request grid to one of the tile.
  const ratio = Math.max(
    (xs.max - xs.min) / sizeX / tile.width,
    (ys.max - ys.min) / sizeY / tile.height,
    1,
  );
  const widest = Math.max(ratio, Math.min(ratioOfWhole, MOST_WIDER * ratio));
  const margin = Math.ceil(radius * widest) + 1;
  const first = Math.floor((xs.min - originX) / sizeX) - margin;
  const end = Math.ceil((xs.max - originX) / sizeX) + margin;
  const top = Math.ceil((ys.max - originY) / sizeY) + margin;
  const bottom = Math.floor((ys.min - originY) / sizeY) - margin;
  return new GeoBox(crs, { height: top - bottom, width: end - first }, [
    sizeX,
    0,
    originX + first * sizeX,
    0,
    -sizeY,
    originY + top * sizeY,
  ]);
}

/** Smallest and largest value, each moved outward by as much as every second point alone would have missed. */
function extent(lattice: readonly (readonly number[])[]): { min: number; max: number } {
  const all = lattice.flat();
  const half = lattice
    .filter((_, j) => j % 2 === 0)
    .flatMap((row) => row.filter((_, i) => i % 2 === 0));
  const [min, max] = [Math.min(...all), Math.max(...all)];
  return { min: min - (Math.min(...half) - min), max: max + (max - Math.max(...half)) };
}

/** Longitudes on the side of the antimeridian on which the first one lies. */
function unwrap(longitudes: readonly (readonly number[])[]): number[][] {
  const first = longitudes[0]?.[0] ?? 0;
  return longitudes.map((row) =>
    row.map((x) => (x - first > 180 ? x - 360 : first - x > 180 ? x + 360 : x)),
  );
}
