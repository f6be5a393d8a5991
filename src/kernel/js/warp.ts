import { InvalidInputError } from '../../errors.js';
import type { GeoBox } from '../../grid/geobox.js';
import { allocate, type DType, isFloat, rangeOf } from '../../raster/dtype.js';
import type { Recipe } from '../../tile.js';
import type { BandRaster } from '../band-raster.js';
import { averageOf } from './resample-average.js';
import { bilinearOf } from './resample-bilinear.js';
import { nearOf } from './resample-near.js';
import type { ResamplerOf } from './resampler.js';
import { sourceCoordinates } from './source-coordinates.js';

const RESAMPLERS: Readonly<Record<string, ResamplerOf>> = {
  near: nearOf,
  bilinear: bilinearOf,
  average: averageOf,
};

/**
 * The bands of `source` on the grid `target`, with gaps of their own, as GDAL's warper makes them: `near`
 * to the bit, the others to float64 rounding.
 *
 * @throws {InvalidInputError} for a resampling that is not known here.
 */
export function warpBands(
  bands: readonly BandRaster[],
  source: GeoBox,
  target: GeoBox,
  { dtype, processing: { resampling } }: Pick<Recipe, 'dtype' | 'processing'>,
): BandRaster[] {
  const resamplerOf = RESAMPLERS[resampling];
  if (resamplerOf === undefined)
    throw new InvalidInputError(
      `Expected the resampling near, bilinear or average for the JavaScript kernel but received "${resampling}". Use the kernel "gdal".`,
    );
  const { height, width } = target;
  const resampler = resamplerOf(source, target, sourceCoordinates(source, target));
  const results = bands.map(() => ({
    pixels: allocate(dtype, height * width),
    isGap: new Uint8Array(height * width),
  }));
  const round = rounding(dtype);
  for (let row = 0; row < height; row++) {
    resampler.moveTo(row);
    for (const [i, { pixels, isGap }] of results.entries()) {
      const band = bands[i] as BandRaster;
      for (let col = 0, at = row * width; col < width; col++, at++) {
        const value = resampler.valueAt(col, band);
        if (Number.isNaN(value)) isGap[at] = 1;
        else pixels[at] = round(value);
      }
    }
  }
  return results.map(({ pixels, isGap }) => ({
    pixels,
    isGap: isGap.includes(1) ? isGap : undefined,
  }));
}

/** Integers to the nearest, halves up, within the type's range. */
function rounding(dtype: DType): (value: number) => number {
  if (isFloat(dtype)) return (value) => value;
  const [low, high] = rangeOf(dtype);
  return (value) => Math.min(Math.max(Math.floor(value + 0.5), low), high);
}
