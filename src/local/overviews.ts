import type { GeoBox } from '../grid/geobox.js';
import type { Window } from '../grid/window.js';
import { type FilePlace, pixelMap } from './pixel-map.js';
import { overviewOf, type RasterFile } from './raster-file.js';

/** An overview may be coarser than the target by this, in source pixels to a target pixel. */
const NEARLY = 0.1;

/** Places along each side of the target that are looked at. */
const PLACES = 10;

/** A file, or the overview that stands for it on a grid. */
export interface ChosenFile {
  readonly file: RasterFile;
  /** From 0, the finest; absent where the file's own pixels are read. */
  readonly level?: number;
  /** Why that is so though an overview is coarse enough. */
  readonly problem?: string;
}

/**
 * The overview of a file that `gdalwarp -ovr AUTO` reads for a grid, or the file itself where there is none: by the
 * rule of newer GDALs. (3.6 looks at columns alone, and takes no overview that is coarser than the target.)
 *
 * @param window of the grid: what of it the file touches
 */
export function onOverview(file: RasterFile, grid: GeoBox, window: Window | undefined): ChosenFile {
  const { place, overviews } = file;
  if (overviews.length === 0 || window === undefined) return { file };
  const ratios = overviews.map((width) => place.shape.width / width);
  const level = levelFor(ratios, targetRatio(place, grid, window));
  if (level === undefined) return { file };
  const { overview, problem } = overviewOf(file, level);
  return overview === undefined ? { file, problem } : { file: overview, level };
}

/**
 * @param ratios by which each overview is coarser than its file
 * @param target by which the target's pixels are
 * @returns the coarsest overview that is not coarser than the target, or hardly; or none
 */
export function levelFor(ratios: readonly number[], target: number): number | undefined {
  if (!(target > 1)) return undefined;
  let [best, level]: [number, number | undefined] = [1, undefined];
  for (const [i, ratio] of ratios.entries())
    if (ratio > best && ratio < target + NEARLY) [best, level] = [ratio, i];
  return level;
}

/**
 * Source pixels to a pixel of the target, along the axis along which they are fewer: the box around the places of
 * the target's points, as far as these have one, by the target's size. 0 where none has.
 */
export function targetRatio(place: FilePlace, grid: GeoBox, window: Window): number {
  const { source } = pixelMap(place, grid);
  const [xs, ys]: [number[], number[]] = [[], []];
  for (let j = 0; j < PLACES; j++)
    for (let i = 0; i < PLACES; i++) {
      const [x, y] = source([
        window.col + (i * window.width) / (PLACES - 1),
        window.row + (j * window.height) / (PLACES - 1),
      ]);
      if (!Number.isFinite(x + y)) continue;
      xs.push(x);
      ys.push(y);
    }
  if (xs.length === 0) return 0;
  const extent = (values: readonly number[]) => Math.max(...values) - Math.min(...values);
  return Math.min(extent(xs) / window.width, extent(ys) / window.height);
}
