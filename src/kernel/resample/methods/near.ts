import type { Shape } from '../../../grid/geobox.js';
import type { Window } from '../../../grid/window.js';
import type { RawRaster } from '../../band-raster.js';
import type { BandRoom, BlockPlace } from '../band-room.js';
import type { BlockPoints } from '../points.js';
import { EDGE } from './resampler.js';

/**
 * For each pixel of a block the source pixel that holds its centre, as an index into a window; -1 where none
 * does. The same for all bands.
 *
 * @param window of the source, within its extent; it holds all of that which the block's points lie in
 * @param holders room for as many as the block has pixels
 */
export function holdersOf(
  { xs, ys, stride, first, height, width }: BlockPoints,
  window: Window,
  holders: Int32Array,
): void {
  const { row, col, height: rows, width: columns } = window;
  for (let j = 0, at = 0; j < height; j++) {
    let p = first + j * stride;
    for (const end = at + width; at < end; at++, p++) {
      const i = Math.floor((xs[p] as number) + EDGE) - col;
      const k = Math.floor((ys[p] as number) + EDGE) - row;
      holders[at] = i >= 0 && k >= 0 && i < columns && k < rows ? k * columns + i : -1;
    }
  }
}

/**
 * Copies a pixel for each of a block's, and finds out whether it has a value where nobody has before.
 * @returns whether any of them is a gap, which holds whatever it held.
 */
export function gather(
  { pixels: from, isGap: fromGap, lacks }: RawRaster,
  holders: Int32Array,
  { height, width }: Shape,
  room: BandRoom,
  { start, stride }: BlockPlace,
): boolean {
  const { pixels, isGap } = room;
  const isRaw = lacks !== undefined;
  let gaps = 0;
  for (let j = 0, k = 0; j < height; j++) {
    let at = start + j * stride;
    for (const end = at + width; at < end; at++, k++) {
      const holder = holders[k] as number;
      const value = from[holder] as number;
      if (
        holder === -1 ||
        (fromGap !== undefined && fromGap[holder] === 1) ||
        (isRaw && (value === lacks || Number.isNaN(value)))
      ) {
        if (isGap !== undefined) isGap[at] = 1;
        gaps++;
      } else {
        if (isGap !== undefined) isGap[at] = 0;
        pixels[at] = value;
      }
    }
  }
  return gaps > 0;
}
