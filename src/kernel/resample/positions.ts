import { type Affine, invert, isAxisAligned } from '../../grid/affine.js';
import type { Window } from '../../grid/window.js';
import type { Lattice } from './lattice.js';

/** Where points of one lattice lie in the pixels of another, row by row. */
export interface Positions {
  /**
   * Positions of the points (`col` + i, `row`) of the target's lattice, one for each element of `xs`: in
   * pixels of the source's. NaN or infinite where there is none.
   */
  fill(row: number, col: number, xs: Float64Array, ys: Float64Array): void;
  /**
   * As `fill` for a window of points, row by row, each moved by `offset` along both axes, and within a
   * millionth of a source pixel (interpolated.ts). On which side of the source's edges a position lies is
   * exact: of its pixels where `edges` is 1, of halves of pixels where it is 2. Not there where positions cost
   * little anyway.
   */
  nearly?(window: Window, offset: number, edges: 1 | 2, xs: Float64Array, ys: Float64Array): void;
}

/** World coordinates of the target to pixels of the source, in place. */
export type Project = (xs: Float64Array, ys: Float64Array) => void;

/** Each point is transformed exactly. */
export function positionsBy({ affine }: Lattice, project: Project): Positions {
  const world = toWorld(affine);
  return {
    fill(row, first, xs, ys) {
      for (let i = 0; i < xs.length; i++) xs[i] = first + i;
      ys.fill(row);
      world(xs, ys);
      project(xs, ys);
    },
  };
}

/**
 * Exact positions of the points of `part`, a part of `window`, each moved by `offset` along both axes; `xs` and
 * `ys` have an element for each point of the window, row by row.
 */
export function fillPart(
  positions: Positions,
  { row, col, height, width }: Window,
  window: Window,
  offset: number,
  xs: Float64Array,
  ys: Float64Array,
): void {
  for (let j = 0; j < height; j++) {
    const at = (row + j - window.row) * window.width + col - window.col;
    const [x, y] = [xs.subarray(at, at + width), ys.subarray(at, at + width)];
    positions.fill(row + j + offset, col + offset, x, y);
  }
}

/** Pixels to world coordinates, in place. */
export function toWorld([a, b, c, d, e, f]: Affine): Project {
  return (xs, ys) => {
    for (let i = 0; i < xs.length; i++) {
      const col = xs[i] as number;
      const row = ys[i] as number;
      xs[i] = a * col + b * row + c;
      ys[i] = d * col + e * row + f;
    }
  };
}

/** World coordinates to pixels, in place. */
export function toPixels(affine: Affine): Project {
  const [a, , c, , e, f] = affine;
  if (isAxisAligned(affine)) {
    // To the bit as GDAL has it: by the inverse, not by a division.
    const [startX, perX, startY, perY] = [-c / a, 1 / a, -f / e, 1 / e];
    return (xs, ys) => {
      for (let i = 0; i < xs.length; i++) {
        xs[i] = startX + (xs[i] as number) * perX;
        ys[i] = startY + (ys[i] as number) * perY;
      }
    };
  }
  const [ia, ib, ic, id, ie, jf] = invert(affine);
  return (xs, ys) => {
    for (let i = 0; i < xs.length; i++) {
      const [x, y] = [xs[i] as number, ys[i] as number];
      xs[i] = ia * x + ib * y + ic;
      ys[i] = id * x + ie * y + jf;
    }
  };
}
