import type { Window } from '../../grid/window.js';
import type { Lattice } from './lattice.js';
import { fillPart, type Positions, type Project, positionsBy, toWorld } from './positions.js';

/** Points on a side of the squares that are interpolated in: the target lattice's own, not a tile's. */
const SIDE = 64;

/** Degree of the polynomials, along each axis. */
const DEGREE = 4;

/**
 * Points at which a square is computed exactly, along each axis: Chebyshev's of twice the degree, which
 * include its corners. Every second one is a node of the polynomial, the others tell its error.
 */
const POINTS = 2 * DEGREE + 1;

/** Source pixels by which an interpolated position may be off. */
export const TOLERANCE = 1e-6;

/**
 * Source pixels by which a polynomial may be off at any of the 56 points that tell its error. Between these
 * a smooth map's error is hardly larger; a map that jumps there does so along a line, which parts the corners.
 */
const SEEN = TOLERANCE / 16;

/** The places of the points in a square, from -1 to 1. */
const PLACES: readonly number[] = Array.from({ length: POINTS }, (_, k) =>
  2 * k === POINTS - 1 ? 0 : -Math.cos((Math.PI * k) / (POINTS - 1)),
);

/** Coefficients of 1, u, u², … of the polynomial that is 1 at one node and 0 at the others; by node. */
const BASIS: readonly (readonly number[])[] = Array.from({ length: DEGREE + 1 }, (_, node) => {
  const own = PLACES[2 * node] as number;
  let coefficients: number[] = [1];
  for (let other = 0; other <= DEGREE; other++) {
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
});

/**
 * Positions that cost a few multiplications each. In squares of the target's lattice they are interpolated by
 * a polynomial, where that is right to {@link TOLERANCE} at all points looked at; in other squares (poles, seams,
 * the edge of a map, a change of the datum's operation) each is computed. Since squares are the lattice's own,
 * a position is the same in whichever tile it is asked for.
 */
export function interpolatedBy(lattice: Lattice, project: Project): Positions {
  const exact = positionsBy(lattice, project);
  const world = toWorld(lattice.affine);
  return {
    fill: exact.fill,
    nearly(window, offset, edges, xs, ys) {
      const unsure: number[] = [];
      for (const strip of strips(window)) {
        const squares = squaresIn(strip);
        const nodes = nodesOf(strip, squares);
        world(nodes.xs, nodes.ys);
        project(nodes.xs, nodes.ys);
        for (const [k, first] of squares.entries()) {
          const part = partOf(strip, first);
          const across = polynomialOf(nodes.xs, k);
          const down = polynomialOf(nodes.ys, k);
          if (across === undefined || down === undefined) {
            fillPart(exact, part, window, offset, xs, ys);
            continue;
          }
          evaluate(across, part, window, offset, xs);
          evaluate(down, part, window, offset, ys);
          addUnsure(part, window, edges, xs, ys, unsure);
        }
      }
      if (unsure.length === 0) return;
      const own = { xs: new Float64Array(unsure.length), ys: new Float64Array(unsure.length) };
      for (const [k, at] of unsure.entries()) {
        const j = Math.floor(at / window.width);
        own.xs[k] = window.col + offset + (at - j * window.width);
        own.ys[k] = window.row + offset + j;
      }
      world(own.xs, own.ys);
      project(own.xs, own.ys);
      for (const [k, at] of unsure.entries()) {
        xs[at] = own.xs[k] as number;
        ys[at] = own.ys[k] as number;
      }
    },
  };
}

/** Rows of squares, as far as they lie in a window of points. */
function* strips(window: Window): Generator<Window> {
  const end = window.row + window.height;
  for (let row = window.row; row < end; ) {
    const next = Math.min((Math.floor(row / SIDE) + 1) * SIDE, end);
    yield { ...window, row, height: next - row };
    row = next;
  }
}

/** First columns of the squares of a strip. */
function squaresIn({ col, width }: Window): number[] {
  const first = Math.floor(col / SIDE) * SIDE;
  return Array.from(
    { length: Math.ceil((col + width - first) / SIDE) },
    (_, k) => first + k * SIDE,
  );
}

/** Of a square that begins at a column, the points in the strip. */
function partOf(strip: Window, first: number): Window {
  const col = Math.max(first, strip.col);
  return { ...strip, col, width: Math.min(first + SIDE, strip.col + strip.width) - col };
}

/** Points of the target's lattice that are computed, square by square, row by row. */
function nodesOf({ row }: Window, squares: readonly number[]) {
  const top = Math.floor(row / SIDE) * SIDE;
  const xs = new Float64Array(squares.length * POINTS * POINTS);
  const ys = new Float64Array(xs.length);
  let at = 0;
  for (const left of squares)
    for (let j = 0; j < POINTS; j++)
      for (let i = 0; i < POINTS; i++, at++) {
        xs[at] = left + (((PLACES[i] as number) + 1) * SIDE) / 2;
        ys[at] = top + (((PLACES[j] as number) + 1) * SIDE) / 2;
      }
  return { xs, ys };
}

/** One coordinate of the positions in a square, as coefficients of u^k v^j at `j * (DEGREE + 1) + k`. */
type Polynomial = Float64Array;

const TERMS = DEGREE + 1;

/** The polynomial of a square, if it is right at all points. */
function polynomialOf(values: Float64Array, square: number): Polynomial | undefined {
  const start = square * POINTS * POINTS;
  const polynomial = new Float64Array(TERMS * TERMS);
  for (let j = 0; j < TERMS; j++)
    for (let i = 0; i < TERMS; i++) {
      const value = values[start + 2 * j * POINTS + 2 * i] as number;
      const [down, across] = [BASIS[j], BASIS[i]] as [readonly number[], readonly number[]];
      for (let m = 0; m < TERMS; m++)
        for (let k = 0; k < TERMS; k++) {
          const at = m * TERMS + k;
          polynomial[at] =
            (polynomial[at] as number) + value * (down[m] as number) * (across[k] as number);
        }
    }
  for (let j = 0, at = start; j < POINTS; j++) {
    const row = rowOf(polynomial, PLACES[j] as number);
    for (let i = 0; i < POINTS; i++, at++) {
      const off = Math.abs(valueAt(row, PLACES[i] as number) - (values[at] as number));
      // Not so where either is not finite.
      if (!(off <= SEEN)) return undefined;
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
  window: Window,
  offset: number,
  into: Float64Array,
): void {
  const [top, left] = [Math.floor(part.row / SIDE) * SIDE, Math.floor(part.col / SIDE) * SIDE];
  for (let j = 0; j < part.height; j++) {
    const [c0, c1, c2, c3, c4] = rowOf(polynomial, placeIn(top, part.row + j + offset));
    let at = (part.row + j - window.row) * window.width + part.col - window.col;
    for (let i = 0; i < part.width; i++, at++) {
      const u = placeIn(left, part.col + i + offset);
      into[at] = (((c4 * u + c3) * u + c2) * u + c1) * u + c0;
    }
  }
}

function placeIn(start: number, point: number): number {
  return ((point - start) * 2) / SIDE - 1;
}

/** Points so near to an edge that their exact positions may lie on its other side. */
function addUnsure(
  part: Window,
  window: Window,
  edges: number,
  xs: Float64Array,
  ys: Float64Array,
  unsure: number[],
): void {
  const near = 2 * TOLERANCE * edges;
  for (let j = 0; j < part.height; j++) {
    let at = (part.row + j - window.row) * window.width + part.col - window.col;
    for (let i = 0; i < part.width; i++, at++) {
      const x = (xs[at] as number) * edges;
      const y = (ys[at] as number) * edges;
      const [dx, dy] = [x - Math.floor(x + 0.5), y - Math.floor(y + 0.5)];
      if ((dx < near && dx > -near) || (dy < near && dy > -near)) unsure.push(at);
    }
  }
}
