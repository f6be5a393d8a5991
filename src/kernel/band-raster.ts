import type { PixelArray } from '../raster/dtype.js';

/** One band on some grid, `[y, x]`. */
export interface BandRaster {
  readonly pixels: PixelArray;
  /** 1 for each pixel without a value, 0 for the others; `undefined` where all have one. */
  readonly isGap: Uint8Array<ArrayBuffer> | undefined;
}

/** A band as it was read, whose gaps nobody has looked for yet, or one with marks. */
export type RawRaster =
  | (BandRaster & { readonly lacks?: undefined })
  | {
      readonly pixels: PixelArray;
      readonly isGap?: undefined;
      /** A pixel of this value has none, nor has one that is NaN; NaN: these alone. */
      readonly lacks: number;
    };
