import { createGdalKernel } from '../../src/kernel/gdal/kernel.js';
import { createJsKernel } from '../../src/kernel/js/kernel.js';
import { fromBytes, type PixelArray, type WorkType } from '../../src/raster/dtype.js';
import type { EncodedTile, FetchedTile, Recipe } from '../../src/tile.js';

export const KERNELS = [
  ['gdal', createGdalKernel()],
  ['js', createJsKernel()],
] as const;

/** The pixels of a band of an uncompressed result; a chunk that was not stored holds the fill value. */
export function pixelsOf(
  tile: EncodedTile,
  { dtype, chunk, fillValue }: Recipe,
  band = 0,
): PixelArray {
  const bytes = tile.chunks[band]?.bytes;
  if (bytes !== undefined) return fromBytes(dtype, bytes.slice());
  const empty = fromBytes(dtype, new Uint8Array(chunk[0] * chunk[1] * 8));
  return empty.subarray(0, chunk[0] * chunk[1]).fill(fillValue) as PixelArray;
}

/** What each kernel makes of a tile: its pixels, band by band, and its counts. */
export async function processByBoth(tile: () => FetchedTile, recipe: Recipe) {
  const results = [];
  for (const [, kernel] of KERNELS) {
    const result = await kernel.process(tile(), recipe);
    results.push({
      isEmpty: result.isEmpty,
      counts: result.chunks.map(({ counts }) => counts),
      stored: result.chunks.map(({ bytes }) => bytes !== undefined),
      pixels: result.chunks.map((_, band) => pixelsOf(result, recipe, band)),
    });
  }
  const [gdal, js] = results;
  if (gdal === undefined || js === undefined) throw new Error('expected two kernels');
  return { gdal, js };
}

/** The first pixel in which two rasters differ by more than `tolerance`, as text; NaN equals NaN. */
export function firstDifference(
  one: ArrayLike<number>,
  other: ArrayLike<number>,
  tolerance = 0,
): string | undefined {
  if (one.length !== other.length) return `${one.length} and ${other.length} pixels`;
  for (let i = 0; i < one.length; i++) {
    const [a, b] = [one[i] ?? Number.NaN, other[i] ?? Number.NaN];
    if (Object.is(a, b) || a === b || Math.abs(a - b) <= tolerance) continue;
    return `pixel ${i}: ${a} and ${b}`;
  }
  return undefined;
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const isFloatType = (dtype: WorkType) => dtype === 'float32' || dtype === 'float64';
