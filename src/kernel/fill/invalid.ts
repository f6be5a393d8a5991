import type { Window } from '../../grid/window.js';
import type { PixelArray } from '../../raster/dtype.js';
import { type GapList, runs } from './gaps.js';

/** Adds the pixels of `window`, in a raster `width` wide, that are NaN or equal to `invalid` (when given). */
export function addInvalid(
  gaps: GapList,
  pixels: PixelArray,
  width: number,
  window: Window,
  invalid: number | undefined,
): void {
  const isFloat = pixels instanceof Float32Array || pixels instanceof Float64Array;
  if (!isFloat && invalid === undefined) return;
  for (const [start, end] of runs(width, window))
    addFrom(gaps, pixels, start, end, invalid ?? Number.NaN);
}

function addFrom(
  gaps: GapList,
  pixels: PixelArray,
  start: number,
  end: number,
  invalid: number,
): void {
  let i = start;
  for (; i + 8 <= end; i += 8)
    if (mayLack(pixels, i, invalid)) addEach(gaps, pixels, i, i + 8, invalid);
  addEach(gaps, pixels, i, end, invalid);
}

/**
 * Whether one of eight pixels may have no value: nearly all have one, and eight together take two thirds of the
 * time. Their sum is NaN where one of them is; and that of infinities, which are then looked at in vain.
 */
function mayLack(pixels: PixelArray, from: number, invalid: number): boolean {
  const a = pixels[from] as number;
  const b = pixels[from + 1] as number;
  const c = pixels[from + 2] as number;
  const d = pixels[from + 3] as number;
  const e = pixels[from + 4] as number;
  const f = pixels[from + 5] as number;
  const g = pixels[from + 6] as number;
  const h = pixels[from + 7] as number;
  if (Number.isNaN(a + b + (c + d) + (e + f + (g + h)))) return true;
  const isOne = a === invalid || b === invalid || c === invalid || d === invalid;
  return isOne || e === invalid || f === invalid || g === invalid || h === invalid;
}

function addEach(
  gaps: GapList,
  pixels: PixelArray,
  start: number,
  end: number,
  invalid: number,
): void {
  for (let i = start; i < end; i++) {
    const value = pixels[i] as number;
    if (value === invalid || Number.isNaN(value)) gaps.add(i);
  }
}
