import type { PixelArray } from '../raster/dtype.js';

/** One band on some grid, `[y, x]`. */
export interface BandRaster {
  readonly pixels: PixelArray;
  /** 1 for each pixel without a value, 0 for the others; `undefined` where all have one. */
  readonly isGap: Uint8Array<ArrayBuffer> | undefined;
}
