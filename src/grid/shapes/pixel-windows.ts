import { fullTurnOf } from '../crs/full-turn.js';
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
import { isThin } from './touched-cells.js';

/** By how far outside a point on the frame's edge may come out. */
const ROUNDING = EDGE_TOLERANCE / 2;

/**
 * The bounding windows of shapes in pixel coordinates, cut to the frame: one, or in a geographic or
 * cylindrical frame that goes around the earth two, where the two sides of the antimeridian hold them more
 * closely. None when the shapes lie outside.
 */
export function boundingWindows(shapes: Shapes, frame: Frame): Window[] {
  const { height, width } = frame.shape;
  const lines = [
    ...shapes.points.map((point) => [point, point]),
    ...shapes.lines,
    ...shapes.polygons
      .filter((rings) => rings.every(isThin))
      .flatMap((rings) => rings.map((ring) => [...ring, ...ring.slice(0, 1)])),
  ]
    .flatMap((line) => clipLine(line, 0, -ROUNDING, width + ROUNDING))
    .flatMap((line) => clipLine(line, 1, -ROUNDING, height + ROUNDING));
  const polygons = shapes.polygons
    .map((rings) => clipRings(clipRings(rings, 0, 0, width), 1, 0, height).flat())
    .filter(({ length }) => length > 0);
  const boxes = [
    ...lines.map((line) => cut(onLastPixel(boundsOfPoints(line), frame), frame)),
    ...polygons.map((path) => cut(boundsOfPoints(path), frame)),
  ].filter((box) => box !== undefined);
  const sides = goesAround(frame) ? atLargestGap(boxes, frame.shape.width) : [boxes];
  return sides.flatMap((side) => around(side) ?? []);
}

/** What lies on the frame's far edge belongs to the last pixel: there is none beyond. */
function onLastPixel({ west, south, east, north }: Bounds, { shape }: Frame): Bounds {
  const last = (value: number, length: number) =>
    value >= length - EDGE_TOLERANCE ? length - 0.5 : value;
  return {
    west: last(west, shape.width),
    east: last(east, shape.width),
    south: last(south, shape.height),
    north: last(north, shape.height),
  };
}

function cut(bounds: Bounds, frame: Frame): Window | undefined {
  return within(pixelsTouched(bounds, EDGE_TOLERANCE), frame.shape);
}

function goesAround({ crs, affine: [a, b], shape }: Frame): boolean {
  const turn = b === 0 ? fullTurnOf(crs) : undefined;
  return turn !== undefined && Math.abs(a) * shape.width > turn.length - 1.5 * Math.abs(a);
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
