import { expected, type InvalidInputError } from '../../errors.js';
import { alignsWith } from '../../grid/affine.js';
import { asStored, type Crs, equivalentCrs, parseCrs } from '../../grid/crs/crs.js';
import type { GeoBox } from '../../grid/geobox.js';
import type { GridEntry } from './grid-entry.js';

/** Pixels by which two ways to say one grid may differ: what is left of decimals that were rounded. */
const TOLERANCE = 1e-3;

/** What made the grid; for bounds with a resolution these are told where they were snapped. */
export type GridMaker = 'like' | 'transform' | 'resolution' | 'shape';

/**
 * Fields that a grid was not made from may be given beside those it was, where they say the same to within a
 * thousandth of a pixel.
 *
 * @throws {InvalidInputError} naming the field that says another thing.
 */
export function checkAgreement(entry: GridEntry, geobox: GeoBox, maker: GridMaker): void {
  const { crs, bounds, resolution, origin, anchor, transform, shape } = entry;
  const { affine, height, width } = geobox;
  const [sizeX, , left, , down, top] = affine;
  const sizeY = -down;
  const isNear = (pixels: number) => Math.abs(pixels) <= TOLERANCE;
  const isWhole = (pixels: number) => isNear(pixels - Math.round(pixels));
  if (crs !== undefined && !isSaid(crs, geobox.crs))
    throw contradiction('crs', geobox.crs.name, crsText(crs).slice(0, 60));
  if (shape !== undefined && (shape[0] !== height || shape[1] !== width))
    throw contradiction('shape', `${height}, ${width}`, shape.join(', '));
  if (transform !== undefined && !alignsWith(transform, affine, width, height, TOLERANCE))
    throw contradiction('transform', affine.join(', '), transform.join(', '));
  if (resolution !== undefined) {
    const [x, y] = typeof resolution === 'number' ? [resolution, resolution] : resolution;
    if (!isNear((x / sizeX - 1) * width) || !isNear((y / sizeY - 1) * height))
      throw contradiction('resolution', `${sizeX}, ${sizeY}`, `${x}, ${y}`);
  }
  if (bounds !== undefined && maker !== 'resolution') {
    const { west, south, east, north } = geobox.bounds;
    const isAcross = geobox.crs.isGeographic && bounds[0] > bounds[2];
    const offs = [
      (bounds[0] - west) / sizeX,
      (bounds[1] - south) / sizeY,
      (bounds[2] + (isAcross ? 360 : 0) - east) / sizeX,
      (bounds[3] - north) / sizeY,
    ];
    if (!offs.every(isNear))
      throw contradiction('bounds', `${west}, ${south}, ${east}, ${north}`, bounds.join(', '));
  }
  if (
    origin !== undefined &&
    !(isWhole((origin[0] - left) / sizeX) && isWhole((origin[1] - top) / sizeY))
  )
    throw contradiction('origin', `pixel corners such as ${left}, ${top}`, origin.join(', '));
  if (anchor !== undefined && anchor !== 'floating') {
    const [x, y] = anchor === 'edge' ? [0, 0] : anchor === 'center' ? [0.5, 0.5] : anchor;
    if (!(isWhole(left / sizeX - x) && isWhole(top / sizeY - y)))
      throw contradiction('anchor', `pixel corners such as ${left}, ${top}`, anchor);
  }
}

/** PROJJSON is given as it is, or as text. */
export function crsText(crs: NonNullable<GridEntry['crs']>): string {
  return typeof crs === 'string' ? crs : JSON.stringify(crs);
}

function isSaid(given: NonNullable<GridEntry['crs']>, crs: Crs): boolean {
  return equivalentCrs(asStored(parseCrs(crsText(given))), asStored(crs));
}

function contradiction(field: string, grid: string, given: unknown): InvalidInputError {
  return expected(
    `${grid}, as the rest of "grid" says,`,
    `"grid.${field}" of the dataset`,
    String(given),
    'Correct it, or leave it out.',
  );
}
