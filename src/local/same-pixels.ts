import type { Dataset } from 'gdal-async';
import type { Window } from '../grid/window.js';
import { openChecked } from '../kernel/gdal/inputs/open.js';
import type { RasterFile } from './raster-file.js';

/** Pixels that two files may have in common to be looked at: collars around pieces, not scenes. */
const MOST = 2 ** 20;

interface Part {
  readonly file: RasterFile;
  /** From 0. */
  readonly bands: readonly number[];
  readonly window: Window;
}

/**
 * Whether two files hold the same where they overlap, band by band, and call the same "no value": pieces that
 * were cut with a collar. False, too, for overlaps that are too large to look at.
 */
export function holdTheSame(one: Part, other: Part): boolean {
  if (one.window.height * one.window.width * one.bands.length > MOST) return false;
  const opened: Dataset[] = [];
  try {
    for (const { file } of [one, other]) opened.push(openChecked(file.input));
    const [first, second] = opened as [Dataset, Dataset];
    return one.bands.every((band, i) => {
      const [a, b] = [first.bands.get(band + 1), second.bands.get((other.bands[i] ?? 0) + 1)];
      if (a.dataType !== b.dataType || !Object.is(a.noDataValue, b.noDataValue)) return false;
      if (!isEqual(read(a, one.window), read(b, other.window))) return false;
      const [mask, otherMask] = [a.getMaskBand(), b.getMaskBand()];
      return (
        mask !== null &&
        otherMask !== null &&
        isEqual(read(mask, one.window), read(otherMask, other.window))
      );
    });
  } catch {
    // Whoever reads the pixels says what is wrong with them.
    return false;
  } finally {
    for (const dataset of opened) dataset.close();
  }
}

function read(
  { pixels }: ReturnType<Dataset['bands']['get']>,
  { row, col, height, width }: Window,
): ArrayLike<number> {
  return pixels.read(col, row, width, height) as unknown as ArrayLike<number>;
}

function isEqual(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (!Object.is(one[i], other[i])) return false;
  return true;
}
