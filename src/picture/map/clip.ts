import type { XY } from '../../grid/affine.js';

/** A rectangle to clip to; in degrees or in picture units, `low` below `high` on both axes. */
export interface ClipBox {
  readonly xLow: number;
  readonly xHigh: number;
  readonly yLow: number;
  readonly yHigh: number;
}

/** The four half-planes of a box: how far inside a point is, negative outside. */
function sidesOf({ xLow, xHigh, yLow, yHigh }: ClipBox): ((point: XY) => number)[] {
  return [([x]) => x - xLow, ([x]) => xHigh - x, ([, y]) => y - yLow, ([, y]) => yHigh - y];
}

/**
 * The part of a polygon inside the box (Sutherland and Hodgman). The ring is open: its last point is
 * not its first again. Parts that fall asunder stay joined by edges along the box, which enclose no
 * area; that is why outlines are clipped as lines and not taken from here.
 */
export function clipPolygon(ring: readonly XY[], box: ClipBox): readonly XY[] {
  let points = ring;
  for (const inside of sidesOf(box)) {
    if (points.length === 0) return points;
    const kept: XY[] = [];
    let previous = points.at(-1) as XY;
    let before = inside(previous);
    for (const point of points) {
      const here = inside(point);
      if (here >= 0 !== before >= 0) kept.push(between(previous, point, before / (before - here)));
      if (here >= 0) kept.push(point);
      previous = point;
      before = here;
    }
    points = kept;
  }
  return points;
}

/** The parts of a line inside the box (Liang and Barsky, segment by segment). */
export function clipLine(line: readonly XY[], box: ClipBox): XY[][] {
  const sides = sidesOf(box);
  const parts: XY[][] = [];
  let part: XY[] = [];
  for (let i = 1; i < line.length; i++) {
    const [from, to] = [line[i - 1] as XY, line[i] as XY];
    let [start, end] = [0, 1];
    for (const inside of sides) {
      const [a, b] = [inside(from), inside(to)];
      if (a < 0 && b < 0) end = -1;
      else if (a < 0) start = Math.max(start, a / (a - b));
      else if (b < 0) end = Math.min(end, a / (a - b));
    }
    if (start > end) continue;
    // A segment that enters the box begins a new part; one that leaves it ends the part.
    if (part.length === 0 || start > 0) {
      part = [between(from, to, start)];
      parts.push(part);
    }
    part.push(between(from, to, end));
    if (end < 1) part = [];
  }
  return parts;
}

function between(from: XY, to: XY, t: number): XY {
  if (t === 0) return from;
  if (t === 1) return to;
  return [from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t];
}
