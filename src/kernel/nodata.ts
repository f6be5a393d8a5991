import type { Resampling } from '../dataset/dataset.js';
import { type DType, isFloat, rangeOf } from '../raster/dtype.js';
import type { Recipe } from '../tile.js';
import type { BandRaster } from './band-raster.js';

/**
 * What a computed integer becomes when it happens to be the code for "no value": its neighbour, as GDAL's
 * warper does it, so that it is not lost. `undefined` where nothing can be taken for the code.
 */
export function besideNodata({
  nodata,
  dtype,
}: Pick<Recipe, 'nodata'> & { readonly dtype: DType }): number | undefined {
  if (nodata === undefined || isFloat(dtype)) return undefined;
  return nodata === rangeOf(dtype)[0] ? nodata + 1 : nodata - 1;
}

/** Which resamplings make values that no source pixel has. */
export const BLENDS: Readonly<Record<Resampling, boolean>> = {
  near: false,
  bilinear: true,
  cubic: true,
  average: true,
  mode: false,
};

/** Moves warped values off the code for "no value", in place. */
export function avoidNodata(raster: BandRaster, recipe: Recipe): void {
  if (BLENDS[recipe.processing.resampling]) moveOffNodata(raster, recipe);
}

/**
 * The same for values of whatever origin: those of a file whose own code is another one.
 *
 * @param from the first of the pixels that are looked at; before `to`
 */
export function moveOffNodata(
  { pixels, isGap }: BandRaster,
  recipe: Pick<Recipe, 'nodata' | 'dtype'>,
  from = 0,
  to = pixels.length,
): void {
  const other = besideNodata(recipe);
  if (other === undefined) return;
  const own = pixels.subarray(from, to) as Uint8Array;
  const indexOf = (start: number) => own.indexOf(recipe.nodata ?? 0, start);
  for (let i = indexOf(0); i !== -1; i = indexOf(i + 1))
    if (isGap === undefined || isGap[from + i] === 0) own[i] = other;
}
