/**
 * The built-in asset on grids whose rows and columns are native rows and columns: north-up grids in
 * EPSG:4326, of whatever pixel size. Work is done by row and by run of columns.
 */
import type { Frame, Plane } from '../image/image.js';
import { gapCell, gapSpan } from './gaps.js';
import { colAt, HEIGHT, rowAt, shoresOf, WIDTH } from './grid.js';
import {
  blend,
  CELL,
  CELL_BITS,
  grainCol,
  grainRow,
  latticeLevel,
  loadGrain,
  TONE_TABLE,
} from './noise.js';

/** What all bands of a frame share. `x` counts the frame's columns, those outside the asset left out. */
interface RowsView {
  /** Native row of each row of the frame. */
  readonly rows: Int32Array;
  /** For each row of the frame the starts and ends of its runs of x on land. */
  readonly land: readonly (readonly number[])[];
  /** Native columns, increasing. */
  readonly cols: Int32Array;
  /** True when each column is the one before it plus one. */
  readonly isNative: boolean;
  /** First column of the frame that lies in the asset. */
  readonly offset: number;
  /** Lattice columns needed, increasing. */
  readonly lattice: Int32Array;
  /** Index into `lattice` of the point to the left of each x; the point to the right is the next. */
  readonly left: Int32Array;
  /** Where runs of x in one gap cell start, and their ends: `runs[i] .. runs[i + 1] - 1`. */
  readonly runs: Int32Array;
}

const VIEW = {};

/** One band of the frame. @param band index of the band, 0 to 2 */
export function computeRows(frame: Frame, band: number): Plane {
  const view = frame.once(VIEW, () => makeView(frame));
  const pixels = new Uint8Array(frame.length);
  const mask = new Uint8Array(frame.length);
  const levels = latticeRows(view, band);
  for (let y = 0; y < frame.height; y++) {
    const row = view.rows[y] as number;
    const ranges = view.land[y] as readonly number[];
    if (ranges.length === 0) continue;
    const line = levels(row);
    const start = y * frame.width + view.offset;
    for (let i = 0; i < ranges.length; i += 2) {
      const from = ranges[i] as number;
      const to = ranges[i + 1] as number;
      mask.fill(1, start + from, start + to);
      paint(pixels, start, from, to, line, row, band, view);
    }
    cutGaps(pixels, mask, start, row, band, view);
  }
  return { pixels, mask };
}

function makeView({ geobox, width, height }: Frame): RowsView {
  const [a, , c, , e, f] = geobox.affine;
  // Places outside of the asset, however far, become the first index past its edge.
  const rows = Int32Array.from({ length: height }, (_, y) =>
    clamp(rowAt(f + e * (y + 0.5)), HEIGHT),
  );
  const all = Int32Array.from({ length: width }, (_, x) => clamp(colAt(c + a * (x + 0.5)), WIDTH));
  const offset = lowerBound(all, 0);
  const cols = all.subarray(offset, Math.max(lowerBound(all, WIDTH), offset));
  const points = new Set<number>();
  for (const col of cols) {
    points.add(col >> CELL_BITS);
    points.add((col >> CELL_BITS) + 1);
  }
  const lattice = Int32Array.from(points).sort();
  const left = cols.map((col) => lowerBound(lattice, col >> CELL_BITS));
  const runs: number[] = [];
  for (let x = 0; x < cols.length; x++) {
    if (x === 0 || gapCell(cols[x] as number) !== gapCell(cols[x - 1] as number)) runs.push(x);
  }
  runs.push(cols.length);
  const isNative = cols.every((col, x) => x === 0 || col === (cols[x - 1] as number) + 1);
  const land = Array.from(rows, (row) => (row < 0 || row >= HEIGHT ? [] : landRanges(row, cols)));
  return { rows, land, cols, isNative, offset, lattice, left, runs: Int32Array.from(runs) };
}

function clamp(index: number, size: number): number {
  return Math.min(Math.max(index, -1), size);
}

/** A function from a native row to its levels at the lattice columns, times {@link CELL}. */
function latticeRows({ lattice }: RowsView, band: number): (row: number) => Int32Array {
  const kept = new Map<number, Int32Array>();
  const line = new Int32Array(lattice.length);
  const at = (latticeRow: number): Int32Array => {
    let levels = kept.get(latticeRow);
    if (levels === undefined) {
      // Rows come in order: only the two around the current row are needed again.
      if (kept.size > 2) kept.clear();
      levels = lattice.map((latticeCol) => latticeLevel(latticeRow, latticeCol, band));
      kept.set(latticeRow, levels);
    }
    return levels;
  };
  return (row) => {
    const upper = at(row >> CELL_BITS);
    const lower = at((row >> CELL_BITS) + 1);
    const weight = row & (CELL - 1);
    for (let i = 0; i < line.length; i++) {
      line[i] = blend(upper[i] as number, lower[i] as number, weight);
    }
    return line;
  };
}

function landRanges(row: number, cols: Int32Array): number[] {
  const shores = shoresOf(row);
  const ranges: number[] = [];
  const first = cols[0] ?? 0;
  const last = cols[cols.length - 1] ?? -1;
  for (let i = 0; i + 1 < shores.length; i += 2) {
    const from = shores[i] as number;
    const to = shores[i + 1] as number;
    if (from > last) break;
    if (to <= first || from === to) continue;
    const start = lowerBound(cols, from);
    const end = lowerBound(cols, to);
    if (end > start) ranges.push(start, end);
  }
  return ranges;
}

/** Writes x `from .. to - 1` of one row; `line` holds the row's levels at the lattice columns. */
function paint(
  pixels: Uint8Array,
  start: number,
  from: number,
  to: number,
  line: Int32Array,
  row: number,
  band: number,
  { cols, left, isNative }: RowsView,
): void {
  const grain = loadGrain();
  const grainStart = grainRow(row, band);
  let x = from;
  while (x < to) {
    const col = cols[x] as number;
    const weight = col & (CELL - 1);
    const point = left[x] as number;
    const one = line[point] as number;
    const other = line[point + 1] as number;
    // Neighbours in the frame that are neighbours in the asset share a cell, and differ by one step.
    const end = isNative ? Math.min(to, x + CELL - weight) : x + 1;
    const step = other - one;
    let level = blend(one, other, weight);
    let at = grainStart + grainCol(col);
    for (; x < end; x++, at++, level += step) {
      const tone = (level >> (2 * CELL_BITS)) + (grain[at] as number);
      pixels[start + x] = TONE_TABLE[tone] as number;
    }
  }
}

function cutGaps(
  pixels: Uint8Array,
  mask: Uint8Array,
  start: number,
  row: number,
  band: number,
  { cols, runs }: RowsView,
): void {
  for (let run = 0; run + 1 < runs.length; run++) {
    const from = runs[run] as number;
    const to = runs[run + 1] as number;
    const span = gapSpan(row, gapCell(cols[from] as number), band);
    if (span < 0) continue;
    const first = span >> 2;
    const end = first + (span & 3);
    for (let x = from; x < to; x++) {
      const col = cols[x] as number;
      if (col < first || col >= end) continue;
      pixels[start + x] = 0;
      mask[start + x] = 0;
    }
  }
}

/** Index of the first element of an increasing array that is not less than `value`. */
function lowerBound(sorted: Int32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
