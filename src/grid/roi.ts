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
 * A region in another CRS is covered by the bounding box of its reprojection. Longitudes outside
 * -180..180 are taken for the places they are.
 *
 * @throws {InvalidInputError} when the region lies wholly outside the grid.
 */
export function roiWindows(roi: Roi, grid: GeoBox): Window[] {
  const box: BoundingBox = roi instanceof GeoBox ? { ...roi.bounds, crs: roi.crs } : roi;
  checkBoundingBox(box);
  if (sameCrs(box.crs, grid.crs) && liesWithin(box, grid.bounds)) {
    // A grid may reach a little past 180 degrees to be a whole number of pixels; that is no crossing.
    const window = grid.windowOf(box);
    if (window !== undefined) return [window];
  }
  const windows = splitAtAntimeridian(box)
    .map((part) => (sameCrs(part.crs, grid.crs) ? part : reproject(part, grid.crs)))
    .flatMap((bounds) =>
      bounds === undefined ? [] : splitAtAntimeridian({ ...bounds, crs: grid.crs }),
    )
    .flatMap((bounds) => grid.windowOf(bounds) ?? []);
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

function liesWithin(box: Bounds, outer: Bounds): boolean {
  return (
    box.west < box.east &&
    box.west >= outer.west &&
    box.east <= outer.east &&
    box.south >= outer.south &&
    box.north <= outer.north
  );
}

function splitAtAntimeridian(box: BoundingBox): BoundingBox[] {
  if (!box.crs.isGeographic) return [box];
  const { south, north, crs } = box;
  const east = box.west > box.east ? box.east + 360 : box.east;
  if (east - box.west >= 360) return [{ west: -180, south, east: 180, north, crs }];
  // Longitudes 360 degrees apart are the same places: each turn is a part of its own, where it has any.
  return [0, -360, 360]
    .map((turn) => ({
      west: Math.max(box.west + turn, -180),
      south,
      east: Math.min(east + turn, 180),
      north,
      crs,
    }))
    .filter((part) => part.west < part.east);
}

/** Points along each side of the sampled region. */
const SAMPLES = 65;

/**
 * The bounds of `box` in another CRS. They are those of a dense set of its points, its inside
 * included, widened by what the region's curved edges can bulge between two points. Longitudes may
 * run past 180 degrees: they are counted on from the region's centre.
 */
function reproject(box: BoundingBox, crs: Crs): Bounds | undefined {
  const convert = transformer(box.crs, crs);
  const xs: number[][] = [];
  const ys: number[][] = [];
  const [centre] = convert((box.west + box.east) / 2, (box.south + box.north) / 2);
  for (let i = 0; i < SAMPLES; i++) {
    const points = Array.from({ length: SAMPLES }, (_, j) =>
      convert(
        box.west + ((box.east - box.west) * i) / (SAMPLES - 1),
        box.south + ((box.north - box.south) * j) / (SAMPLES - 1),
      ),
    );
    xs.push(
      points.map(([x]) => (crs.isGeographic && Number.isFinite(centre) ? unwrap(x, centre) : x)),
    );
    ys.push(points.map(([, y]) => y));
  }
  const [west, east] = widened(xs);
  const [south, north] = widened(ys);
  if (!(east > west && north > south)) return undefined;
  const bounds = { west, south, east, north };
  return crs.isGeographic ? aroundPoles(box, crs, bounds) : bounds;
}

/** The longitude nearest to `centre` of all that are the same place. */
function unwrap(longitude: number, centre: number): number {
  return longitude - 360 * Math.round((longitude - centre) / 360);
}

/**
 * Least and greatest of sampled values, widened by the sagitta of the curve between samples: an arc
 * whose second difference is d rises at most d / 8 above its chord; twice that is taken.
 */
function widened(rows: readonly (readonly number[])[]): [low: number, high: number] {
  let [low, high, bulge] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const [i, row] of rows.entries()) {
    for (const [j, value] of row.entries()) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
      const along = Math.abs((row[j - 1] ?? Number.NaN) - 2 * value + (row[j + 1] ?? Number.NaN));
      const across = Math.abs(
        (rows[i - 1]?.[j] ?? Number.NaN) - 2 * value + (rows[i + 1]?.[j] ?? Number.NaN),
      );
      if (along > bulge) bulge = along;
      if (across > bulge) bulge = across;
    }
  }
  return [low - bulge / 4, high + bulge / 4];
}

/** A region with a pole inside it spans all longitudes, up to the pole. */
function aroundPoles(box: BoundingBox, crs: Crs, bounds: Bounds): Bounds {
  const back = transformer(crs, box.crs);
  const holds = (latitude: number) => {
    const [x, y] = back(0, latitude);
    return x >= box.west && x <= box.east && y >= box.south && y <= box.north;
  };
  const [isNorth, isSouth] = [holds(90), holds(-90)];
  return {
    west: isNorth || isSouth ? -180 : bounds.west,
    east: isNorth || isSouth ? 180 : bounds.east,
    south: isSouth ? -90 : Math.max(bounds.south, -90),
    north: isNorth ? 90 : Math.min(bounds.north, 90),
  };
}
