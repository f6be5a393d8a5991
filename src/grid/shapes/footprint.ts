/**
 * The outline of a raster on a grid, as many small ones: the raster is cut into cells until each is mapped
 * almost straight. Whatever the map does in between (the edge of a map of the world, a pole, places off the
 * earth) is found by cells that will not become straight, and is narrowed down to the smallest of them.
 */
import type { XY } from '../affine.js';
import { type Bounds, boundsOfPoints, type Shape } from '../frame.js';
import type { Window } from '../window.js';
import { isFinitePoint } from './path.js';
import type { Ring } from './ring.js';

/** Where a raster's pixels come to lie on a grid. */
export interface PixelMap {
  /**
   * From pixels (col, row) of the raster to those of the grid, both from the outer corner. Not finite where
   * there is none that comes back.
   */
  readonly image: (point: XY) => XY;
  /** Columns of the grid in a full turn around the earth, where it has one. */
  readonly turn: number | undefined;
}

/** A cell of the raster, in pixels of the grid, by how many whole turns it was moved there. */
export interface Piece {
  readonly ring: Ring;
  readonly turns: number;
}

/** Steps of the finest lattice along a side of the raster: a power of 2. */
const STEPS = 2 ** 15;
/** Steps of the cells looked at first, so that nothing hides in one that looks straight. */
const FIRST = STEPS / 4;
/** Cells of this many steps of which no point has an image are taken to have none. */
const OFF_EARTH = STEPS / 32;
/** Seams are narrowed down to cells of this many steps, or of a pixel of the raster: their number is that of a line. */
const SEAM = STEPS / 4096;

/**
 * By how many pixels of the grid a curve may be off its middle, between points of the lattice, before a cell
 * is cut: a straight line then misses the curve by an eighth of it. Edges of the raster must be right to a
 * fraction of a pixel, those inside it only meet one another.
 */
const BEND = { edge: 0.1, inside: 2 } as const;

/**
 * The cells of a raster that lie on a window of the grid or touch it. Together they hold the place of each of
 * its pixels, and reach past them by some pixels only where the map has a seam.
 */
export function* footprint(map: PixelMap, raster: Shape, grid: Window): Generator<Piece> {
  const known = new Map<number, XY>();
  const at = (i: number, j: number): XY => {
    const key = i * (STEPS + 1) + j;
    const found = known.get(key);
    if (found !== undefined) return found;
    const image = map.image([(i * raster.width) / STEPS, (j * raster.height) / STEPS]);
    known.set(key, image);
    return image;
  };
  const open: [i: number, j: number, size: number][] = [];
  for (let i = 0; i < STEPS; i += FIRST)
    for (let j = 0; j < STEPS; j += FIRST) open.push([i, j, FIRST]);
  for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
    const [i, j, size] = cell;
    const half = size / 2;
    const nodes = lattice(i, j, half, at, map.turn);
    const finite = nodes.filter(isFinitePoint);
    if (finite.length === 0 && size <= OFF_EARTH) continue;
    let isSeam = finite.length < nodes.length;
    if (!isSeam) {
      const bend = bendOf(nodes);
      if (!reaches(nodes, bend, grid, map.turn)) continue;
      const isEdge = i === 0 || j === 0 || i + size === STEPS || j + size === STEPS;
      if (bend <= BEND[isEdge ? 'edge' : 'inside']) {
        yield* turned(outlineOf(nodes), grid, map.turn);
        continue;
      }
      const span = Math.max(...([0, 1] as const).map((axis) => widthOf(nodes, axis)));
      // A curve is the straighter the smaller its part; a jump stays what it is.
      isSeam = bend > span / 2;
    }
    const isPixel = size * Math.max(raster.width, raster.height) <= STEPS;
    if (half <= 1 || (isSeam && (size <= SEAM || isPixel))) yield* around(nodes, grid, map.turn);
    else
      open.push([i, j, half], [i + half, j, half], [i, j + half, half], [i + half, j + half, half]);
  }
}

/** Nine points of a cell, row by row, columns of a turn counted on from the first that has an image. */
function lattice(
  i: number,
  j: number,
  half: number,
  at: (i: number, j: number) => XY,
  turn: number | undefined,
): XY[] {
  const nodes: XY[] = [];
  for (let row = 0; row < 3; row++)
    for (let col = 0; col < 3; col++) nodes.push(at(i + col * half, j + row * half));
  if (turn === undefined) return nodes;
  const first = nodes.find(isFinitePoint)?.[0] ?? 0;
  return nodes.map(([x, y]) => [x - turn * Math.round((x - first) / turn), y]);
}

/** Each three points in a line, by their places in the lattice. */
const LINES = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8],
  [0, 3, 6],
  [1, 4, 7],
  [2, 5, 8],
  [0, 4, 8],
  [2, 4, 6],
] as const;

function bendOf(nodes: readonly XY[]): number {
  let most = 0;
  for (const [a, b, c] of LINES) {
    const [start, middle, end] = [nodes[a], nodes[b], nodes[c]] as [XY, XY, XY];
    const bend = Math.max(
      Math.abs(start[0] - 2 * middle[0] + end[0]),
      Math.abs(start[1] - 2 * middle[1] + end[1]),
    );
    if (bend > most) most = bend;
  }
  return most;
}

/** The eight points around the cell. */
function outlineOf(nodes: readonly XY[]): XY[] {
  return [0, 1, 2, 5, 8, 7, 6, 3].map((at) => nodes[at] as XY);
}

/** Whether a cell, as far as it may bend, has anything on the grid. */
function reaches(
  nodes: readonly XY[],
  bend: number,
  grid: Window,
  turn: number | undefined,
): boolean {
  const [left, right] = spanOf(nodes, 0);
  const [top, bottom] = spanOf(nodes, 1);
  const slack = 1 + bend;
  if (bottom + slack < grid.row || top - slack > grid.row + grid.height) return false;
  if (turn !== undefined) return turnsOf(left - slack, right + slack, grid, turn).length > 0;
  return right + slack >= grid.col && left - slack <= grid.col + grid.width;
}

function widthOf(nodes: readonly XY[], axis: 0 | 1): number {
  const [low, high] = spanOf(nodes, axis);
  return high - low;
}

function spanOf(nodes: readonly XY[], axis: 0 | 1): XY {
  const values = nodes.map((point) => point[axis]);
  return [Math.min(...values), Math.max(...values)];
}

/** The whole turns that bring columns onto the grid. */
function turnsOf(left: number, right: number, { col, width }: Window, turn: number): number[] {
  const size = Math.abs(turn);
  const first = Math.ceil((col - right) / size);
  const last = Math.floor((col + width - left) / size);
  const sign = Math.sign(turn);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, k) => sign * (first + k));
}

function* turned(ring: Ring, grid: Window, turn: number | undefined): Generator<Piece> {
  if (turn === undefined) {
    yield { ring, turns: 0 };
    return;
  }
  const [left, right] = spanOf(ring, 0);
  for (const turns of turnsOf(left, right, grid, turn))
    yield { ring: ring.map(([x, y]) => [x + turns * turn, y]), turns };
}

/** Pairs of neighbours in the lattice, along rows and along columns. */
const ALONG = [
  [
    [0, 1],
    [1, 2],
    [3, 4],
    [4, 5],
    [6, 7],
    [7, 8],
  ],
  [
    [0, 3],
    [3, 6],
    [1, 4],
    [4, 7],
    [2, 5],
    [5, 8],
  ],
] as const;

/**
 * Of a smallest cell that will not become straight: boxes around the points that have an image, each as wide as
 * the cell is there; those that meet are one. A seam parts its points; most neighbours lie on one side of it, and tell how wide that is.
 */
function* around(nodes: readonly XY[], grid: Window, turn: number | undefined): Generator<Piece> {
  const size = [0, 1].map((axis) => {
    let sum = 1;
    for (const pairs of ALONG) {
      const steps = pairs
        .map(([a, b]) =>
          Math.abs((nodes[a] as XY)[axis as 0 | 1] - (nodes[b] as XY)[axis as 0 | 1]),
        )
        .filter(Number.isFinite)
        .sort((one, other) => one - other);
      sum += 2 * (steps[Math.floor((steps.length - 1) / 2)] ?? 0);
    }
    return sum;
  }) as [number, number];
  const boxes: Bounds[] = [];
  for (const [x, y] of nodes.filter(isFinitePoint)) {
    const box = { west: x - size[0], east: x + size[0], south: y - size[1], north: y + size[1] };
    if (box.north < grid.row || box.south > grid.row + grid.height) continue;
    const at = boxes.findIndex((other) => meet(box, other));
    if (at === -1) boxes.push(box);
    else boxes[at] = boundsOfPoints([...cornersOfBox(box), ...cornersOfBox(boxes[at] as Bounds)]);
  }
  for (const box of boxes) yield* turned(cornersOfBox(box), grid, turn);
}

function meet(one: Bounds, other: Bounds): boolean {
  return (
    one.west <= other.east &&
    other.west <= one.east &&
    one.south <= other.north &&
    other.south <= one.north
  );
}

function cornersOfBox({ west, south, east, north }: Bounds): XY[] {
  return [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
  ];
}
