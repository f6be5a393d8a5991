import { expected } from '../../errors.js';
import { type Affine, isAxisAligned, scalesOf, type XY } from '../affine.js';
import { EPSG_4326, parseCrs, sameCrs } from '../crs/crs.js';
import { fullTurnOf } from '../crs/full-turn.js';
import { boundsOf, cornersOf, type Frame, within } from '../frame.js';
import { isOnEarth } from '../shapes/geographic.js';
import { boundingWindows } from '../shapes/pixel-windows.js';
import { placeOn } from '../shapes/place.js';
import { nearlyWhole } from '../snap.js';
import { around, type Window } from '../window.js';
import { pixelTransform, scaleAt } from './pixel-map.js';

/** Pixels to read and where they go. */
export interface ReprojectPart {
  /** In pixels of the source. */
  readonly source: Window;
  /** In pixels of the destination: all that the source window can give a value. */
  readonly destination: Window;
}

/** What moving pixels from one geobox to another takes; arithmetic only. The idea of odc-geo's `ReprojectInfo`. */
export interface ReprojectPlan {
  /** None when the two have no pixel in common; several when a geographic source or destination is cut between them. */
  readonly parts: readonly ReprojectPart[];
  /**
   * True when the source's pixels, every `shrink` x `shrink` of them made one, can be copied as they
   * are: same CRS, same directions, pixels of equal size that coincide within the tolerances.
   */
  readonly isPaste: boolean;
  /** The largest whole number of source pixels, along a side, that is no coarser than the destination. At least 1. */
  readonly shrink: number;
  /** Source pixels to one destination pixel: the smaller of `scaleXY`, at the middle of the destination's part. Above 1 shrinks. */
  readonly scale: number;
  readonly scaleXY: XY;
}

/** How much is read around what is needed, and when two grids count as aligned. */
export interface ReprojectOptions {
  /** Source pixels to read around what is covered, for the kernel of the resampling. Default: 0 to paste, else 1. */
  readonly padding?: number;
  /** Offset of pixel edges, in pixels, that pasting may leave. Default 0.05, odc-geo's. */
  readonly tolerance?: number;
  /** Difference of pixel size, as a share of a pixel, that pasting may leave. Default 0.001, odc-geo's. */
  readonly scaleTolerance?: number;
}

/**
 * Which pixels of `source` are needed for which pixels of `destination`, and how.
 *
 * Windows are bounding windows of densified outlines; where odc-geo samples five points a side, and takes
 * all columns of a source that a destination crosses at the antimeridian, these hold no less than is
 * needed and, there, two parts.
 *
 * @throws {InvalidInputError} for a padding that is no whole number from 0.
 */
export function planReprojection(
  source: Frame,
  destination: Frame,
  options: ReprojectOptions = {},
): ReprojectPlan {
  const { padding, tolerance = 0.05, scaleTolerance = 1e-3 } = options;
  if (padding !== undefined && !(Number.isInteger(padding) && padding >= 0))
    throw expected('a whole number of pixels from 0', 'the padding', padding);
  if (sameCrs(source.crs, destination.crs) && (padding ?? 0) === 0) {
    const paste = planPaste(source, destination, tolerance, scaleTolerance);
    if (paste !== undefined) return paste;
  }
  const parts = windowsOn(source, destination).flatMap((window) => {
    const padded = pad(window, padding ?? 1, source);
    return windowsOn(destination, cropped(source, padded)).map((target) => ({
      source: padded,
      destination: target,
    }));
  });
  const whole = around(parts.map(({ destination: window }) => window));
  if (whole === undefined)
    return { parts: [], isPaste: false, shrink: 1, scale: 0, scaleXY: [0, 0] };
  const { row, col, height, width } = whole;
  const scaleXY = scaleAt(destination, source, [col + width / 2, row + height / 2]);
  const scale = Math.min(...scaleXY);
  return { parts, isPaste: false, shrink: shrinkOf(scale), scale, scaleXY };
}

/** The windows of `frame` that another frame's outline covers; all of it where that outline reaches off the earth. */
function windowsOn(frame: Frame, other: Frame): Window[] {
  if (!sameCrs(frame.crs, other.crs) && !isOnEarth(other, parseCrs(EPSG_4326)))
    return [{ row: 0, col: 0, ...frame.shape }];
  const outline = { points: [], lines: [], polygons: [[cornersOf(other)]] };
  return boundingWindows(placeOn(frame, outline, other.crs), frame);
}

function cropped(frame: Frame, { row, col, height, width }: Window): Frame {
  const [a, b, c, d, e, f] = frame.affine;
  return {
    crs: frame.crs,
    shape: { height, width },
    affine: [a, b, a * col + b * row + c, d, e, d * col + e * row + f],
  };
}

function pad(window: Window, pixels: number, { shape }: Frame): Window {
  const { row, col, height, width } = window;
  const wider = {
    row: row - pixels,
    col: col - pixels,
    height: height + 2 * pixels,
    width: width + 2 * pixels,
  };
  return within(wider, shape) ?? window;
}

function shrinkOf(scale: number): number {
  return scale < 1 ? 1 : Math.floor(nearlyWhole(scale, 1e-3));
}

function planPaste(
  source: Frame,
  destination: Frame,
  tolerance: number,
  scaleTolerance: number,
): ReprojectPlan | undefined {
  const toSource = pixelTransform(destination, source);
  const scaleXY = scalesOf(toSource);
  const scale = Math.min(...scaleXY);
  const shrink = shrinkOf(scale);
  const parts: ReprojectPart[] = [];
  for (const turns of turnsBetween(source, destination)) {
    const offset = pasteOffset(
      pixelTransform(destination, source, turns),
      shrink,
      tolerance,
      scaleTolerance,
    );
    if (offset === undefined) return undefined;
    const part = pasted(source, destination, offset, shrink);
    if (part !== undefined) parts.push(part);
  }
  return { parts, isPaste: true, shrink, scale, scaleXY };
}

/** Turns around the earth that bring a destination onto the source; [0] where x does not go around. */
function turnsBetween(source: Frame, destination: Frame): number[] {
  const length = fullTurnOf(source.crs)?.length;
  if (length === undefined) return [0];
  const [from, to] = [boundsOf(destination), boundsOf(source)];
  const turns = [0, -1, 1].filter(
    (turn) => from.west + length * turn < to.east && from.east + length * turn > to.west,
  );
  return turns.length === 0 ? [0] : turns;
}

/** Shrunk source pixels (col, row) at the destination's first pixel, when a copy of whole pixels is enough. */
function pasteOffset(
  toSource: Affine,
  shrink: number,
  tolerance: number,
  scaleTolerance: number,
): XY | undefined {
  const [a, , c, , e, f] = toSource;
  if (!isAxisAligned(toSource)) return undefined;
  const isOne = (scale: number) => Math.abs(scale / shrink - 1) <= scaleTolerance;
  if (!(isOne(a) && isOne(e))) return undefined;
  const offset = [c, f].map((value) => nearlyWhole(value / shrink, tolerance));
  return offset.every(Number.isInteger) ? (offset as [number, number]) : undefined;
}

function pasted(
  source: Frame,
  destination: Frame,
  [dx, dy]: XY,
  shrink: number,
): ReprojectPart | undefined {
  const shrunk = {
    row: 0 - dy,
    col: 0 - dx,
    height: Math.ceil(source.shape.height / shrink),
    width: Math.ceil(source.shape.width / shrink),
  };
  const target = within(shrunk, destination.shape);
  if (target === undefined) return undefined;
  const { row, col, height, width } = target;
  const read = within(
    {
      row: (row + dy) * shrink,
      col: (col + dx) * shrink,
      height: height * shrink,
      width: width * shrink,
    },
    source.shape,
  );
  return read === undefined ? undefined : { source: read, destination: target };
}
