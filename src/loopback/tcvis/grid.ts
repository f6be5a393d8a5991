/** The native grid of the built-in asset, and where on it there is land. */
import { type Coastline, loadCoastline } from './coastline.js';

/** Degrees; the pixel size of the TCVIS cube. */
export const RESOLUTION = 0.00026949458523585647;

/** Pixels from the origin of the grid to 0° of longitude and latitude. */
const ZERO_COL = 667917;
const ZERO_ROW = 333959;

export const WIDTH = 2 * ZERO_COL;
export const HEIGHT = 2 * ZERO_ROW;
export const WEST = -ZERO_COL * RESOLUTION;
export const NORTH = ZERO_ROW * RESOLUTION;

export function colAt(longitude: number): number {
  return Math.floor((longitude - WEST) / RESOLUTION);
}

export function rowAt(latitude: number): number {
  return Math.floor((NORTH - latitude) / RESOLUTION);
}

/** Rows of shores kept; a few hundred bytes each, cleared when full. */
const MAX_ROWS = 65536;

const shores = new Map<number, Int32Array>();

/**
 * Native columns where row `row` changes between sea and land, from west to east: the first land
 * pixel, the first sea pixel after it, and so on. A pixel belongs to what its centre lies on.
 */
export function shoresOf(row: number): Int32Array {
  let known = shores.get(row);
  if (known === undefined) {
    if (shores.size >= MAX_ROWS) shores.clear();
    known = findShores(row, loadCoastline());
    shores.set(row, known);
  }
  return known;
}

function findShores(row: number, coastline: Coastline): Int32Array {
  const latitude = NORTH - (row + 0.5) * RESOLUTION;
  return Int32Array.from(coastline.crossings(latitude), (longitude) =>
    Math.ceil((longitude - WEST) / RESOLUTION - 0.5),
  );
}

export function isLand(row: number, col: number): boolean {
  const columns = shoresOf(row);
  let low = 0;
  let high = columns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((columns[middle] as number) <= col) low = middle + 1;
    else high = middle;
  }
  return (low & 1) === 1;
}
