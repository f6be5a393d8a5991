import type { Window } from '../../grid/window.js';
import type { Lattice } from './lattice.js';
import { type Loops, TYPESCRIPT_LOOPS } from './loops.js';
import { fillPart, type Positions, type Project, positionsBy, toWorld } from './positions.js';
import { PLACES, POINTS, partOf, SIDE, SQUARES, type Squares, type Strip } from './squares.js';

/**
 * Positions that cost a few multiplications each. In squares of the target's lattice they are interpolated by
 * a polynomial, where that is right to {@link TOLERANCE} at all points looked at; where it is not, smaller squares
 * are, and in those that are left (poles, seams, the edge of a map, a change of the datum's operation) each is
 * computed. Since squares are the lattice's own,
 * a position is the same in whichever tile it is asked for.
 */
export function interpolatedBy(
  lattice: Lattice,
  project: Project,
  loops: Loops = TYPESCRIPT_LOOPS,
): Positions {
  const exact = positionsBy(lattice, project);
  const world = toWorld(lattice.affine);
  // Used again from call to call, none of which waits.
  let found = new Int32Array(0);
  return {
    fill: exact.fill,
    nearly(window, offset, edges, xs, ys) {
      const unsure: number[] = [];
      const most = Math.min(SIDE, window.height) * window.width;
      if (found.length < most) found = new Int32Array(most);
      const { width: stride } = window;
      const put = (whole: Window, [squares, ...smaller]: readonly Squares[]) => {
        if (squares === undefined) return fillPart(exact, whole, window, offset, xs, ys);
        for (const { window: part, ...place } of strips(whole, squares.side)) {
          const nodes = nodesOf(place, squares.side);
          world(nodes.xs, nodes.ys);
          project(nodes.xs, nodes.ys);
          const strip: Strip = {
            ...{ window: part, ...place, ...squares, stride, nodes, offset, edges },
          };
          const start = (part.row - window.row) * stride + part.col - window.col;
          const rejected = new Uint8Array(place.squares);
          const count = loops.interpolate(strip, xs, ys, start, { rejected, unsure: found });
          for (let k = 0; k < count; k++) unsure.push(found[k] as number);
          for (let k = rejected.indexOf(1); k !== -1; k = rejected.indexOf(1, k + 1))
            put(partOf(strip, k), smaller);
        }
      };
      put(window, SQUARES);
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

type Place = Pick<Strip, 'row' | 'col' | 'squares'>;

/** Rows of squares, as far as they lie in a window of points. */
function* strips(window: Window, side: number): Generator<Pick<Strip, 'window'> & Place> {
  const end = window.row + window.height;
  const col = Math.floor(window.col / side) * side;
  const squares = Math.ceil((window.col + window.width - col) / side);
  for (let row = Math.floor(window.row / side) * side; row < end; row += side) {
    const first = Math.max(row, window.row);
    const height = Math.min(row + side, end) - first;
    yield { window: { ...window, row: first, height }, row, col, squares };
  }
}

/** Points of the target's lattice that are computed, square by square, row by row. */
function nodesOf({ row, col, squares }: Place, side: number) {
  const xs = new Float64Array(squares * POINTS * POINTS);
  const ys = new Float64Array(xs.length);
  let at = 0;
  for (let k = 0; k < squares; k++)
    for (let j = 0; j < POINTS; j++)
      for (let i = 0; i < POINTS; i++, at++) {
        xs[at] = col + k * side + (((PLACES[i] as number) + 1) * side) / 2;
        ys[at] = row + (((PLACES[j] as number) + 1) * side) / 2;
      }
  return { xs, ys };
}
