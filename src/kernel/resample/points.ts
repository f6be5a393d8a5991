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

/** The source pixels that a block may need: a box around its points, or nothing. */
export function sourceOf(points: BlockPoints, sight: Sight): Window | undefined {
  const { xs, ys, stride, first, height, width } = points;
  const { extent, reach, turn = Number.POSITIVE_INFINITY, isFootprint } = sight;
  const more = isFootprint ? 1 : 0;
  // Points beyond the raster matter as corners of footprints that reach into it.
  const beyond = isFootprint ? Number.POSITIVE_INFINITY : 1;
  const [left, right] = [extent.col - beyond, extent.col + extent.width + beyond];
  const [top, bottom] = [extent.row - beyond, extent.row + extent.height + beyond];
  let [west, east] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [north, south] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let j = 0; j < height + more; j++) {
    const start = first + j * stride;
    for (let p = start; p < start + width + more; p++) {
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
