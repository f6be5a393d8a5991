import { threadId } from 'node:worker_threads';
import { GeoBox, type Shape } from '../grid/geobox.js';
import { intersect, type Window } from '../grid/window.js';
import type { Codec } from '../raster/codec.js';
import {
  allocate,
  asBytes,
  type DType,
  isFloat,
  type PixelArray,
  rangeOf,
} from '../raster/dtype.js';
import type { BandCounts, EncodedChunk, EncodedTile, FetchedTile, Recipe } from '../tile.js';
import type { Kernel, KernelFacts, RawArray } from './kernel.js';
import { countValid, type Mask } from './mask.js';
import { fillNearest } from './nearest.js';

/** One band of a tile, `[y, x]`, of the tile's own shape, on the tile's grid. */
export interface BandRaster {
  readonly pixels: PixelArray;
  readonly mask: Mask;
}

/** What tells one kernel from another; the order of the steps is the same for all. */
export interface KernelParts {
  readonly facts: KernelFacts;
  /** Bands in the dataset's order, on the tile's grid; milliseconds spent warping are reported through `onWarp`. */
  decode(
    tile: FetchedTile,
    recipe: Recipe,
    onWarp: (milliseconds: number) => void,
  ): BandRaster[] | Promise<BandRaster[]>;
  /**
   * GDAL's fillNodata: returns a raster of the window's shape that holds a value where an invalid pixel
   * was filled, and NaN at the invalid pixels that were not. Values at valid pixels mean nothing.
   */
  fillIdw(
    pixels: PixelArray,
    mask: Uint8Array<ArrayBuffer>,
    shape: Shape,
    maxDistance: number,
  ): Float32Array;
  encode(array: RawArray, codec: Codec): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
}

export function createKernel(parts: KernelParts): Kernel {
  return {
    facts: parts.facts,
    encode: async (array, codec) => parts.encode(array, codec),
    async process(tile, recipe) {
      const startedAt = Date.now();
      const timings = { decode: 0, warp: 0, fill: 0, encode: 0 };
      let mark = performance.now();
      const lap = () => {
        const since = mark;
        mark = performance.now();
        return mark - since;
      };
      const bands = await parts.decode(tile, recipe, (milliseconds) => {
        timings.warp += milliseconds;
      });
      timings.decode = lap() - timings.warp;
      const shape = GeoBox.fromRecord(tile.geobox).shape;
      const chunks: EncodedChunk[] = [];
      for (const [band, raster] of bands.entries()) {
        const counts = finish(raster, shape, recipe, parts);
        timings.fill += lap();
        const bytes = await encodeBand(raster.pixels, shape, recipe, parts);
        chunks.push({ band, counts, ...(bytes === undefined ? {} : { bytes }) });
        timings.encode += lap();
      }
      const isEmpty = chunks.every(({ counts }) => counts.valid === 0);
      return {
        state: 'encoded',
        id: tile.id,
        index: tile.index,
        chunks: isEmpty ? chunks.map(({ band, counts }) => ({ band, counts })) : chunks,
        isEmpty,
        timings,
        startedAt,
        thread: threadId,
      } satisfies EncodedTile;
    },
  };
}

/** Fills the gaps of one band in place, and puts the fill value where no value remains. */
function finish(raster: BandRaster, shape: Shape, recipe: Recipe, parts: KernelParts): BandCounts {
  const { pixels, mask } = raster;
  const total = pixels.length;
  const valid = countValid(mask, total);
  if (mask === undefined || valid === total) return { valid, filled: 0, empty: 0 };
  const filled = valid === 0 ? 0 : fill(pixels, mask, shape, recipe, parts);
  if (valid + filled < total) {
    for (let i = 0; i < total; i++) if (mask[i] === 0) pixels[i] = recipe.fillValue;
  }
  return { valid, filled, empty: total - valid - filled };
}

function fill(
  pixels: PixelArray,
  mask: Uint8Array<ArrayBuffer>,
  shape: Shape,
  { processing, dtype }: Recipe,
  parts: KernelParts,
): number {
  const { fill, maxFillDistance } = processing;
  if (fill === 'none') return 0;
  // A copy of a valid pixel is always within the observed range and the dtype.
  if (fill === 'nearest') return fillNearest(pixels, mask, shape, maxFillDistance);
  const [low, high] = processing.clipToObserved ? observedRange(pixels, mask) : rangeOf(dtype);
  const distance = maxFillDistance ?? Math.hypot(shape.height, shape.width);
  return fillByWeights(
    pixels,
    mask,
    shape,
    distance,
    (value) => cast(Math.min(Math.max(value, low), high), dtype),
    parts,
  );
}

/**
 * Inverse-distance filling, block by block. A filled pixel depends on pixels at most `distance` away,
 * so a block without gaps, or with no valid pixel within reach, has nothing to fill and is skipped:
 * searching the open sea is what would cost most. The result is that of filling the whole tile at once.
 */
function fillByWeights(
  pixels: PixelArray,
  mask: Uint8Array<ArrayBuffer>,
  shape: Shape,
  distance: number,
  toPixel: (value: number) => number,
  parts: KernelParts,
): number {
  const valid = mask.slice();
  const margin = Math.ceil(distance) + 1;
  // Wide margins would be read again and again with small blocks.
  const side = Math.max(MIN_FILL_BLOCK, 4 * margin);
  let filled = 0;
  for (let row = 0; row < shape.height; row += side) {
    for (let col = 0; col < shape.width; col += side) {
      const block = intersect({ row, col, height: side, width: side }, whole(shape));
      if (block === undefined || !holds(valid, shape, block, 0)) continue;
      const reach = intersect(grow(block, margin), whole(shape));
      if (reach === undefined || !holds(valid, shape, reach, 1)) continue;
      const values = parts.fillIdw(
        cut(pixels, shape, reach),
        cut(valid, shape, reach),
        reach,
        distance,
      );
      for (let y = block.row; y < block.row + block.height; y++) {
        const from = (y - reach.row) * reach.width - reach.col;
        for (let x = block.col, i = y * shape.width + x; x < block.col + block.width; x++, i++) {
          if (valid[i] !== 0) continue;
          const value = values[from + x] as number;
          if (Number.isNaN(value)) continue;
          pixels[i] = toPixel(value);
          mask[i] = 1;
          filled++;
        }
      }
    }
  }
  return filled;
}

/** Pixels on a side of the blocks that are filled one by one. */
const MIN_FILL_BLOCK = 512;

function whole({ height, width }: Shape): Window {
  return { row: 0, col: 0, height, width };
}

function grow({ row, col, height, width }: Window, by: number): Window {
  return { row: row - by, col: col - by, height: height + 2 * by, width: width + 2 * by };
}

/** True when the window of the mask holds `value`. */
function holds(mask: Uint8Array, { width }: Shape, window: Window, value: 0 | 1): boolean {
  for (let y = window.row; y < window.row + window.height; y++) {
    const start = y * width + window.col;
    if (mask.subarray(start, start + window.width).includes(value)) return true;
  }
  return false;
}

/** Integers are rounded to the nearest, halves up, as GDAL rounds when it writes to an integer band. */
function cast(value: number, dtype: DType): number {
  return isFloat(dtype) ? value : Math.floor(value + 0.5);
}

function observedRange(pixels: PixelArray, mask: Uint8Array): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < pixels.length; i++) {
    if (mask[i] === 0) continue;
    const value = pixels[i] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function cut<T extends PixelArray>(pixels: T, { width }: Shape, window: Window): T {
  const part = new (pixels.constructor as new (length: number) => T)(window.height * window.width);
  for (let y = 0; y < window.height; y++) {
    const start = (window.row + y) * width + window.col;
    (part as Uint8Array).set(
      (pixels as Uint8Array).subarray(start, start + window.width),
      y * window.width,
    );
  }
  return part;
}

/** The encoded chunk, or `undefined` when it holds nothing but the fill value. */
async function encodeBand(
  pixels: PixelArray,
  shape: Shape,
  { chunk, dtype, fillValue, codec }: Recipe,
  parts: KernelParts,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (holdsOnly(pixels, fillValue)) return undefined;
  return parts.encode(
    { dtype, shape: chunk, bytes: asBytes(padToChunk(pixels, shape, chunk, dtype, fillValue)) },
    codec,
  );
}

function holdsOnly(pixels: PixelArray, value: number): boolean {
  const wantsNan = Number.isNaN(value);
  for (let i = 0; i < pixels.length; i++) {
    const pixel = pixels[i] as number;
    if (wantsNan ? !Number.isNaN(pixel) : pixel !== value) return false;
  }
  return true;
}

/** Zarr stores the chunks of the last row and column in full size too. */
function padToChunk(
  pixels: PixelArray,
  { height, width }: Shape,
  [rows, cols]: readonly [number, number],
  dtype: DType,
  fillValue: number,
): PixelArray {
  if (height === rows && width === cols) return pixels;
  const padded = allocate(dtype, rows * cols).fill(fillValue);
  for (let y = 0; y < height; y++) {
    (padded as Uint8Array).set(
      (pixels as Uint8Array).subarray(y * width, (y + 1) * width),
      y * cols,
    );
  }
  return padded;
}
