import type { PixelArray } from '../raster/dtype.js';
import type { FetchedTile } from '../tile.js';

/**
 * Which pixels of one band are valid: 1 or 0 for each, in the order of the pixels.
 * `undefined` stands for "all of them", so that a tile without gaps costs nothing.
 */
export type Mask = Uint8Array<ArrayBuffer> | undefined;

/** The mask of pixels that are neither NaN nor equal to `invalid` (when given). */
export function maskOf(pixels: PixelArray, invalid: number | undefined): Mask {
  const isInvalid = (value: number) => value === invalid || Number.isNaN(value);
  const first = (pixels as Uint8Array).findIndex(isInvalid);
  if (first === -1) return undefined;
  const mask = new Uint8Array(pixels.length).fill(1, 0, first);
  for (let i = first; i < pixels.length; i++) {
    const value = pixels[i] as number;
    mask[i] = value === invalid || Number.isNaN(value) ? 0 : 1;
  }
  return mask;
}

export function countValid(mask: Mask, length: number): number {
  if (mask === undefined) return length;
  let count = 0;
  for (let i = 0; i < mask.length; i++) count += mask[i] as number;
  return count;
}

/** The band's mask out of packed mask bits (bit `bit` is 1 where the band is valid). */
export function unpackBits(bits: Uint8Array, bit: number): Mask {
  const wanted = 1 << bit;
  let first = 0;
  while (first < bits.length && ((bits[first] as number) & wanted) !== 0) first++;
  if (first === bits.length) return undefined;
  const mask = new Uint8Array(bits.length).fill(1, 0, first);
  for (let i = first; i < bits.length; i++) mask[i] = ((bits[i] as number) >> bit) & 1;
  return mask;
}

/** For each band an empty mask if the tile's parts leave some of its pixels out: where no part reaches there is no value. */
export function emptyWhereUncovered({ parts, geobox }: FetchedTile, bands: number): Mask[] {
  const [height, width] = geobox.shape;
  return Array.from({ length: bands }, (_, band) => {
    const covered = parts
      .filter(({ request }) => request.bands.includes(band))
      .reduce((sum, { request: { window } }) => sum + window.height * window.width, 0);
    return covered < height * width ? new Uint8Array(height * width) : undefined;
  });
}

/** Valid where both masks are. `one` is used up: the result may be kept in it. */
export function both(one: Mask, other: Mask): Mask {
  if (one === undefined || other === undefined) return one ?? other;
  for (let i = 0; i < one.length; i++) one[i] = (one[i] as number) & (other[i] as number);
  return one;
}
