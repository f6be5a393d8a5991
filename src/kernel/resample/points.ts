import { intersect, type Window } from '../../grid/window.js';

/** Positions of the points of a window of the target's, row by row. */
export interface Points {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
  /** Points from one row to the next. */
  readonly stride: number;
}

/** Those of a block within the window: its first point, rows and columns. */
export interface BlockPoints extends Points {
  readonly first: number;
  readonly height: number;
  readonly width: number;
}

export function within(points: Points, window: Window, block: Window): BlockPoints {
  const first = (block.row - window.row) * points.stride + block.col - window.col;
  return { ...points, first, height: block.height, width: block.width };
}

/** What decides how much of a source is looked at. */
export interface Sight {
  /** Where the source has pixels. */
  readonly extent: Window;
  /** Pixels around a point that a resampling may look at. */
  readonly reach: readonly [x: number, y: number];
  /** Columns in a full turn around the earth, where there is one. */
  readonly turn: number | undefined;
  readonly isFootprint: boolean;
}

/** A box in the source; not one where there was no point. */
export interface Box {
  readonly west: number;
  readonly east: number;
  readonly north: number;
  readonly south: number;
}

/** The box around the points of a block that lie in another box, its edges included. */
export function boundsOf({ xs, ys, stride, first, height, width }: BlockPoints, within: Box): Box {
  const { west: left, east: right, north: top, south: bottom } = within;
  let [west, east] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [north, south] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let j = 0; j < height; j++) {
    const start = first + j * stride;
    for (let p = start; p < start + width; p++) {
      const x = xs[p] as number;
      const y = ys[p] as number;
      if (!(x >= left && x <= right && y >= top && y <= bottom)) continue;
      if (!Number.isFinite(x + y)) continue;
      if (x < west) west = x;
      if (x > east) east = x;
      if (y < north) north = y;
      if (y > south) south = y;
    }
  }
  return { west, east, north, south };
}

/** Columns by whole turns where that brings them into the source, or nearest to its middle, in place. */
export function bringBack(xs: Float64Array, turn: number, { col, width }: Window): void {
  const middle = col + width / 2;
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i] as number;
    if (x >= col && x < col + width) continue;
    const back = x - turn * Math.round((x - middle) / turn);
    if (Number.isFinite(back)) xs[i] = back;
  }
}

/**
 * The source pixels that a block may need: a box around its points, or nothing.
 *
 * @param bounds {@link boundsOf}, or what does the same
 */
export function sourceOf(
  points: BlockPoints,
  sight: Sight,
  bounds: typeof boundsOf,
): Window | undefined {
  const { extent, reach, turn = Number.POSITIVE_INFINITY, isFootprint } = sight;
  const more = isFootprint ? 1 : 0;
  // Points beyond the raster matter as corners of footprints that reach into it.
  const beyond = isFootprint ? Number.POSITIVE_INFINITY : 1;
  const all = { ...points, height: points.height + more, width: points.width + more };
  const { north, south, ...box } = bounds(all, {
    west: extent.col - beyond,
    east: extent.col + extent.width + beyond,
    north: extent.row - beyond,
    south: extent.row + extent.height + beyond,
  });
  let { west, east } = box;
  if (!(west <= east)) return undefined;
  if (isFootprint && east - west > turn / 2) {
    west = Math.min(west, extent.col);
    east = Math.max(east, extent.col + extent.width);
  }
  const across = pixelsIn(west, east, extent.col, extent.width, reach[0]);
  const down = pixelsIn(north, south, extent.row, extent.height, reach[1]);
  return intersect(
    { row: down.first, col: across.first, height: down.count, width: across.count },
    extent,
  );
}

function pixelsIn(low: number, high: number, start: number, length: number, reach: number) {
  const first = Math.floor(Math.max(low, start - reach)) - reach;
  const last = Math.ceil(Math.min(high, start + length + reach)) + reach;
  return { first, count: last - first };
}
