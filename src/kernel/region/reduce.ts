/** Pixels of a raster that become one each: the cells of `factor` x `factor` pixels that overviews consist of. */
import { type DType, isFloat, rangeOf } from '../../raster/dtype.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';
import { besideNodata } from '../nodata.js';

/** How a cell's value comes from its valid pixels, as the resamplings of these names on a grid of the cells have it. */
export const REDUCTIONS = ['near', 'average', 'mode'] as const;

/** How the pixels of overviews come from those of the bands: the one in the middle, the average, the most frequent value. */
export type Reduction = (typeof REDUCTIONS)[number];

/** One raster, and the rasters of cells that are made of it. */
export interface ReduceJob {
  /** `[y, x]`, row-major. */
  readonly pixels: LoadedPixels;
  readonly height: number;
  readonly width: number;
  readonly dtype: DType;
  /** The value of pixels that have none, where there is one; NaN always means that in floats. */
  readonly nodata: number | undefined;
  readonly reduction: Reduction;
  readonly cells: readonly Cells[];
}

/** Cells of one size. */
export interface Cells {
  /** Pixels along a side of a cell. */
  readonly factor: number;
  /** The upper left pixel of the first cell, in pixels of the raster. */
  readonly row: number;
  readonly col: number;
  readonly height: number;
  readonly width: number;
  /** `[y, x]` of the cells. Those without a valid pixel are left as they are. */
  readonly into: LoadedPixels;
}

/**
 * Fills rasters of cells. A cell that the raster's end cuts is what lies inside.
 *
 * - `average`: the mean of the cell's valid pixels, summed row by row in double precision; integers to the nearest,
 *   halves up, and beside the code for "no value" where they would be it
 * - `mode`: its most frequent valid value; of equally frequent ones the first that comes to be so, row by row
 * - `near`: the pixel that holds the cell's centre (of an even side, the one right below it), valid or not
 */
export function reduce(job: ReduceJob): void {
  for (const cells of job.cells) reduceTo(cells, job);
}

/** Gives a cell's value, NaN where it has none. */
type ValueOf = (top: number, bottom: number, left: number, right: number) => number;

function reduceTo(cells: Cells, job: ReduceJob): void {
  const { factor, row, col, height, width, into } = cells;
  const read = READERS[job.reduction](job, factor);
  const store = storeOf(job);
  for (let i = 0; i < height; i++) {
    const top = row + i * factor;
    const bottom = Math.min(top + factor, job.height);
    for (let j = 0; j < width; j++) {
      const left = col + j * factor;
      const value = read(top, bottom, left, Math.min(left + factor, job.width));
      if (!Number.isNaN(value)) into[i * width + j] = store(value);
    }
  }
}

const READERS: Readonly<Record<Reduction, (job: ReduceJob, factor: number) => ValueOf>> = {
  near: nearOf,
  average: averageOf,
  mode: modeOf,
};

function nearOf({ pixels, height, width, nodata }: ReduceJob, factor: number): ValueOf {
  const middle = Math.floor(factor / 2);
  return (top, _bottom, left) => {
    const [y, x] = [top + middle, left + middle];
    if (y >= height || x >= width) return Number.NaN;
    const value = pixels[y * width + x] as number;
    return value === nodata ? Number.NaN : value;
  };
}

function averageOf({ pixels, width, nodata }: ReduceJob): ValueOf {
  return (top, bottom, left, right) => {
    let sum = 0;
    let count = 0;
    for (let y = top; y < bottom; y++) {
      const end = y * width + right;
      for (let at = y * width + left; at < end; at++) {
        const value = pixels[at] as number;
        if (value === nodata || Number.isNaN(value)) continue;
        sum += value;
        count++;
      }
    }
    return count === 0 ? Number.NaN : sum / count;
  };
}

function modeOf({ pixels, width, nodata }: ReduceJob): ValueOf {
  const counts = new Map<number, number>();
  return (top, bottom, left, right) => {
    counts.clear();
    let mode = Number.NaN;
    let most = 0;
    for (let y = top; y < bottom; y++) {
      const end = y * width + right;
      for (let at = y * width + left; at < end; at++) {
        const value = pixels[at] as number;
        if (value === nodata || Number.isNaN(value)) continue;
        const count = (counts.get(value) ?? 0) + 1;
        counts.set(value, count);
        if (count > most) {
          most = count;
          mode = value;
        }
      }
    }
    return mode;
  };
}

/** As computed values are stored everywhere: see kernel/resample/band-room.ts and kernel/nodata.ts. */
function storeOf({ dtype, nodata, reduction }: ReduceJob): (value: number) => number {
  if (reduction !== 'average' || isFloat(dtype)) return (value) => value;
  const [low, high] = rangeOf(dtype);
  const beside = besideNodata({ dtype, ...(nodata === undefined ? {} : { nodata }) });
  return (value) => {
    const rounded = Math.min(Math.max(Math.floor(value + 0.5), low), high);
    return beside !== undefined && rounded === nodata ? beside : rounded;
  };
}
