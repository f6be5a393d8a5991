import { expected } from '../errors.js';
import type { XY } from './affine.js';
import type { Crs } from './crs/crs.js';
import type { Bounds, Frame, Shape } from './frame.js';

/**
 * Where the pixel grid is held in place, as odc-geo's `anchor`.
 * - `edge`: pixel edges fall on multiples of the resolution; the default
 * - `center`: pixel centres do
 * - `[x, y]`: that fraction of a pixel, 0 to below 1, right of and above an edge
 * - `floating`: nowhere; the grid starts at the bounds' own corner (odc-geo's `tight=True`)
 */
export type Anchor = 'edge' | 'center' | 'floating' | readonly [x: number, y: number];

export interface SnapOptions {
  /** Default: `edge`. */
  readonly anchor?: Anchor;
  /** The corner [x, y] of any pixel, inside the bounds or not, which holds the grid in place; goes before `anchor`. */
  readonly origin?: XY;
  /**
   * The part of a pixel by which bounds may stick out without a further pixel being added: a fraction
   * below 0.5. Default: `DEFAULT_SNAP_TOLERANCE`.
   */
  readonly tolerance?: number;
}

/** odc-geo's default; grids made by either then agree. */
export const DEFAULT_SNAP_TOLERANCE = 0.01;

/** Size of a pixel in units of the CRS: one number for square, north-up pixels, or [x, y], where negative y is north up. */
export type Resolution = number | readonly [x: number, y: number];

/** Which pixels cover given bounds: of a size, or in a shape. */
export interface FrameOptions extends SnapOptions {
  /** One of `resolution` and `shape` is required; `shape` goes first. */
  readonly resolution?: Resolution;
  /** Rows and columns; a single number is the pixels along the longer side, with square pixels. */
  readonly shape?: Shape | number;
}

/**
 * The frame that covers `bounds`: the rule of odc-geo's `GeoBox.from_bbox`.
 *
 * With a resolution, edges are snapped outward. With a shape, the pixels are the bounds divided by it
 * and only the origin is snapped outward, so that up to one pixel at the far edges can stay uncovered;
 * the anchor `floating` then keeps to the bounds exactly.
 *
 * @throws {InvalidInputError} for bounds without an inside, or numbers that make no grid.
 */
export function frameOf(bounds: Bounds, crs: Crs, options: FrameOptions): Frame {
  const { west, south, east, north } = bounds;
  if (!(east > west && north > south && Number.isFinite(east - west + north - south))) {
    throw expected(
      'west < east and south < north',
      'the bounds',
      `${west},${south},${east},${north}`,
    );
  }
  const tolerance = toleranceOf(options);
  const exact = typeof options.shape === 'object' ? options.shape : undefined;
  const [rx, ry] = exact === undefined ? resolutionOf(bounds, options) : divide(bounds, exact);
  const shifts = shiftsOf(options, [rx, ry]);
  const [x, width] = snap(west, east, rx, shifts?.[0], tolerance);
  const [y, height] = snap(south, north, ry, shifts?.[1], tolerance);
  return { crs, shape: exact ?? { height, width }, affine: [rx, 0, x, 0, ry, y] };
}

function resolutionOf(
  { west, south, east, north }: Bounds,
  { resolution, shape }: FrameOptions,
): XY {
  if (typeof shape === 'number') {
    checkShape({ height: shape, width: shape });
    const size = Math.max(east - west, north - south) / shape;
    return [size, -size];
  }
  if (resolution === undefined)
    throw expected('a resolution or a shape', 'the geobox', 'neither', 'Give one of them.');
  return pixelVector(resolution);
}

/** A resolution as [x, y]. @throws {InvalidInputError} unless it is positive, or two numbers other than 0. */
export function pixelVector(resolution: Resolution): XY {
  if (typeof resolution === 'number') {
    if (!(resolution > 0 && Number.isFinite(resolution)))
      throw expected('a positive number', 'the resolution', resolution);
    return [resolution, -resolution];
  }
  const [x, y] = resolution;
  if (!(x > 0 && y !== 0 && Number.isFinite(x) && Number.isFinite(y)))
    throw expected('a positive x and a y other than 0', 'the resolution', `[${x}, ${y}]`);
  return [x, y];
}

function divide({ west, south, east, north }: Bounds, shape: Shape): XY {
  checkShape(shape);
  return [(east - west) / shape.width, -(north - south) / shape.height];
}

/** @throws {InvalidInputError} unless both sides are positive whole numbers. */
export function checkShape({ height, width }: Shape): void {
  if (!(Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0)) {
    throw expected('a positive whole height and width', 'the geobox shape', `${height} x ${width}`);
  }
}

function offsetsOf(anchor: Anchor): XY | undefined {
  if (anchor === 'floating') return undefined;
  if (anchor === 'edge') return [0, 0];
  if (anchor === 'center') return [0.5, 0.5];
  const isFraction = (value: number) => value >= 0 && value < 1;
  if (!(Array.isArray(anchor) && anchor.length === 2 && anchor.every(isFraction))) {
    throw expected(
      '"edge", "center", "floating" or two fractions from 0 to below 1',
      'the anchor',
      String(anchor),
    );
  }
  return anchor;
}

/** A coordinate of each axis on which an edge lies; `undefined` where the bounds say so. */
function shiftsOf({ anchor = 'edge', origin }: SnapOptions, [rx, ry]: XY): XY | undefined {
  if (origin === undefined) {
    const [x, y] = offsetsOf(anchor) ?? [];
    return x === undefined || y === undefined ? undefined : [x * Math.abs(rx), y * Math.abs(ry)];
  }
  if (!origin.every(Number.isFinite))
    throw expected('two numbers', 'the origin', origin.join(', '));
  return origin;
}

function toleranceOf({ tolerance = DEFAULT_SNAP_TOLERANCE }: SnapOptions): number {
  if (!(tolerance >= 0 && tolerance < 0.5))
    throw expected('a fraction of a pixel from 0 to below 0.5', 'the tolerance', tolerance);
  return tolerance;
}

/**
 * One axis: the coordinate of the first pixel's outer edge and the number of pixels of signed size
 * `step` that cover low..high. The operations and their order are those of odc-geo's `snap_grid`, so
 * that the last bits agree.
 */
function snap(
  low: number,
  high: number,
  step: number,
  shift: number | undefined,
  tolerance: number,
): [origin: number, count: number] {
  const size = Math.abs(step);
  if (shift === undefined) {
    const count = Math.max(Math.ceil(nearlyWhole((high - low) / size, tolerance)), 1);
    return [step > 0 ? low : high, count];
  }
  const first = Math.floor(nearlyWhole((low - shift) / size, tolerance));
  const last = Math.ceil(nearlyWhole((high - shift) / size, tolerance));
  const count = Math.max(last - first, 1);
  const origin = step > 0 ? first * size : first * size + count * size;
  return [origin + shift, count];
}

/** The nearest whole number where it is nearer than `tolerance`, else the value itself. */
export function nearlyWhole(value: number, tolerance: number): number {
  const whole = Math.round(value);
  return Math.abs(value - whole) < tolerance ? whole : value;
}
