import { threadId } from 'node:worker_threads';
import { GeoBox, type Shape } from '../grid/geobox.js';
import { allocate, asBytes, type DType, isFloat, type PixelArray, rangeOf } from '../raster/dtype.js';
import type { Codec } from '../raster/codec.js';
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
  decode(tile: FetchedTile, recipe: Recipe, onWarp: (milliseconds: number) => void): BandRaster[];
  /**
   * GDAL's fillNodata: returns a raster of the window's shape that holds a value where an invalid pixel
   * was filled, and NaN at the invalid pixels that were not. Values at valid pixels mean nothing.
   */
  fillIdw(pixels: PixelArray, mask: Uint8Array<ArrayBuffer>, shape: Shape, maxDistance: number): Float32Array;
  encode(array: RawArray, codec: Codec): Uint8Array<ArrayBuffer>;
}

export function createKernel(parts: KernelParts): Kernel {
  return {
    facts: parts.facts,
    encode: parts.encode,
    process(tile, recipe) {
      const startedAt = Date.now();
      const timings = { decode: 0, warp: 0, fill: 0, encode: 0 };
      let mark = performance.now();
      const lap = () => {
        const since = mark;
        mark = performance.now();
        return mark - since;
      };
      const bands = parts.decode(tile, recipe, (milliseconds) => {
        timings.warp += milliseconds;
      });
      timings.decode = lap() - timings.warp;
      const shape = GeoBox.fromRecord(tile.geobox).shape;
      const chunks: EncodedChunk[] = [];
      for (const [band, raster] of bands.entries()) {
        const counts = finish(raster, shape, recipe, parts);
        timings.fill += lap();
        const bytes = encodeBand(raster.pixels, shape, recipe, parts);
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
  return fillByWeights(pixels, mask, shape, distance, (value) => cast(Math.min(Math.max(value, low), high), dtype), parts);
}

/**
 * Inverse-distance filling, on the smallest window that can matter: a filled pixel depends on pixels
 * at most `distance` away, so everything further from every gap is left alone.
 */
function fillByWeights(
  pixels: PixelArray,
  mask: Uint8Array<ArrayBuffer>,
  { height, width }: Shape,
  distance: number,
  toPixel: (value: number) => number,
  parts: KernelParts,
): number {
  const gaps = gapBounds(mask, height, width);
  const margin = Math.ceil(distance) + 1;
  const row = Math.max(gaps.row - margin, 0);
  const col = Math.max(gaps.col - margin, 0);
  const rows = Math.min(gaps.endRow + margin, height) - row;
  const cols = Math.min(gaps.endCol + margin, width) - col;
  const shape = { height: rows, width: cols };
  const isWhole = rows === height && cols === width;
  const values = isWhole
    ? parts.fillIdw(pixels, mask, shape, distance)
    : parts.fillIdw(
        cut(pixels, width, row, col, rows, cols),
        cut(mask, width, row, col, rows, cols) as Uint8Array<ArrayBuffer>,
        shape,
        distance,
      );
  let filled = 0;
  for (let y = gaps.row; y < gaps.endRow; y++) {
    for (let x = gaps.col, i = y * width + x; x < gaps.endCol; x++, i++) {
      if (mask[i] !== 0) continue;
      const value = values[(y - row) * cols + (x - col)] as number;
      if (Number.isNaN(value)) continue;
      pixels[i] = toPixel(value);
      mask[i] = 1;
      filled++;
    }
  }
  return filled;
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

/** The rows and columns between which every gap lies; there is at least one. */
function gapBounds(mask: Uint8Array, height: number, width: number) {
  let row = height;
  let endRow = 0;
  let col = width;
  let endCol = 0;
  for (let y = 0; y < height; y++) {
    const line = mask.subarray(y * width, (y + 1) * width);
    const first = line.indexOf(0);
    if (first === -1) continue;
    if (row === height) row = y;
    endRow = y + 1;
    col = Math.min(col, first);
    endCol = Math.max(endCol, line.lastIndexOf(0) + 1);
  }
  return { row, endRow, col, endCol };
}

function cut<T extends PixelArray>(pixels: T, width: number, row: number, col: number, rows: number, cols: number): T {
  const part = new (pixels.constructor as new (length: number) => T)(rows * cols);
  for (let y = 0; y < rows; y++) {
    const start = (row + y) * width + col;
    (part as Uint8Array).set((pixels as Uint8Array).subarray(start, start + cols), y * cols);
  }
  return part;
}

/** The encoded chunk, or `undefined` when it holds nothing but the fill value. */
function encodeBand(
  pixels: PixelArray,
  shape: Shape,
  { chunk, dtype, fillValue, codec }: Recipe,
  parts: KernelParts,
): Uint8Array<ArrayBuffer> | undefined {
  if (holdsOnly(pixels, fillValue)) return undefined;
  return parts.encode({ dtype, shape: chunk, bytes: asBytes(padToChunk(pixels, shape, chunk, dtype, fillValue)) }, codec);
}

function holdsOnly(pixels: PixelArray, value: number): boolean {
  const wantsNan = Number.isNaN(value);
  for (let i = 0; i < pixels.length; i++) {
    const pixel = pixels[i] as number;
    if (wantsNan ? pixel === pixel : pixel !== value) return false;
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
    (padded as Uint8Array).set((pixels as Uint8Array).subarray(y * width, (y + 1) * width), y * cols);
  }
  return padded;
}
