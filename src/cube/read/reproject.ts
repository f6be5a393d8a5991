import { typeGroups } from '../../dataset/band-types.js';
import { type Dataset, RESAMPLING_RADII, type Resampling } from '../../dataset/dataset.js';
import type { XY } from '../../grid/affine.js';
import type { GeoBox, Shape } from '../../grid/geobox.js';
import {
  columnsAround,
  joinWindows,
  type PlacedWindow,
  splitWindow,
} from '../../grid/onto/continued-window.js';
import { boundingWindows } from '../../grid/shapes/pixel-windows.js';
import { placeRegion } from '../../grid/shapes/region.js';
import { doubleArea, type Ring } from '../../grid/shapes/ring.js';
import type { Grid } from '../../grid/tiling.js';
import { intersect, type Window } from '../../grid/window.js';
import { positionsOf } from '../../kernel/js/warp.js';
import type { WarpJob } from '../../kernel/region/region-kernel.js';
import { columnsIn, latticeOf } from '../../kernel/resample/lattice.js';
import { scaleOf, squaresOf } from '../../kernel/resample/scale.js';
import { SIDE } from '../../kernel/resample/squares.js';
import { reachOf } from '../../kernel/resample/warp.js';
import { createPool, type Pool } from '../../pool/pool.js';
import { bytesOf, isFloat } from '../../raster/dtype.js';
import { LentMemory } from '../../raster/lent-memory.js';
import {
  bytesOfPixels,
  fillPixels,
  type LoadedPixels,
  pixelsOver,
} from '../../raster/loaded-pixels.js';
import {
  allDone,
  allocateRaster,
  type ReadOptions,
  type ReadSource,
  readRaster,
} from './read-raster.js';

export interface ReprojectJob extends ReadSource {
  readonly grid: Grid;
  readonly dataset: Dataset;
  readonly names: readonly string[];
  /** The group that the bands lie in. Default: the root. */
  readonly group?: string | undefined;
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
  /** Which pixels have a value, where their numbers do not tell it. */
  readonly validIn: ValidIn;
}

/**
 * 255 where pixels of a window of the cube have a value, else 0, `[y, x]`; `undefined` where all have one.
 * @param parts of the cube's own pixels that make up the window
 */
export type ValidIn = (
  source: Window,
  parts: readonly PlacedWindow[],
) => Promise<LoadedPixels | undefined>;

/**
 * The cube's pixels on another grid, piece by piece, so that no more of the cube lies in memory at a time
 * than the pieces under way need. What a piece needs is read once, and warped in blocks, by as many threads as
 * there are. Positions are exact, kernels are as wide as the whole target asks for, and a piece reads as far
 * around it as its resampling looks, so that cutting shows nowhere.
 */
export function reproject(job: ReprojectJob, options: ReadOptions): Promise<void> {
  const memory = options.memory ?? new LentMemory();
  return eachPiece(job, options, (piece, pool) =>
    reprojectPiece(piece, job, { ...options, pool, memory }),
  );
}

/** A mask of the target: 255 where the cube has a value for a pixel, as the resampling finds it. */
export interface MaskJob extends BlockJob, Pick<ReprojectJob, 'within' | 'validIn'> {
  /** `[y, x]`, zeroed. */
  readonly into: LoadedPixels;
}

/** The pixels that {@link reproject} finds a value for, were that told by their numbers. */
export function reprojectMask(job: MaskJob, options: ReadOptions): Promise<void> {
  return eachPiece(job, options, async ({ window, source, parts }, pool) => {
    const valid = await job.validIn(source, parts);
    const pixels = valid ?? fillPixels(allocateRaster('uint8', pixelsOf(source), { pool }), 255);
    const bands = [{ pixels, into: job.into }];
    await warpPiece({ window, source }, job, pool, { bands, dtype: 'uint8', nodata: 0 });
  });
}

async function eachPiece(
  job: BlockJob,
  options: ReadOptions,
  run: (piece: Piece, pool: Pool) => Promise<void>,
): Promise<void> {
  // Where the caller gave none, the calling thread computes.
  const pool = options.pool ?? createPool({ size: 0 });
  const pieces = piecesOf(job.regions, job);
  const lane = async () => {
    for (const piece of pieces) await run(piece, pool);
  };
  try {
    // One is read while another one is warped.
    await allDone(Array.from({ length: pool.size === 0 ? 1 : 2 }, lane));
  } finally {
    if (options.pool === undefined) await pool.close();
  }
}

/** What tells which of the cube's pixels a target is made of. */
type BlockJob = Pick<ReprojectJob, 'grid' | 'target' | 'regions' | 'resampling'>;

/** The windows of the cube that {@link reproject} reads. */
export function sourceWindows(job: BlockJob): Window[] {
  return [...piecesOf(job.regions, job)].flatMap(({ parts }) => parts.map(({ window }) => window));
}

/** A part of the target, and what of the cube it is made of. */
interface Piece {
  readonly window: Window;
  /** In pixels of the cube, columns going on around the earth. */
  readonly source: Window;
  readonly parts: ReturnType<typeof splitWindow>;
}

/** Pixels on a side of a block, which a thread warps at a time. */
const BLOCK_SIDE = 2048;

/** Blocks begin where positions are looked up anew: at multiples of this, from the first on. */
const BLOCK_STEP = SIDE;

/** Pixels of the cube that a piece may read of a band; larger ones are cut in two. */
const SOURCE_PIXELS = 24 * 1024 ** 2;

/** Pixels on a side of a piece; what lies far away could be read with it in vain. */
const PIECE_SIDE = 8192;

/** What halves of a piece must read of it at the most, so that it is cut though it need not be. */
const WORTH_CUTTING = 0.75;

/** How much more may be read by rows than by columns. */
const ROWS_PREFERRED = 1.25;

/** Memory for the bands of a piece that are read together: what they share is found once. */
const BANDS_BYTES = 192 * 1024 ** 2;

/** While the last chunks of one band are read, the next one's are found. */
const BANDS_AT_A_TIME = 2;

/** A piece this small is not cut further, whatever it reads. */
const SMALLEST_SIDE = 16;

function* piecesOf(regions: readonly Window[], job: BlockJob): Generator<Piece> {
  for (const region of regions)
    for (const window of cut(region, PIECE_SIDE)) yield* cutPiece(window, job);
}

function* cutPiece(
  window: Window,
  job: BlockJob,
  footprint: Footprint | undefined = footprintOf(window, job),
): Generator<Piece> {
  if (footprint === undefined) return;
  const { source } = footprint;
  const side = Math.max(window.height, window.width);
  const isTooLarge = pixelsOf(source) > SOURCE_PIXELS && side > SMALLEST_SIDE;
  const worth = WORTH_CUTTING * pixelsOf(source);
  // The boxes around halves hold no less than the piece covers.
  if (isTooLarge || (side > BLOCK_SIDE && !(covered(footprint, job) >= worth))) {
    const halves = halvesOf(window, job);
    // Of a turned grid, the box around a piece holds more than the boxes around its halves.
    if (isTooLarge || sum(halves) < worth) {
      for (const half of halves) yield* cutPiece(half.window, job, half.footprint);
      return;
    }
  }
  const parts = splitWindow(source, job.grid.geobox);
  if (parts.length > 0) yield { window, source, parts };
}

interface Half {
  readonly window: Window;
  readonly footprint: Footprint | undefined;
}

/** By rows, unless that reads more of the cube than by columns: chunks can be decompressed by rows. */
function halvesOf(window: Window, job: BlockJob): readonly Half[] {
  const { row, col, height, width } = window;
  const [upper, left] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const both = (...windows: Window[]) =>
    windows
      .filter((half) => half.height > 0 && half.width > 0)
      .map((half) => ({ window: half, footprint: footprintOf(half, job) }));
  const byColumns = both(
    { ...window, width: left },
    { ...window, col: col + left, width: width - left },
  );
  if (height < 2) return byColumns;
  const byRows = both(
    { ...window, height: upper },
    { ...window, row: row + upper, height: height - upper },
  );
  return width < 2 || sum(byRows) <= sum(byColumns) * ROWS_PREFERRED ? byRows : byColumns;
}

function sum(halves: readonly Half[]): number {
  return halves.reduce(
    (all, { footprint }) => all + (footprint === undefined ? 0 : pixelsOf(footprint.source)),
    0,
  );
}

function pixelsOf({ height, width }: Shape): number {
  return height * width;
}

/** Parts of about equal size, at most `side` pixels on a side. */
function* cut(window: Window, side: number): Generator<Window> {
  const steps = (length: number) =>
    Math.ceil(length / Math.ceil(length / side) / BLOCK_STEP) * BLOCK_STEP;
  const [height, width] = [steps(window.height), steps(window.width)];
  for (let row = window.row; row < window.row + window.height; row += height)
    for (let col = window.col; col < window.col + window.width; col += width) {
      const part = intersect(window, { row, col, height, width });
      if (part !== undefined) yield part;
    }
}

/** Where a part of the target lies in the cube. */
interface Footprint {
  /** What its pixels are made of, in pixels of the cube, columns going on around the earth. */
  readonly source: Window;
  /** Its outlines, in pixels of the cube. */
  readonly rings: readonly Ring[];
}

/** Pixels of the cube within the outlines; NaN where they leave the cube. */
function covered({ rings }: Footprint, { grid: { geobox } }: BlockJob): number {
  const isInside = ([x, y]: XY) => x >= 0 && x <= geobox.width && y >= 0 && y <= geobox.height;
  if (!rings.every((ring) => ring.every(isInside))) return Number.NaN;
  return rings.reduce((all, ring) => all + Math.abs(doubleArea(ring)) / 2, 0);
}

/** Nothing outside the cube. */
function footprintOf(
  window: Window,
  { grid, target, resampling }: BlockJob,
): Footprint | undefined {
  const placed = placeRegion(grid.geobox, target.crop(window));
  const windows = boundingWindows(placed, grid.geobox);
  if (windows.length === 0) return undefined;
  const { row, col, height, width } = joinWindows(windows, grid.geobox);
  const [across, down] = reachAround(window, { grid, target, resampling });
  const top = Math.max(row - down, 0);
  const bottom = Math.min(row + height + down, grid.geobox.height);
  const goesAround = (columnsAround(grid.geobox) ?? Number.POSITIVE_INFINITY) <= grid.geobox.width;
  const left = goesAround ? col - across : Math.max(col - across, 0);
  const right = goesAround
    ? Math.min(col + width + across, left + (columnsAround(grid.geobox) ?? 0))
    : Math.max(Math.min(col + width + across, grid.geobox.width), col + width);
  const source = { row: top, col: left, height: bottom - top, width: right - left };
  return { source, rings: placed.polygons.flat() };
}

/** Pixels of the cube around a window's own that its resampling may look at. */
function reachAround(
  window: Window,
  { grid, target, resampling }: Pick<BlockJob, 'grid' | 'target' | 'resampling'>,
): readonly [across: number, down: number] {
  if (RESAMPLING_RADII[resampling] === 0) {
    const [x, y] = reachOf(resampling, [1, 1]);
    return [x + 2, y + 2];
  }
  let [across, down] = [0, 0];
  for (const scales of scalesOf(window, { grid, target })) {
    const reach = reachOf(resampling, scales);
    across = Math.max(across, reach[0]);
    down = Math.max(down, reach[1]);
  }
  // Windows are found with tolerances of their own.
  return [across + 2, down + 2];
}

/** Pixels of the target to one of the cube along x and y, at most 1, in each square of the target that a window touches. */
export function* scalesOf(
  window: Window,
  { grid, target }: Pick<BlockJob, 'grid' | 'target'>,
): Generator<readonly [x: number, y: number]> {
  const place = ({ crs, shape, ...box }: GeoBox) => {
    const whole = { row: 0, col: 0, ...shape };
    return { crs, lattice: latticeOf({ crs, affine: box.affine }), window: whole, grid: whole };
  };
  const [from, to] = [place(grid.geobox), place(target)];
  const positions = positionsOf(from, to);
  for (const { square } of squaresOf(window, target.shape))
    yield scaleOf(square, positions, columnsIn(from.lattice));
}

/** Bands of one type whose pixels may lie in memory at a time, as indices into the names. */
function* warpedTogether(names: readonly string[], dataset: Dataset, pixels: number) {
  for (const { dataset: typed, bands: all } of typeGroups(dataset)) {
    const own = new Set(all.map((band) => dataset.bands[band]?.name));
    const bands = [...names.keys()].filter((at) => own.has(names[at]));
    const atATime = Math.max(Math.floor(BANDS_BYTES / (bytesOf(typed.dtype) * pixels)), 1);
    for (let first = 0; first < bands.length; first += atATime)
      yield { typed, bands: bands.slice(first, first + atATime) };
  }
}

async function reprojectPiece(
  { window, source, parts }: Piece,
  job: ReprojectJob,
  options: ReadOptions & { readonly pool: Pool; readonly memory: LentMemory },
): Promise<void> {
  const { names, dataset, leading } = job;
  const { pool, memory } = options;
  const length = source.height * source.width;
  for (const { typed, bands } of warpedTogether(names, dataset, length)) {
    const rooms =
      pool.size === 0 ? [] : bands.map(() => memory.lend(length * bytesOf(typed.dtype)));
    const rasters: LoadedPixels[] = [];
    const waiting = bands.keys();
    const lane = async () => {
      for (const k of waiting) {
        const room = rooms[k];
        const name = names[bands[k] as number] as string;
        const request = {
          path: job.group === undefined ? name : `${job.group}/${name}`,
          shape: source,
          parts,
          leading,
        };
        const into = room && pixelsOver(typed.dtype, room.buffer, 0, length);
        rasters[k] = await readRaster(job, { ...request, into, isUsed: true }, options);
      }
    };
    try {
      await allDone(Array.from({ length: BANDS_AT_A_TIME }, lane));
      const nodata = isFloat(typed.dtype) ? undefined : typed.nodata;
      const tellsGaps = isFloat(typed.dtype) || nodata !== undefined;
      await warpPiece({ window, source }, job, pool, {
        bands: rasters.map((pixels, k) => ({
          pixels,
          into: job.into[bands[k] ?? 0] as LoadedPixels,
        })),
        ...{ dtype: typed.dtype, nodata },
        valid: tellsGaps ? undefined : await job.validIn(source, parts),
      });
    } finally {
      for (const room of rooms) memory.giveBack(room);
    }
  }
}

/** Rasters of one window of the cube, into rasters of the target. */
interface PieceBands extends Pick<WarpJob, 'dtype' | 'nodata' | 'valid'> {
  readonly bands: readonly { readonly pixels: LoadedPixels; readonly into: LoadedPixels }[];
}

async function warpPiece(
  { window, source }: Pick<Piece, 'window' | 'source'>,
  { grid, target, resampling, within }: BlockJob & Pick<ReprojectJob, 'within'>,
  pool: Pool,
  { bands, ...kind }: PieceBands,
): Promise<void> {
  const from = grid.geobox.crop(source).toRecord();
  const warp = (block: Window) =>
    pool.warp({
      ...kind,
      bands: bands.map(({ pixels, into }) => ({
        pixels,
        into: {
          bytes: bytesOfPixels(into),
          width: within.width,
          row: block.row - within.row,
          col: block.col - within.col,
        },
      })),
      from,
      to: target.crop(block).toRecord(),
      resampling,
      grids: { source: grid.geobox.affine, target: target.toRecord() },
    });
  await allDone([...cut(window, BLOCK_SIDE)].map(warp));
}
