import { expected } from '../errors.js';
import { type Crs, EPSG_4326, parseCrs, sameCrs, transformer } from './crs.js';
import { type Bounds, GeoBox } from './geobox.js';
import type { Window } from './window.js';

/**
 * A region of interest given by its outer edges. In geographic coordinates `west > east` means that
 * the region crosses the antimeridian, as in GeoJSON and STAC.
 */
export interface BoundingBox extends Bounds {
  readonly crs: Crs;
}

/** What a region may be given as. */
export type Roi = GeoBox | BoundingBox;

/**
 * Reads `xmin,ymin,xmax,ymax`.
 *
 * @throws {InvalidInputError} when there are not four numbers, when south >= north, or when
 * west > east without crossing the antimeridian: in a projected CRS, or spanning over 180 degrees,
 * where swapped edges are the likelier reading.
 */
export function parseBoundingBox(text: string, crs: Crs = parseCrs(EPSG_4326)): BoundingBox {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [west, south, east, north] = numbers;
  if (
    numbers.length !== 4 ||
    numbers.some((number) => !Number.isFinite(number)) ||
    west === undefined ||
    south === undefined ||
    east === undefined ||
    north === undefined
  ) {
    throw expected('four numbers xmin,ymin,xmax,ymax', 'the bounding box', text);
  }
  const box = { west, south, east, north, crs };
  checkBoundingBox(box);
  return box;
}

function checkBoundingBox({ west, south, east, north, crs }: BoundingBox): void {
  const shown = `${west},${south},${east},${north}`;
  if (!(south < north))
    throw expected(
      'ymin < ymax',
      'the bounding box',
      shown,
      'Swap the second and the fourth number.',
    );
  if (west === east) throw expected('xmin and xmax to differ', 'the bounding box', shown);
  if (west < east) return;
  if (!crs.isGeographic) {
    throw expected(
      `xmin < xmax (${crs.name} has no antimeridian to cross)`,
      'the bounding box',
      shown,
      'Swap the first and the third number.',
    );
  }
  if (east + 360 - west > 180) {
    throw expected(
      'xmin < xmax, or a box across the antimeridian at most 180 degrees wide',
      'the bounding box',
      shown,
      'Swap the first and the third number.',
    );
  }
}

/**
 * The pixels of `grid` that a region touches: one window, or two where the region crosses the
 * antimeridian of a geographic grid.
 *
 * A region in another CRS is reprojected through a dense set of its points, its inside included
 * (a pole lies inside a longitude-latitude box whose edges all miss it), and covered by the bounding
 * box of the result.
 *
 * @throws {InvalidInputError} when the region lies wholly outside the grid.
 */
export function roiWindows(roi: Roi, grid: GeoBox): Window[] {
  const box: BoundingBox = roi instanceof GeoBox ? { ...roi.bounds, crs: roi.crs } : roi;
  checkBoundingBox(box);
  const windows = splitAtAntimeridian(box)
    .map((part) => (sameCrs(part.crs, grid.crs) ? part : reproject(part, grid.crs)))
    .flatMap((bounds) => {
      const window = bounds === undefined ? undefined : grid.windowOf(bounds);
      return window === undefined ? [] : [window];
    });
  if (windows.length === 0) {
    const { west, south, east, north } = grid.bounds;
    throw expected(
      `a region that touches the cube (${grid.crs.name} ${west},${south},${east},${north})`,
      'the region of interest',
      `${box.crs.name} ${box.west},${box.south},${box.east},${box.north}`,
    );
  }
  return windows;
}

function splitAtAntimeridian(box: BoundingBox): BoundingBox[] {
  if (!box.crs.isGeographic) return [box];
  const { west, south, east, north, crs } = box;
  if (west > east) {
    return [
      { west, south, east: 180, north, crs },
      { west: -180, south, east, north, crs },
    ];
  }
  // Longitudes past 180 are the same places as those 360 lower.
  const parts = [box];
  if (east > 180 && west < 180) parts.push({ west: -180, south, east: east - 360, north, crs });
  if (west >= 180) parts.push({ west: west - 360, south, east: east - 360, north, crs });
  if (west < -180 && east > -180) parts.push({ west: west + 360, south, east: 180, north, crs });
  return parts;
}

/** Points along each side of the sampled region; the error of its bounding box falls with the square of this. */
const SAMPLES = 65;

function reproject(box: BoundingBox, crs: Crs): Bounds | undefined {
  const convert = transformer(box.crs, crs);
  let west = Number.POSITIVE_INFINITY;
  let south = Number.POSITIVE_INFINITY;
  let east = Number.NEGATIVE_INFINITY;
  let north = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < SAMPLES; i++) {
    for (let j = 0; j < SAMPLES; j++) {
      const [x, y] = convert(
        box.west + ((box.east - box.west) * i) / (SAMPLES - 1),
        box.south + ((box.north - box.south) * j) / (SAMPLES - 1),
      );
      if (!(Number.isFinite(x) && Number.isFinite(y))) continue;
      west = Math.min(west, x);
      east = Math.max(east, x);
      south = Math.min(south, y);
      north = Math.max(north, y);
    }
  }
  return east > west && north > south ? { west, south, east, north } : undefined;
}
