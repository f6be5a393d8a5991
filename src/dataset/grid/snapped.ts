import { type Bounds, EDGE_TOLERANCE } from '../../grid/frame.js';
import type { GeoBox } from '../../grid/geobox.js';

/** Bounds in the grid's CRS that were asked for, and those that the grid has: its edges are those of pixels. */
export interface BoundsSnap {
  readonly asked: Bounds;
  readonly became: Bounds;
}

/** `undefined` where the grid has the bounds asked for, but for rounding. */
export function snapOf(
  [west, south, east, north]: readonly [number, number, number, number],
  geobox: GeoBox,
): BoundsSnap | undefined {
  const { bounds: became, resolution } = geobox;
  const [sizeX, sizeY] = resolution.map(Math.abs) as [number, number];
  // Past the antimeridian the grid's longitudes go on beyond 180 degrees.
  const turned = geobox.crs.isGeographic && west > east ? east + 360 : east;
  const isSame =
    Math.max(Math.abs(became.west - west), Math.abs(became.east - turned)) <=
      EDGE_TOLERANCE * sizeX &&
    Math.max(Math.abs(became.south - south), Math.abs(became.north - north)) <=
      EDGE_TOLERANCE * sizeY;
  return isSame ? undefined : { asked: { west, south, east, north }, became };
}
