import type { Window } from '../../grid/window.js';

/** Degree of the polynomials, along each axis. */
const DEGREE = 4;

const TERMS = DEGREE + 1;

/**
 * Points at which a square is computed exactly, along each axis: Chebyshev's of twice the degree, which
 * include its corners. Every second one is a node of the polynomial, the others tell its error.
 */
export const POINTS = 2 * DEGREE + 1;

/** Source pixels by which an interpolated position may be off. */
export const TOLERANCE = 1e-6;

/** Squares that are interpolated in: the target lattice's own, not a tile's. */
export interface Squares {
  /** Points on a side. */
  readonly side: number;
  /**
   * Source pixels by which a polynomial may be off at any of the 56 points that tell its error. Between these
   * a smooth map's error is hardly larger; a map that jumps there does so along a line, which parts the corners.
   */
  readonly seen: number;
}

/**
 * From the largest on; a square that a polynomial is not right in is made of those that come next. Points that tell
 * the error of larger ones lie farther apart, so less of it is allowed there.
 */
export const SQUARES: readonly [Squares, ...Squares[]] = [
  { side: 128, seen: TOLERANCE / 128 },
  { side: 64, seen: TOLERANCE / 16 },
];

/** Points on a side of the largest squares: who asks for windows that begin at multiples of it asks for each once. */
export const SIDE = SQUARES[0].side;

/** The places of the points in a square, from -1 to 1. */
export const PLACES = Float64Array.from({ length: POINTS }, (_, k) =>
  2 * k === POINTS - 1 ? 0 : -Math.cos((Math.PI * k) / (POINTS - 1)),
);

/** Coefficients of 1, u, u², … of the polynomial that is 1 at one node and 0 at the others; node by node. */
export const BASIS = Float64Array.from(
  Array.from({ length: TERMS }, (_, node) => {
    const own = PLACES[2 * node] as number;
    let coefficients: number[] = [1];
    for (let other = 0; other < TERMS; other++) {
      if (other === node) continue;
      const root = PLACES[2 * other] as number;
      const next = new Array<number>(coefficients.length + 1).fill(0);
      for (const [power, value] of coefficients.entries()) {
        next[power + 1] = (next[power + 1] as number) + value / (own - root);
        next[power] = (next[power] as number) - (value * root) / (own - root);
      }
      coefficients = next;
    }
    return coefficients;
  }).flat(),
);

/** A row of squares, as far as it lies in a window of points. */
export interface Strip extends Squares {
  /** Of points of the target's lattice, as wide as the window. */
  readonly window: Window;
  /** From the position of a point to that of the one below. */
  readonly stride: number;
  /** Where the squares begin, each `side` points after the one before. */
  readonly row: number;
  readonly col: number;
  readonly squares: number;
  /** By which points are moved along both axes. */
  readonly offset: number;
  /** Exact positions at the {@link POINTS}² points of each square, square by square, row by row. */
  readonly nodes: { readonly xs: Float64Array; readonly ys: Float64Array };
  /** As in {@link Positions.nearly}. */
  readonly edges: 1 | 2;
}

/** What is told of a strip beside its positions. */
export interface StripRemarks {
  /** By square: 1 where a polynomial is not right at all points, so that nothing was put there. */
  readonly rejected: Uint8Array;
  /** Indices of points so near to an edge that their exact positions may lie on its other side. */
  readonly unsure: Int32Array;
}

/**
 * Puts the positions of a strip's points, row by row, into `xs` and `ys` from an index on, that of its first point.
 *
 * @param remarks room for as many squares as the strip has, and for as many points
 * @returns how many points are unsure
 */
export function interpolate(
  strip: Strip,
  xs: Float64Array,
  ys: Float64Array,
  start: number,
  { rejected, unsure }: StripRemarks,
): number {
  let found = 0;
  for (let k = 0; k < strip.squares; k++) {
    const across = polynomialOf(strip.nodes.xs, k, strip.seen);
    const down = polynomialOf(strip.nodes.ys, k, strip.seen);
    rejected[k] = across === undefined || down === undefined ? 1 : 0;
    if (across === undefined || down === undefined) continue;
    const part = partOf(strip, k);
    evaluate(across, part, strip, start, xs);
    evaluate(down, part, strip, start, ys);
    found = addUnsure(part, strip, start, xs, ys, unsure, found);
  }
  return found;
}

/** Of a square, the points in the strip. */
export function partOf({ window, col, squares, side }: Strip, k: number): Window {
  if (!(k < squares)) throw new RangeError('Expected a square of the strip.');
  const first = Math.max(col + k * side, window.col);
  return {
    ...window,
    col: first,
    width: Math.min(col + (k + 1) * side, window.col + window.width) - first,
  };
}

/** One coordinate of the positions in a square, as coefficients of u^k v^j at `j * (DEGREE + 1) + k`. */
type Polynomial = Float64Array;

/** The polynomial of a square, if it is right at all points. */
function polynomialOf(values: Float64Array, square: number, seen: number): Polynomial | undefined {
  const start = square * POINTS * POINTS;
  const polynomial = new Float64Array(TERMS * TERMS);
  for (let j = 0; j < TERMS; j++)
    for (let i = 0; i < TERMS; i++) {
      const value = values[start + 2 * j * POINTS + 2 * i] as number;
      for (let m = 0; m < TERMS; m++)
        for (let k = 0; k < TERMS; k++) {
          const down = BASIS[j * TERMS + m] as number;
          const across = BASIS[i * TERMS + k] as number;
          polynomial[m * TERMS + k] = (polynomial[m * TERMS + k] as number) + value * down * across;
        }
    }
  for (let j = 0, at = start; j < POINTS; j++) {
    const row = rowOf(polynomial, PLACES[j] as number);
    for (let i = 0; i < POINTS; i++, at++) {
      const off = Math.abs(valueAt(row, PLACES[i] as number) - (values[at] as number));
      // Not so where either is not finite.
      if (!(off <= seen)) return undefined;
    }
  }
  return polynomial;
}

type Row = readonly [number, number, number, number, number];

/** The polynomial along one row. */
function rowOf(p: Polynomial, v: number): Row {
  const term = (k: number) => {
    let sum = p[DEGREE * TERMS + k] as number;
    for (let m = DEGREE - 1; m >= 0; m--) sum = sum * v + (p[m * TERMS + k] as number);
    return sum;
  };
  return [term(0), term(1), term(2), term(3), term(4)];
}

function valueAt([c0, c1, c2, c3, c4]: Row, u: number): number {
  return (((c4 * u + c3) * u + c2) * u + c1) * u + c0;
}

function evaluate(
  polynomial: Polynomial,
  part: Window,
  { window, stride, row, offset, col, side }: Strip,
  start: number,
  into: Float64Array,
): void {
  const left = col + Math.floor((part.col - col) / side) * side;
  for (let j = 0; j < part.height; j++) {
    const [c0, c1, c2, c3, c4] = rowOf(polynomial, placeIn(row, part.row + j + offset, side));
    let at = start + j * stride + part.col - window.col;
    for (let i = 0; i < part.width; i++, at++) {
      const u = placeIn(left, part.col + i + offset, side);
      into[at] = (((c4 * u + c3) * u + c2) * u + c1) * u + c0;
    }
  }
}

function placeIn(start: number, point: number, side: number): number {
  return ((point - start) * 2) / side - 1;
}

/** Positions this near to an edge may be on its wrong side, in units of edges. */
export function nearEdge(edges: 1 | 2): number {
  return 2 * TOLERANCE * edges;
}

function addUnsure(
  part: Window,
  { window, stride, edges }: Strip,
  start: number,
  xs: Float64Array,
  ys: Float64Array,
  unsure: Int32Array,
  found: number,
): number {
  const near = nearEdge(edges);
  let count = found;
  for (let j = 0; j < part.height; j++) {
    let at = start + j * stride + part.col - window.col;
    for (let i = 0; i < part.width; i++, at++) {
      const x = (xs[at] as number) * edges;
      const y = (ys[at] as number) * edges;
      const [dx, dy] = [x - Math.floor(x + 0.5), y - Math.floor(y + 0.5)];
      if ((dx < near && dx > -near) || (dy < near && dy > -near)) unsure[count++] = at;
    }
  }
  return count;
}
