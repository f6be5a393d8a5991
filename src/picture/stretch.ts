/** How numbers become brightness. */
import { expected } from '../errors.js';
import type { LoadedPixels } from '../raster/loaded-pixels.js';

/**
 * - `none`: as they are, cut to 0 .. 255
 * - `percentile`: from the 2nd percentile to the 98th, as GIS programs show rasters
 * - two numbers: which are dark and bright
 * - two percentiles, 0 .. 100
 */
export type Stretch =
  | 'none'
  | 'percentile'
  | readonly [low: number, high: number]
  | { readonly percentiles: readonly [low: number, high: number] };

/** What `percentile` means. */
const PERCENTILES = [2, 98] as const;

/** Pixels that are looked at for percentiles, at equal distances: enough for any screen's 256 steps. */
const SAMPLES = 1_000_000;

/** The numbers that a stretch makes dark and bright in a band; alpha is 0 where it has none. */
export function rangeOf(
  stretch: Stretch,
  pixels: LoadedPixels,
  alpha: Uint8Array,
): readonly [low: number, high: number] {
  if (stretch === 'none') return [0, 255];
  if (stretch === 'percentile') return percentilesOf(pixels, alpha, PERCENTILES);
  return isRange(stretch) ? stretch : percentilesOf(pixels, alpha, stretch.percentiles);
}

export function isRange(
  stretch: Stretch | readonly Stretch[],
): stretch is readonly [low: number, high: number] {
  return Array.isArray(stretch) && typeof stretch[0] === 'number';
}

/** @throws {InvalidInputError} unless the numbers rise, and percentiles are 0 .. 100. */
export function checkStretch(stretch: Stretch): void {
  if (typeof stretch === 'string') {
    if (stretch !== 'none' && stretch !== 'percentile')
      throw expected('"none", "percentile" or two numbers', 'a stretch', stretch);
    return;
  }
  const [low, high] = isRange(stretch) ? stretch : (stretch?.percentiles ?? []);
  const rises = Number.isFinite(low) && Number.isFinite(high) && Number(low) < Number(high);
  if (!rises) throw expected('two numbers that rise', 'a stretch', `${low},${high}`);
  if (!isRange(stretch) && (Number(low) < 0 || Number(high) > 100))
    throw expected('percentiles from 0 to 100', 'a stretch', `p${low},p${high}`);
}

/** Between the two nearest pixels, as numpy's default has it; not finite ones count as none. */
function percentilesOf(
  pixels: LoadedPixels,
  alpha: Uint8Array,
  wanted: readonly [number, number],
): readonly [low: number, high: number] {
  const step = Math.max(1, Math.floor(pixels.length / SAMPLES));
  const sample = new Float64Array(Math.ceil(pixels.length / step));
  let count = 0;
  for (let i = 0; i < pixels.length; i += step) {
    const value = pixels[i] as number;
    if (alpha[i] !== 0 && Number.isFinite(value)) sample[count++] = value;
  }
  if (count === 0) return [0, 0];
  const sorted = sample.subarray(0, count).sort();
  const [low, high] = wanted.map((percent) => {
    const place = (percent / 100) * (count - 1);
    const [below, part] = [Math.floor(place), place % 1];
    const value = sorted[below] as number;
    return part === 0 ? value : value + part * ((sorted[below + 1] as number) - value);
  });
  return [low as number, high as number];
}
