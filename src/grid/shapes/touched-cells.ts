/**
 * Which cells of a grid shapes touch, row by row. A cell is touched by a polygon when an edge runs
 * through its inside, or else when its middle is inside: a cell that no edge enters is wholly one or the
 * other. So the cost is that of the edges and of the cells found, not of the grid.
 */
import type { XY } from '../affine.js';
import { EDGE_TOLERANCE, type Shape } from '../frame.js';
import type { Shapes } from './place.js';
import { doubleArea, type Ring, type RingSet } from './ring.js';

export interface CellGrid {
  readonly rows: number;
  readonly cols: number;
  /** Pixels of a cell; the last row and column may hold fewer. */
  readonly chunk: Shape;
  readonly geobox: { readonly shape: Shape };
}

export interface CellPosition {
  readonly row: number;
  readonly col: number;
}

/** Columns first .. end - 1 of one row. */
type Run = readonly [first: number, end: number];

/** In cells: x along columns, y along rows. */
interface Edge {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/**
 * Each touched cell once, in row-major order, as often as they are asked for. Shapes are in pixel
 * coordinates (col, row).
 */
export function touchedCells(shapes: Shapes, grid: CellGrid): Iterable<CellPosition> {
  const rows = new RowRuns(grid);
  for (const rings of shapes.polygons) rows.addPolygon(rings);
  for (const line of shapes.lines) rows.addLine(line);
  for (const point of shapes.points) rows.addPoint(point);
  return { [Symbol.iterator]: () => rows.cells() };
}

class RowRuns {
  readonly #runs = new Map<number, Run[]>();
  /** Rounding in pixels, as a share of a cell. */
  readonly #tolerance: XY;

  constructor(private readonly grid: CellGrid) {
    this.#tolerance = [EDGE_TOLERANCE / grid.chunk.width, EDGE_TOLERANCE / grid.chunk.height];
  }

  addPolygon(rings: RingSet): void {
    const edges = rings.flatMap((ring) => this.#edges(ring, true));
    const { inside, through } = this.#byRow(edges);
    for (const [row, crossed] of through) {
      for (const edge of crossed) this.#addThrough(edge, row);
      const xs = crossings(inside.get(row) ?? [], this.#middle(row, 1));
      for (let i = 0; i + 1 < xs.length; i += 2)
        this.#add(row, this.#firstMiddleFrom(xs[i] ?? 0), this.#firstMiddleFrom(xs[i + 1] ?? 0));
    }
    // Thinner than rounding, it still touches what it lies in.
    if (rings.every(isThin)) for (const ring of rings) this.addLine([...ring, ...ring.slice(0, 1)]);
  }

  addLine(line: readonly XY[]): void {
    const { cols, rows } = this.grid;
    const [tx, ty] = this.#tolerance;
    for (const { x1, y1, x2, y2 } of this.#edges(line, false)) {
      const [top, bottom] = [Math.min(y1, y2), Math.max(y1, y2)];
      if (bottom < -ty || top > this.#limit(1) + ty) continue;
      const first = Math.min(Math.floor(top + ty), rows - 1);
      const end = Math.max(Math.ceil(bottom - ty), first + 1);
      for (let row = Math.max(first, 0); row < Math.min(end, rows); row++) {
        // Along an edge, rounding may have left it on the other side of the row it belongs to.
        const isLevel = bottom - top <= 2 * ty;
        const [left, right] = isLevel
          ? [Math.min(x1, x2), Math.max(x1, x2)]
          : spanWithin({ x1, y1, x2, y2 }, row, row + 1);
        if (left > right || right < -tx || left > this.#limit(0) + tx) continue;
        const firstCol = Math.min(Math.floor(left + tx), cols - 1);
        this.#add(row, firstCol, Math.max(Math.ceil(right - tx), firstCol + 1));
      }
    }
  }

  addPoint(point: XY): void {
    this.addLine([point, point]);
  }

  *cells(): Generator<CellPosition> {
    const rows = [...this.#runs.keys()].sort((one, other) => one - other);
    for (const row of rows) {
      let next = 0;
      const runs = (this.#runs.get(row) ?? []).sort(([one], [other]) => one - other);
      for (const [first, end] of runs) {
        for (let col = Math.max(first, next); col < end; col++) yield { row, col };
        next = Math.max(next, end);
      }
    }
  }

  /** The grid's far edge in cells, which may lie inside the last one. */
  #limit(axis: 0 | 1): number {
    const { chunk, geobox } = this.grid;
    return axis === 0 ? geobox.shape.width / chunk.width : geobox.shape.height / chunk.height;
  }

  /** The middle of a row or column of cells; the last may be cut off by the grid's edge. */
  #middle(index: number, axis: 0 | 1): number {
    return (index + Math.min(index + 1, this.#limit(axis))) / 2;
  }

  /** The first column whose middle lies at x or right of it. */
  #firstMiddleFrom(x: number): number {
    const col = Math.ceil(x - 0.5);
    const last = this.grid.cols - 1;
    if (col < last) return col;
    return this.#middle(last, 0) >= x ? last : last + 1;
  }

  #edges(points: readonly XY[], isClosed: boolean): Edge[] {
    const { width, height } = this.grid.chunk;
    const edges: Edge[] = [];
    const isPoint = points.every(([x, y]) => x === points[0]?.[0] && y === points[0]?.[1]);
    for (let i = isClosed ? 0 : 1; i < points.length; i++) {
      const [from, to] = [points.at(i - 1), points[i]];
      if (from === undefined || to === undefined) continue;
      // A doubled vertex is no point of its own: an edge that ends there does not touch what begins there.
      if (!isPoint && from[0] === to[0] && from[1] === to[1]) continue;
      edges.push({
        x1: from[0] / width,
        y1: from[1] / height,
        x2: to[0] / width,
        y2: to[1] / height,
      });
    }
    return edges;
  }

  /** For each row of the grid, the edges that pass through it, and of those the ones that cross its middle. */
  #byRow(edges: readonly Edge[]): { inside: Map<number, Edge[]>; through: Map<number, Edge[]> } {
    const inside = new Map<number, Edge[]>();
    const through = new Map<number, Edge[]>();
    const [, ty] = this.#tolerance;
    for (const edge of edges) {
      const [top, bottom] = [Math.min(edge.y1, edge.y2), Math.max(edge.y1, edge.y2)];
      const first = Math.max(Math.floor(top + ty), 0);
      const end = Math.min(Math.ceil(bottom - ty), this.grid.rows);
      for (let row = first; row < end; row++) {
        push(through, row, edge);
        const middle = this.#middle(row, 1);
        if (edge.y1 > middle !== edge.y2 > middle) push(inside, row, edge);
      }
    }
    return { inside, through };
  }

  /** Adds the cells of a row whose inside the edge enters. */
  #addThrough(edge: Edge, row: number): void {
    const [tx, ty] = this.#tolerance;
    // The grid may end inside its last row.
    const bottom = Math.min(row + 1, this.#limit(1));
    const [left, right] = spanWithin(edge, row + ty, bottom - ty);
    if (!(left <= right) || left >= this.#limit(0) - tx) return;
    this.#add(row, Math.floor(left + tx), Math.ceil(right - tx));
  }

  #add(row: number, first: number, end: number): void {
    const run: Run = [Math.max(first, 0), Math.min(end, this.grid.cols)];
    if (run[0] >= run[1]) return;
    const runs = this.#runs.get(row);
    if (runs === undefined) this.#runs.set(row, [run]);
    else if (!runs.some(([from, to]) => from <= run[0] && run[1] <= to)) runs.push(run);
  }
}

/** True when a ring in pixels is nowhere wider than rounding, on the whole. */
export function isThin(ring: Ring): boolean {
  let length = 0;
  let before = ring.at(-1);
  for (const point of ring) {
    if (before !== undefined) length += Math.hypot(point[0] - before[0], point[1] - before[1]);
    before = point;
  }
  return Math.abs(doubleArea(ring)) <= 2 * EDGE_TOLERANCE * length;
}

function push(map: Map<number, Edge[]>, row: number, edge: Edge): void {
  const list = map.get(row);
  if (list === undefined) map.set(row, [edge]);
  else list.push(edge);
}

/** Where edges cross a horizontal line, sorted. */
function crossings(edges: readonly Edge[], y: number): number[] {
  return edges
    .map(({ x1, y1, x2, y2 }) => x1 + ((y - y1) / (y2 - y1)) * (x2 - x1))
    .sort((one, other) => one - other);
}

/** Least and greatest x of the part of an edge between two rows; an empty span when there is none. */
function spanWithin({ x1, y1, x2, y2 }: Edge, top: number, bottom: number): XY {
  const at = (y: number) => (y1 === y2 ? x1 : x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
  const low = Math.max(Math.min(y1, y2), top);
  const high = Math.min(Math.max(y1, y2), bottom);
  if (low > high) return [1, 0];
  if (y1 === y2) return [Math.min(x1, x2), Math.max(x1, x2)];
  const ends: XY = [at(low), at(high)];
  return [Math.min(...ends), Math.max(...ends)];
}
