import { type NarrowType, type PixelArray, rangeOf, type StoredArray } from '../raster/dtype.js';
import { besideNodata } from './nodata.js';

/**
 * Puts pixels into the type that they are only stored in: whole numbers that it does not hold become the nearest that
 * it does, and never its code for "no value"; in `bool` all but 0 is 1.
 *
 * @param pixels of the type that they were computed in
 * @param into as many
 */
export function narrow(
  pixels: PixelArray,
  into: StoredArray,
  dtype: NarrowType,
  nodata?: number,
): void {
  if (dtype === 'bool') {
    for (let i = 0; i < pixels.length; i++) into[i] = pixels[i] === 0 ? 0 : 1;
    return;
  }
  const [least, greatest] = rangeOf(dtype);
  const other = besideNodata({ dtype, ...(nodata === undefined ? {} : { nodata }) });
  for (let i = 0; i < pixels.length; i++) {
    const value = pixels[i] as number;
    const held = value < least ? least : value > greatest ? greatest : value;
    into[i] = held === nodata && held !== value && other !== undefined ? other : held;
  }
}
