import type { Resampling } from '../../dataset/dataset.js';
import type { Shape } from '../../grid/geobox.js';
import type { Window } from '../../grid/window.js';
import type { PixelArray, WorkType } from '../../raster/dtype.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';
import type { RawRaster } from '../band-raster.js';
import { type BandRoom, type BlockPlace, storing } from './band-room.js';
import { averageOf } from './methods/average.js';
import { bilinearOf } from './methods/bilinear.js';
import { cubicOf } from './methods/cubic.js';
import { modeOf } from './methods/mode.js';
import { gather, holdersOf } from './methods/near.js';
import type { RowsOf, SourceView } from './methods/resampler.js';
import { type BlockPoints, type Box, boundsOf, bringBack } from './points.js';
import { copyRows, type Rows } from './rows.js';
import { interpolate, type Strip, type StripRemarks } from './squares.js';

/** Resamplings that compute values; the other one takes pixels as they are. */
export type Computed = Exclude<Resampling, 'near'>;

/**
 * What resampling does for each point and pixel. Here it is in TypeScript; the native kernel has the same in
 * C where that could be compiled (kernel/gdal/resample-addon.ts), with the same results to the bit.
 */
export interface Loops {
  interpolate(
    strip: Strip,
    xs: Float64Array,
    ys: Float64Array,
    start: number,
    remarks: StripRemarks,
  ): number;
  bringBack(xs: Float64Array, turn: number, extent: Window): void;
  boundsOf(points: BlockPoints, within: Box): Box;
  holdersOf(points: BlockPoints, window: Window, holders: Int32Array): void;
  gather(
    source: RawRaster,
    holders: Int32Array,
    block: Shape,
    room: BandRoom,
    place: BlockPlace,
  ): boolean;
  /** Computes the pixels of a block of points. @returns whether any of them is a gap. */
  compute(
    resampling: Computed,
    view: SourceView,
    points: BlockPoints,
    dtype: WorkType,
    room: BandRoom,
    place: BlockPlace,
  ): boolean;
  /** Between arrays of one thread or of several: V8 copies to and from shared memory byte by byte. */
  copyRows(from: Rows, to: Rows, height: number, width: number): void;
  /** Marks pixels that are NaN or of a value, where one is given. @returns whether there are any. */
  addMissing(pixels: LoadedPixels, value: number | undefined, isGap: Uint8Array): boolean;
}

const ROWS: Readonly<Record<Computed, RowsOf>> = {
  bilinear: bilinearOf,
  cubic: cubicOf,
  average: averageOf,
  mode: modeOf,
};

export const TYPESCRIPT_LOOPS: Loops = {
  interpolate,
  bringBack,
  boundsOf,
  holdersOf,
  gather,
  copyRows,
  compute(resampling, view, { xs, ys, stride, first, height, width }, dtype, room, place) {
    const rows = ROWS[resampling](view, stride + 1);
    const store = storing(dtype);
    const values = new Float64Array(width);
    let hasGaps = false;
    for (let j = 0; j < height; j++) {
      rows(xs, ys, first + j * stride, values);
      hasGaps = store(values, room, place.start + j * place.stride) || hasGaps;
    }
    return hasGaps;
  },
  addMissing(pixels, value, isGap) {
    const isFloat = pixels instanceof Float32Array || pixels instanceof Float64Array;
    if (!isFloat && value === undefined) return false;
    const add = isFloat ? addFloats : addIntegers;
    return add(pixels as PixelArray, value ?? Number.NaN, isGap);
  },
};

function addIntegers(pixels: PixelArray, value: number, isGap: Uint8Array): boolean {
  let isAny = false;
  for (let i = 0; i < pixels.length; i++)
    if (pixels[i] === value) {
      isGap[i] = 1;
      isAny = true;
    }
  return isAny;
}

function addFloats(pixels: PixelArray, value: number, isGap: Uint8Array): boolean {
  let isAny = false;
  for (let i = 0; i < pixels.length; i++) {
    const pixel = pixels[i] as number;
    if (pixel === value || Number.isNaN(pixel)) {
      isGap[i] = 1;
      isAny = true;
    }
  }
  return isAny;
}
