import type { XY } from '../affine.js';
import {
  type Bounds,
  boundsOfPoints,
  EDGE_TOLERANCE,
  type Frame,
  pixelsTouched,
  within,
} from '../frame.js';
import { around, type Window } from '../window.js';
import type { Shapes } from './place.js';
import { clipLine, clipRings } from './ring.js';

/**
 * The bounding windows of shapes in pixel coordinates, cut to the frame: one, or in a geographic frame
 * that goes around the earth two, where the two sides of the antimeridian hold them more closely. None
 * when the shapes lie outside.
 */
export function boundingWindows(shapes: Shapes, frame: Frame): Window[] {
  const { height, width } = frame.shape;
  const paths = [
    ...shapes.lines.flatMap((line) =>
      clipLine(line, 0, 0, width).flatMap((part) => clipLine(part, 1, 0, height)),
    ),
    ...shapes.polygons.map((rings) =>
      clipRings(clipRings(rings, 0, 0, width), 1, 0, height).flat(),
    ),
  ].filter(({ length }) => length > 0);
  const boxes = [
    ...shapes.points.map((point) => pixelOfPoint(point, frame)),
    ...paths.map((path) => cut(boundsOfPoints(path), frame)),
  ].filter((box) => box !== undefined);
  const sides = goesAround(frame) ? atLargestGap(boxes, frame.shape.width) : [boxes];
  return sides.flatMap((side) => around(side) ?? []);
}

/** A point on the frame's far edge belongs to the last pixel: there is none beyond. */
function pixelOfPoint([col, row]: XY, frame: Frame): Window | undefined {
  const { height, width } = frame.shape;
  const nudge = (value: number, length: number) =>
    value >= length && value <= length + EDGE_TOLERANCE ? length - 0.5 : value;
  const [x, y] = [nudge(col, width), nudge(row, height)];
  return cut({ west: x, east: x, south: y, north: y }, frame);
}

function cut(bounds: Bounds, frame: Frame): Window | undefined {
  return within(pixelsTouched(bounds, EDGE_TOLERANCE), frame.shape);
}

function goesAround({ crs, affine: [a, b], shape }: Frame): boolean {
  return crs.isGeographic && b === 0 && Math.abs(a) * shape.width > 360 - 1.5 * Math.abs(a);
}

/** The windows in two groups, one for each side of the widest run of columns that none of them has. */
function atLargestGap(boxes: readonly Window[], width: number): Window[][] {
  const sorted = [...boxes].sort((one, other) => one.col - other.col);
  const [first] = sorted;
  if (first === undefined) return [];
  let end = first.col + first.width;
  let [gap, split] = [0, 0];
  for (const [i, box] of sorted.entries()) {
    if (box.col - end > gap) [gap, split] = [box.col - end, i];
    end = Math.max(end, box.col + box.width);
  }
  const across = first.col + width - end;
  // East of the gap goes first: that is the region's western part.
  return split === 0 || across >= gap ? [sorted] : [sorted.slice(split), sorted.slice(0, split)];
}
