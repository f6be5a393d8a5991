import type { Dataset, Resampling } from '../../dataset/dataset.js';
import { InvalidInputError } from '../../errors.js';
import type { GeoBox } from '../../grid/geobox.js';
import { columnsAround, joinWindows, splitWindow } from '../../grid/onto/continued-window.js';
import { roiWindows } from '../../grid/roi.js';
import type { Grid } from '../../grid/tiling.js';
import { intersect, type Window } from '../../grid/window.js';
import { positionsOf } from '../../kernel/js/warp.js';
import type { WarpedBand } from '../../kernel/region/region-kernel.js';
import { columnsIn, latticeOf } from '../../kernel/resample/lattice.js';
import { scaleOf, squaresOf } from '../../kernel/resample/scale.js';
import { reachOf } from '../../kernel/resample/warp.js';
import { createPool, type Pool } from '../../pool/pool.js';
import { bytesOf, isFloat } from '../../raster/dtype.js';
import { bytesOfPixels, type LoadedPixels } from '../../raster/loaded-pixels.js';
import { allDone, type ReadOptions, type ReadSource, readRaster } from './read-raster.js';

export interface ReprojectJob extends ReadSource {
  readonly grid: Grid;
  readonly dataset: Dataset;
  /** Of the bands, as their paths in the store. */
  readonly names: readonly string[];
  readonly target: GeoBox;
  /** The target's pixels that are wanted; the others stay without a value. */
  readonly regions: readonly Window[];
  readonly resampling: Resampling;
  /** The time step, as the bands' first index. */
  readonly leading: readonly number[];
  /** The part of the target that the rasters are of. */
  readonly within: Window;
  /** One raster for each band, of that part's shape, that holds the fill value: where the pixels go. */
  readonly into: readonly LoadedPixels[];
}

/**
 * The cube's pixels on another grid, block by block, so that no more of the cube lies in memory at a time
 * than the blocks under way need. Positions are exact, kernels are as wide as the whole target asks for, and
 * a block reads as far around it as its resampling looks, so that cutting shows nowhere.
 */
export async function reproject(job: ReprojectJob, options: ReadOptions): Promise<void> {
  // Where the caller gave none, the calling thread computes.
  const pool = options.pool ?? createPool({ size: 0 });
  const blocks = blocksOf(job.regions, job);
  const lane = async () => {
    for (const block of blocks) await reprojectBlock(block, job, pool, options);
  };
  try {
    await allDone(Array.from({ length: pool.size + 1 }, lane));
  } finally {
    if (options.pool === undefined) await pool.close();
  }
}

/** What tells which of the cube's pixels a target is made of. */
type BlockJob = Pick<ReprojectJob, 'grid' | 'target' | 'regions' | 'resampling'>;

/** The windows of the cube that {@link reproject} reads. */
export function sourceWindows(job: BlockJob): Window[] {
  return [...blocksOf(job.regions, job)].flatMap(({ parts }) => parts.map(({ window }) => window));
}

/** A part of the target, and what of the cube it is made of. */
interface Block {
  readonly window: Window;
  /** In pixels of the cube, columns going on around the earth. */
  readonly source: Window;
  readonly parts: ReturnType<typeof splitWindow>;
}

/** Pixels on a side of a block; with more of them fewer chunks are read twice. */
const BLOCK_SIDE = 2048;

/** Pixels of the cube that one block may read of a band; larger blocks are cut in four. */
const SOURCE_PIXELS = 64 * 1024 ** 2;

/** Memory for the bands of a block that are warped together: what they share is found once. */
const BANDS_BYTES = 128 * 1024 ** 2;

/** A block this small is not cut further, whatever it reads. */
const SMALLEST_SIDE = 16;

function* blocksOf(regions: readonly Window[], job: BlockJob): Generator<Block> {
  for (const region of regions) {
    for (let row = region.row; row < region.row + region.height; row += BLOCK_SIDE) {
      for (let col = region.col; col < region.col + region.width; col += BLOCK_SIDE) {
        const window = intersect(region, { row, col, height: BLOCK_SIDE, width: BLOCK_SIDE });
        if (window !== undefined) yield* cutBlock(window, job);
      }
    }
  }
}

function* cutBlock(window: Window, job: BlockJob): Generator<Block> {
  const source = sourceOf(window, job);
  if (source === undefined) return;
  const { height, width } = window;
  if (source.height * source.width > SOURCE_PIXELS && Math.max(height, width) > SMALLEST_SIDE) {
    const [upper, left] = [Math.ceil(height / 2), Math.ceil(width / 2)];
    for (const [row, tall] of [
      [0, upper],
      [upper, height - upper],
    ] as const)
      for (const [col, wide] of [
        [0, left],
        [left, width - left],
      ] as const)
        if (tall > 0 && wide > 0)
          yield* cutBlock(
            { row: window.row + row, col: window.col + col, height: tall, width: wide },
            job,
          );
    return;
  }
  const parts = splitWindow(source, job.grid.geobox);
  if (parts.length > 0) yield { window, source, parts };
}

function sourceOf(window: Window, { grid, target, resampling }: BlockJob): Window | undefined {
  let windows: Window[];
  try {
    windows = roiWindows(target.crop(window), grid.geobox);
  } catch (error) {
    // Outside the cube: nothing to read.
    if (error instanceof InvalidInputError) return undefined;
    throw error;
  }
  const { row, col, height, width } = joinWindows(windows, grid.geobox);
  const [across, down] = reachAround(window, { grid, target, resampling });
  const top = Math.max(row - down, 0);
  const bottom = Math.min(row + height + down, grid.geobox.height);
  const goesAround = (columnsAround(grid.geobox) ?? Number.POSITIVE_INFINITY) <= grid.geobox.width;
  const left = goesAround ? col - across : Math.max(col - across, 0);
  const right = goesAround
    ? Math.min(col + width + across, left + (columnsAround(grid.geobox) ?? 0))
    : Math.max(Math.min(col + width + across, grid.geobox.width), col + width);
  return { row: top, col: left, height: bottom - top, width: right - left };
}

/** Pixels of the cube around a window's own that its resampling may look at. */
function reachAround(
  window: Window,
  { grid, target, resampling }: Pick<BlockJob, 'grid' | 'target' | 'resampling'>,
): readonly [across: number, down: number] {
  const place = ({ crs, shape, ...box }: GeoBox) => {
    const whole = { row: 0, col: 0, ...shape };
    return { crs, lattice: latticeOf({ crs, affine: box.affine }), window: whole, grid: whole };
  };
  const [from, to] = [place(grid.geobox), place(target)];
  const positions = positionsOf(from, to);
  let [across, down] = [0, 0];
  for (const { square } of squaresOf(window, target.shape)) {
    const reach = reachOf(resampling, scaleOf(square, positions, columnsIn(from.lattice)));
    across = Math.max(across, reach[0]);
    down = Math.max(down, reach[1]);
  }
  // Windows are found with tolerances of their own.
  return [across + 2, down + 2];
}

async function reprojectBlock(
  { window, source, parts }: Block,
  job: ReprojectJob,
  pool: Pool,
  options: ReadOptions,
): Promise<void> {
  const { grid, target, names, dataset, resampling, leading } = job;
  const to = target.crop(window);
  const from = grid.geobox.crop(source);
  const bytes = bytesOf(dataset.dtype) * (source.height * source.width + to.height * to.width);
  const atATime = Math.max(Math.floor(BANDS_BYTES / bytes), 1);
  for (let first = 0; first < names.length; first += atATime) {
    const bands: WarpedBand[] = [];
    for (const [k, path] of names.slice(first, first + atATime).entries())
      bands.push({
        pixels: await readRaster(
          job,
          { path, shape: source, parts, leading },
          { ...options, pool },
        ),
        into: {
          bytes: bytesOfPixels(job.into[first + k] as LoadedPixels),
          width: job.within.width,
          row: window.row - job.within.row,
          col: window.col - job.within.col,
        },
      });
    await pool.warp({
      bands,
      dtype: dataset.dtype,
      nodata: isFloat(dataset.dtype) ? undefined : dataset.nodata,
      from: from.toRecord(),
      to: to.toRecord(),
      resampling,
      grids: { source: grid.geobox.affine, target: target.toRecord() },
    });
  }
}
