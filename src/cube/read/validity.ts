/**
 * Which pixels of a load have a value, where their numbers do not tell it: those in the region's shape, and those in
 * tiles that are loaded. Masks are `[y, x]`, 255 where there is a value, else 0.
 */

import type { Resampling } from '../../dataset/dataset.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import { expected } from '../../errors.js';
import type { GeoBox, Shape } from '../../grid/geobox.js';
import { type PlacedWindow, splitWindow } from '../../grid/onto/continued-window.js';
import { type Roi, roiWindows } from '../../grid/roi.js';
import { type PixelRuns, pixelRuns } from '../../grid/shapes/pixel-runs.js';
import { type Grid, type TileIndex, tileId } from '../../grid/tiling.js';
import { intersect, type Window } from '../../grid/window.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';
import { cellsOf } from '../overviews/blocks.js';
import type { LoadPlan } from './load-plan.js';
import { allocateRaster, type ReadOptions, type ReadSource } from './read-raster.js';
import { reprojectMask } from './reproject.js';

/** What is known of a cube's tiles. */
export interface TileValues extends ReadSource {
  readonly grid: Grid;
  /** What pixels are read from in place of the bands, where they come onto another grid. */
  readonly overview?: { readonly factor: number; readonly grid: Grid } | undefined;
  /** Whether a tile is loaded, has a value in it, and none of its chunks of these bands is lost. */
  hasValues(index: TileIndex, names: readonly string[]): Promise<boolean>;
}

/** Shapes are clipped where nothing around them is asked for; boxes are what they are. */
export function clipsByDefault(
  roi: Roi,
  { buffer = 0 }: { readonly buffer?: number | undefined },
): boolean {
  return 'type' in roi && buffer === 0;
}

/**
 * The pixels of a load that the region consists of: see `grid/shapes/pixel-runs.ts` for the rule.
 * @throws {InvalidInputError} where it holds no pixel.
 */
export function shapeOf({ geobox }: { readonly geobox: GeoBox }, roi: Roi): PixelRuns {
  const runs = pixelRuns(roi, geobox, roiWindows(roi, geobox));
  for (let row = 0; row < geobox.height; row++) if (runs.runsOf(row).length > 0) return runs;
  throw expected(
    'a region that holds the centre of one pixel at least',
    'the region of interest',
    'one between them',
    'The box around it is read without clipping (--no-clip).',
  );
}

/** Puts `value` in place of the pixels of a window that lie outside a shape. */
export function clearOutside(
  pixels: LoadedPixels,
  value: number,
  shape: PixelRuns,
  { row, col, height, width }: Window,
): void {
  for (let y = 0; y < height; y++) {
    let x = 0;
    for (const [first, end] of shape.runsOf(row + y)) {
      const from = Math.min(Math.max(first - col, x), width);
      if (from > x) pixels.fill(value, y * width + x, y * width + from);
      x = Math.min(Math.max(end - col, x), width);
    }
    if (x < width) pixels.fill(value, y * width + x, (y + 1) * width);
  }
}

/** Puts `value` where a mask has no value. */
export function clearMasked(pixels: LoadedPixels, value: number, mask: LoadedPixels): void {
  for (let i = mask.indexOf(0 as never); i !== -1; i = mask.indexOf(0 as never, i + 1))
    pixels[i] = value;
}

/** A part of a load, at one step. */
export interface MaskRequest {
  readonly load: {
    readonly plan: LoadPlan;
    readonly names: readonly string[];
    readonly resampling: Resampling;
  };
  /** Outside of which nothing has a value. */
  readonly shape: PixelRuns | undefined;
  /** In pixels of the load's geobox. */
  readonly window: Window;
  readonly step: TimeStep | undefined;
  /** Zeroed: where the mask goes. */
  readonly into: LoadedPixels;
}

/** On another grid than the cube's a pixel has a value where its resampling finds one in loaded tiles. */
export async function readMask(
  view: TileValues,
  { load: { plan, names, resampling }, shape, window, step, into }: MaskRequest,
  options: ReadOptions,
): Promise<void> {
  if (plan.kind === 'reprojected') {
    const { grid } = view.overview ?? view;
    const regions = plan.regions.flatMap((region) => intersect(region, window) ?? []);
    const job = { grid, target: plan.target, regions, resampling, within: window, into };
    await reprojectMask({ ...job, ...valuesAt(view, { names, step }, options) }, options);
  } else {
    const [row, col] = [plan.window.row + window.row, plan.window.col + window.col];
    const parts = splitWindow({ ...window, row, col }, view.grid.geobox);
    await markTiles(view, { names, step, parts, into, width: window.width });
  }
  if (shape !== undefined) clearOutside(into, 0, shape, window);
}

/** Whether there may be pixels without a value in the tiles that a load reads. */
export async function mayLackValues(
  view: TileValues,
  plan: LoadPlan,
  { tiles, names, step }: { readonly tiles: readonly TileIndex[] } & Of,
): Promise<boolean> {
  // What lies beside the cube has none either.
  if (plan.kind === 'reprojected') return true;
  for (const tile of tiles) if (!(await view.hasValues(at(tile, step), names))) return true;
  return false;
}

interface Of {
  readonly names: readonly string[];
  readonly step: TimeStep | undefined;
}

function at({ row, col }: TileIndex, step: TimeStep | undefined): TileIndex {
  return step === undefined ? { row, col } : { t: step.index, row, col };
}

/** What reprojecting asks of windows of the cube: `undefined` where all of one has values. */
export function valuesAt(view: TileValues, of: Of, options: ReadOptions) {
  return {
    validIn: async (source: Shape, parts: readonly PlacedWindow[]) => {
      const { height, width } = source;
      const into = allocateRaster('uint8', height * width, options);
      const factor = view.overview?.factor ?? 1;
      const marked = await markTiles(view, { ...of, parts, into, width, factor });
      // Cells of a level may lie in several tiles.
      const isWhole = factor === 1 ? marked === height * width : !into.includes(0 as never);
      return isWhole ? undefined : into;
    },
  };
}

/** @returns how many pixels were marked */
async function markTiles(
  view: TileValues,
  {
    names,
    step,
    parts,
    into,
    width,
    factor = 1,
  }: Of & {
    readonly parts: readonly PlacedWindow[];
    readonly into: LoadedPixels;
    readonly width: number;
    /** Pixels of the cube along a side of one of the parts'. */
    readonly factor?: number;
  },
): Promise<number> {
  const known = new Map<string, boolean>();
  let marked = 0;
  for (const part of parts)
    for (const tile of view.grid.tilesIn([inPixels(part.window, factor, view.grid)])) {
      const index = at(tile, step);
      const id = tileId(index);
      const hasValues = known.get(id) ?? (await view.hasValues(index, names));
      known.set(id, hasValues);
      const inside = intersect(cellsOf(view.grid.tileWindow(tile), { factor }), part.window);
      if (!hasValues || inside === undefined) continue;
      const [row, col] = [
        part.row + inside.row - part.window.row,
        part.col + inside.col - part.window.col,
      ];
      for (let y = row; y < row + inside.height; y++)
        into.fill(255, y * width + col, y * width + col + inside.width);
      marked += inside.height * inside.width;
    }
  return marked;
}

function inPixels({ row, col, height, width }: Window, factor: number, { geobox }: Grid): Window {
  const [top, left] = [row * factor, col * factor];
  return {
    row: top,
    col: left,
    height: Math.min(height * factor, geobox.height - top),
    width: Math.min(width * factor, geobox.width - left),
  };
}
