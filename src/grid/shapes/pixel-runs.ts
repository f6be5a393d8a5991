/**
 * Which pixels of a grid a region consists of, row by row: of a polygon those whose centre lies in it (GDAL's and
 * rasterio's rule), of a line or a point those it touches, of a box along the grid those it touches, as loads have it.
 */
import { sameCrs } from '../crs/crs.js';
import { type Frame, isUpright, type Shape } from '../frame.js';
import { intersect, type Window } from '../window.js';
import type { Shapes } from './place.js';
import { placeRegion, type Region } from './region.js';
import type { RingSet } from './ring.js';
import { touchedCells } from './touched-cells.js';

/** Columns `first` up to but not `end`. */
export type PixelRun = readonly [first: number, end: number];

/** The pixels of a region. */
export interface PixelRuns {
  /** Of one row, from west to east; no two have a pixel in common. */
  runsOf(row: number): readonly PixelRun[];
}

/** Whether all pixels in the windows around a region belong to it: its edges run along the grid's. */
export function isAlong(region: Region, frame: Frame): boolean {
  if ('type' in region || !isUpright(frame) || !sameCrs(region.crs, frame.crs)) return false;
  return !('affine' in region) || isUpright(region);
}

/** @param windows around the region, as `roiWindows` has them */
export function pixelRuns(region: Region, frame: Frame, windows: readonly Window[]): PixelRuns {
  if (isAlong(region, frame)) return { runsOf: (row) => runsInWindows(windows, row) };
  return runsOfShapes(placeRegion(frame, region), frame.shape);
}

function runsInWindows(windows: readonly Window[], row: number): readonly PixelRun[] {
  return merged(
    windows
      .filter((window) => row >= window.row && row < window.row + window.height)
      .map(({ col, width }) => [col, col + width]),
  );
}

/** @param shapes in pixels (col, row) */
export function runsOfShapes({ polygons, lines, points }: Shapes, shape: Shape): PixelRuns {
  const rows = new Map<number, PixelRun[]>();
  const disjoint = new Map<number, readonly PixelRun[]>();
  const add = (row: number, first: number, end: number) => {
    const [from, to] = [Math.max(first, 0), Math.min(end, shape.width)];
    if (from >= to) return;
    const runs = rows.get(row);
    if (runs === undefined) rows.set(row, [[from, to]]);
    else runs.push([from, to]);
  };
  for (const rings of polygons)
    for (const [row, xs] of crossings(rings, shape.height)) {
      xs.sort((one, other) => one - other);
      for (let i = 0; i + 1 < xs.length; i += 2)
        add(row, Math.ceil((xs[i] ?? 0) - 0.5), Math.ceil((xs[i + 1] ?? 0) - 0.5));
    }
  const pixels = { rows: shape.height, cols: shape.width, chunk: { height: 1, width: 1 } };
  const touched = touchedCells({ points, lines, polygons: [] }, { ...pixels, geobox: { shape } });
  for (const { row, col } of touched) add(row, col, col + 1);
  for (const [row, runs] of rows) disjoint.set(row, merged(runs));
  return { runsOf: (row) => disjoint.get(row) ?? [] };
}

/** Where the edges of rings cross the middles of rows. */
function crossings(rings: RingSet, height: number): Map<number, number[]> {
  const byRow = new Map<number, number[]>();
  for (const ring of rings) {
    let before = ring.at(-1);
    for (const point of ring) {
      if (before !== undefined) {
        const [[x1, y1], [x2, y2]] = before[1] <= point[1] ? [before, point] : [point, before];
        const last = Math.min(Math.ceil(y2 - 0.5), height);
        for (let row = Math.max(Math.ceil(y1 - 0.5), 0); row < last; row++) {
          const x = x1 + ((row + 0.5 - y1) / (y2 - y1)) * (x2 - x1);
          const xs = byRow.get(row);
          if (xs === undefined) byRow.set(row, [x]);
          else xs.push(x);
        }
      }
      before = point;
    }
  }
  return byRow;
}

function merged(runs: readonly PixelRun[]): readonly PixelRun[] {
  if (runs.length < 2) return runs;
  const all: [number, number][] = [];
  for (const [first, end] of [...runs].sort(([one], [other]) => one - other)) {
    const last = all.at(-1);
    if (last !== undefined && first <= last[1]) last[1] = Math.max(last[1], end);
    else all.push([first, end]);
  }
  return all;
}

/** The runs within a window, counted from its corner, in threes: row, first column, the one after the last. */
export function runsWithin(runs: PixelRuns, { row, col, height, width }: Window): Int32Array {
  const found: number[] = [];
  for (let y = 0; y < height; y++)
    for (const [first, end] of runs.runsOf(row + y)) {
      const part = intersect(
        { row: y, col: first - col, height: 1, width: end - first },
        { row: 0, col: 0, height, width },
      );
      if (part !== undefined) found.push(y, part.col, part.col + part.width);
    }
  return Int32Array.from(found);
}

/** How many pixels runs have, as {@link runsWithin} gives them. */
export function pixelsIn(runs: Int32Array): number {
  let count = 0;
  for (let i = 0; i < runs.length; i += 3) count += (runs[i + 2] ?? 0) - (runs[i + 1] ?? 0);
  return count;
}
