import type { Window } from '../../grid/window.js';
import type { BandRaster } from '../band-raster.js';

/** What a resampling looks at: one band of a window of a raster. Positions count in pixels of its lattice. */
export interface SourceView extends BandRaster {
  /** Where `pixels` lie: all of the raster's that the target pixels at hand may need. */
  readonly window: Window;
  /** Where the raster has pixels at all. */
  readonly extent: Window;
  /** Target pixels to a source pixel along x and y, at most 1: how much wider a kernel is. */
  readonly scale: readonly [x: number, y: number];
  /** Columns in a full turn around the earth, where there is one. */
  readonly turn: number | undefined;
}

/**
 * The value of a target pixel, unrounded; NaN where no valid source pixel contributes.
 *
 * Of resamplings around a point, (x, y) is the pixel's centre; of those over a footprint, (x, y) is its upper
 * left corner and (x2, y2) its lower right one.
 */
export type Resampler = (x: number, y: number, x2: number, y2: number) => number;

export type ResamplerOf = (view: SourceView) => Resampler;

/** Part of a pixel by which a position may lie before a pixel's edge and still be in it, as for GDAL. */
export const EDGE = 1e-10;

/** Index into the view of the pixel that holds a position; -1 where there is none, or one without a value. */
export function holderOf({ window, extent, isGap }: SourceView): (x: number, y: number) => number {
  const { row, col, height, width } = window;
  const right = extent.col + extent.width;
  const bottom = extent.row + extent.height;
  return (x, y) => {
    const i = Math.floor(x + EDGE);
    const j = Math.floor(y + EDGE);
    if (!(i >= extent.col && j >= extent.row && i < right && j < bottom)) return -1;
    if (i < col || j < row || i >= col + width || j >= row + height) return -1;
    const at = (j - row) * width + i - col;
    return isGap !== undefined && isGap[at] === 1 ? -1 : at;
  };
}
