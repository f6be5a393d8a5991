import { isFloat, type PixelArray, rangeOf, type WorkType } from '../../raster/dtype.js';

/** Where a band is put. Pixels that get no value stay what they are. */
export interface BandRoom {
  readonly pixels: PixelArray;
  /** Gets a mark for each pixel, where anybody wants them. */
  readonly isGap?: Uint8Array<ArrayBuffer> | undefined;
}

/** A room with marks, whatever they were before. */
export interface MarkedRoom extends BandRoom {
  readonly isGap: Uint8Array<ArrayBuffer>;
}

/** Where a block lies in such a room. */
export interface BlockPlace {
  /** Index of its first pixel. */
  readonly start: number;
  /** Pixels from one of its rows to the next. */
  readonly stride: number;
}

/** A room for more than a band, and where the band lies in it. */
export interface BandPlace extends BlockPlace {
  readonly room: BandRoom;
}

/** The same in a room with marks. */
export interface MarkedPlace extends BandPlace {
  readonly room: MarkedRoom;
}

/** Puts values, of which NaN stands for a gap, into a band from a pixel on. @returns whether any is a gap. */
export type Store = (values: Float64Array, room: BandRoom, from: number) => boolean;

/** Integers to the nearest, halves up, within the type's range. */
export function storing(dtype: WorkType): Store {
  const isInteger = !isFloat(dtype);
  const [low, high] = isInteger ? rangeOf(dtype) : [0, 0];
  return (values, { pixels, isGap }, from) => {
    let gaps = 0;
    for (let i = 0, at = from; i < values.length; i++, at++) {
      const value = values[i] as number;
      if (Number.isNaN(value)) {
        if (isGap !== undefined) isGap[at] = 1;
        gaps++;
        continue;
      }
      if (isGap !== undefined) isGap[at] = 0;
      pixels[at] = isInteger ? Math.min(Math.max(Math.floor(value + 0.5), low), high) : value;
    }
    return gaps > 0;
  };
}
