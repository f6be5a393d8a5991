import type { Window } from '../../../grid/window.js';
import type { BandRaster } from '../../band-raster.js';

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

/** Part of a pixel by which a position may lie before a pixel's edge and still be in it, as for GDAL. */
export const EDGE = 1e-10;

/** Index into the view of the pixel that holds a position; -1 where there is none, or one without a value. */
export function holderOf({
  window,
  extent,
  isGap,
}: Pick<SourceView, 'window' | 'extent' | 'isGap'>): (x: number, y: number) => number {
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

/**
 * The values of the target pixels whose centres, or upper left corners, are at `from` and after it in `xs` and
 * `ys`, one for each of `into`.
 */
export type RowResampler = (
  xs: Float64Array,
  ys: Float64Array,
  from: number,
  into: Float64Array,
) => void;

/** @param next leads from the place of an upper left corner to that of the lower right one */
export type RowsOf = (view: SourceView, next: number) => RowResampler;

/** Pixel by pixel, for whoever knows no faster way. */
export function byPixels(resample: Resampler, next = 0): RowResampler {
  return (xs, ys, from, into) => {
    for (let i = 0, p = from; i < into.length; i++, p++)
      into[i] = resample(
        xs[p] as number,
        ys[p] as number,
        xs[p + next] as number,
        ys[p + next] as number,
      );
  };
}
