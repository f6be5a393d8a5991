import { expected } from '../../errors.js';
import type { Roi } from '../../grid/roi.js';
import { type DType, isFloat } from '../../raster/dtype.js';
import { readLedger } from '../../store/smart-geocubes/loaded-list.js';
import type { OpenedCube } from '../opened-cube.js';
import type { ReadOptions } from '../read/read-raster.js';
import { bandValues } from './band-values.js';
import { piecesAt, readPieces, viewRegion } from './region-pieces.js';

/** What is counted of one band at one step. */
export interface HistogramOptions extends ReadOptions {
  readonly band: string;
  /** Time step, from 0; absent in cubes without a time axis. */
  readonly t?: number | undefined;
  /** The stored numbers that the first bin begins with, and the last one ends with, both included. */
  readonly range: readonly [low: number, high: number];
  /** At the most; whole numbers have no more than there are numbers in the range. */
  readonly bins: number;
}

export interface Histogram {
  /** One more than there are bins; each bin has what lies from one up to, but not at, the next; the last one its end too. */
  readonly edges: readonly number[];
  /** Pixels in each bin. */
  readonly counts: readonly number[];
}

/** Chunks in memory at a time, beside those that threads read. */
const AT_A_TIME = 4;

/**
 * How often which numbers occur in a region, of its valid pixels.
 * @throws {InvalidInputError} when the region lies outside the cube; `StoreError`; {@link RasterError}; {@link AbortedError}.
 */
export async function regionHistogram(
  cube: OpenedCube,
  roi: Roi,
  { band, t, range, bins, ...read }: HistogramOptions,
): Promise<Histogram> {
  const session = await cube.repository.readSession();
  const view = viewRegion(cube, roi, session, await readLedger(session.store, cube.dataset));
  const step = t === undefined ? undefined : cube.timeAxis?.step(t);
  const { loaded } = await piecesAt(view, step, [band]);
  const { dtype, nodata = Number.NaN } = await bandValues(session, cube.dataset, band);
  const { low, width, count } = binsOf(range, bins, dtype);
  const counts = new Array<number>(count).fill(0);
  for await (const piece of readPieces(view, band, loaded, { ...read, atATime: AT_A_TIME })) {
    const { pixels, runs } = piece;
    for (let k = 0; k < runs.length; k += 3) {
      const start = (runs[k] as number) * piece.width;
      for (let i = start + (runs[k + 1] as number); i < start + (runs[k + 2] as number); i++) {
        const value = pixels[i] as number;
        if (value === nodata || !(value >= range[0] && value <= range[1])) continue;
        const bin = Math.min(Math.floor((value - low) / width), count - 1);
        counts[bin] = (counts[bin] as number) + 1;
      }
    }
  }
  return { edges: Array.from({ length: count + 1 }, (_, i) => low + i * width), counts };
}

function binsOf([low, high]: readonly [number, number], bins: number, dtype: DType) {
  if (!(low <= high && Number.isFinite(high - low)))
    throw expected('two finite numbers that rise', 'the range of a histogram', `${low},${high}`);
  if (isFloat(dtype)) {
    const span = high - low;
    return span === 0 ? { low, width: 1, count: 1 } : { low, width: span / bins, count: bins };
  }
  const numbers = Math.floor(high) - Math.ceil(low) + 1;
  const width = Math.max(1, Math.ceil(numbers / bins));
  return { low: Math.ceil(low), width, count: Math.max(1, Math.ceil(numbers / width)) };
}
