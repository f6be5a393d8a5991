import { type Affine, apply, invert, isAxisAligned, type XY } from './affine.js';
import type { Crs } from './crs/crs.js';
import { intersect, type Window } from './window.js';

/** Rows before columns, as in every shape here. */
export interface Shape {
  readonly height: number;
  readonly width: number;
}

/** Outer edges in world coordinates; `west > east` is not allowed here (see roi.ts for the antimeridian). */
export interface Bounds {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** What a geobox consists of. Functions of this room that a `GeoBox` calls take and give this. */
export interface Frame {
  readonly crs: Crs;
  readonly shape: Shape;
  /** From pixels (col, row) to world coordinates (x, y) of the CRS. */
  readonly affine: Affine;
}

/** The four corners in world coordinates, in the order of a ring: first pixel, along its row, and around. */
export function cornersOf({ affine, shape: { height, width } }: Omit<Frame, 'crs'>): XY[] {
  return [
    apply(affine, 0, 0),
    apply(affine, width, 0),
    apply(affine, width, height),
    apply(affine, 0, height),
  ];
}

/** Outer edges in the frame's own CRS. */
export function boundsOf(frame: Omit<Frame, 'crs'>): Bounds {
  return boundsOfPoints(cornersOf(frame));
}

/** The bounds of points, which must be one at least. */
export function boundsOfPoints(points: readonly XY[]): Bounds {
  let [west, south] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [east, north] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [x, y] of points) {
    if (x < west) west = x;
    if (x > east) east = x;
    if (y < south) south = y;
    if (y > north) north = y;
  }
  return { west, south, east, north };
}

/** Length of a pixel's sides in world units, along a row and along a column; both positive. */
export function pixelSize({ affine: [a, b, , d, e] }: Pick<Frame, 'affine'>): XY {
  return [Math.hypot(a, d), Math.hypot(b, e)];
}

/** True when no axis is rotated or sheared; coordinates then depend on one index each. */
export function isUpright({ affine }: Pick<Frame, 'affine'>): boolean {
  return isAxisAligned(affine);
}

/** A function from world coordinates (x, y) to pixel coordinates (col, row). */
export function toPixels({ affine }: Pick<Frame, 'affine'>): (point: XY) => XY {
  const inverse = invert(affine);
  return ([x, y]) => apply(inverse, x, y);
}

/** By how much of a pixel an edge may pass the next pixel's edge without touching it: rounding. */
export const EDGE_TOLERANCE = 1e-6;

/**
 * The whole pixels that a rectangle in pixel coordinates touches (west and east are columns, south and
 * north the least and greatest row). An edge on a pixel edge does not touch the next pixel; what has no
 * extent touches the pixel it lies in.
 */
export function pixelsTouched({ west, east, south, north }: Bounds, tolerance: number): Window {
  const col = Math.floor(west + tolerance);
  const row = Math.floor(south + tolerance);
  // A region thinner than the tolerance still touches the pixel it lies in.
  const width = Math.max(Math.ceil(east - tolerance), col + 1) - col;
  const height = Math.max(Math.ceil(north - tolerance), row + 1) - row;
  return { row, col, height, width };
}

/** The part of a window inside a raster of that shape, or `undefined`. */
export function within(window: Window, { height, width }: Shape): Window | undefined {
  return intersect(window, { row: 0, col: 0, height, width });
}
