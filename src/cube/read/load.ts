import { typedForName } from '../../dataset/band-types.js';
import { type Dataset, fillValueOf, type Resampling } from '../../dataset/dataset.js';
import type { BandPixels, BandTypes } from '../../dataset/file/typed.js';
import type { TimeAxis, TimeStep } from '../../dataset/time-axis.js';
import { selectSteps } from '../../dataset/toi.js';
import { expected } from '../../errors.js';
import { alignsWith, isAxisAligned } from '../../grid/affine.js';
import { sameCrs } from '../../grid/crs/crs.js';
import { GeoBox } from '../../grid/geobox.js';
import { joinWindows, splitWindow } from '../../grid/onto/continued-window.js';
import { type Roi, roiWindows } from '../../grid/roi.js';
import type { PixelRuns } from '../../grid/shapes/pixel-runs.js';
import { placeRegion } from '../../grid/shapes/region.js';
import { touchedCells } from '../../grid/shapes/touched-cells.js';
import { type Grid, type TileIndex, tileId } from '../../grid/tiling.js';
import { intersect, type Window } from '../../grid/window.js';
import type { DType } from '../../raster/dtype.js';
import { fillPixels, type LoadedPixels } from '../../raster/loaded-pixels.js';
import { packingOf } from '../../store/metadata/band-packing.js';
import { readMetadata } from '../../store/read.js';
import type { BandPacking, TileSource } from '../../tile.js';
import { atSteps, type TimeOptions } from '../tiles.js';
import { bandNames } from './band-names.js';
import { bytesOfLoad, checkFits } from './in-memory.js';
import type { LoadPlan } from './load-plan.js';
import { lostError } from './lost-chunks.js';
import { type BandType, bandTypes } from './one-type.js';
import { allDone, allocateRaster, type ReadOptions, readRaster } from './read-raster.js';
import { reproject, sourceWindows } from './reproject.js';
import {
  clearOutside,
  mayLackValues,
  readMask,
  shapeOf,
  type TileValues,
  valuesAt,
} from './validity.js';

/** A geobox, or anything that has one: a region that was loaded, a raster file, a picture. */
export type Like = GeoBox | { readonly geobox: GeoBox };

/** What is read of a region, and on which grid. */
export interface LoadOptions extends ReadOptions, TimeOptions {
  /**
   * The grid the pixels are wanted on: the result covers exactly this geobox, with nodata where the
   * region or the cube ends. Default: the cube's own grid; for a region given as a geobox of another CRS
   * or resolution, that geobox.
   */
  readonly like?: Like | undefined;
  /** How pixels come onto another grid than the cube's. Default `near`, which makes no new values. */
  readonly resampling?: Resampling | undefined;
  /** Pixels of the result's grid to be added on each side; on the cube's grid no more than it has. Default 0. */
  readonly buffer?: number | undefined;
  /**
   * Where tiles that are not loaded yet are fetched from, before the region is read; each once, however
   * many loads want it at the same time. Needs a `pool`. Default: they stay nodata.
   */
  readonly source?: TileSource | undefined;
  /**
   * Reads tiles whose chunks are lost as nodata, and lists them in the result. Default `false`: they are an
   * error. In Icechunk repositories they always are.
   */
  readonly allowMissing?: boolean | undefined;
  /** Names of the bands wanted, which come in this order. Default: all. */
  readonly bands?: readonly string[] | undefined;
  /**
   * Gives pixels outside the region's shape no value: of polygons those whose centre lies outside (GDAL's and
   * rasterio's rule), of lines and points those that they do not touch. Default `false`, the box around it.
   */
  readonly clip?: boolean | undefined;
  /**
   * `auto` makes a coarser grid of a reduced level where the cube has one that is nowhere coarser than that grid, was
   * made as the pixels are resampled (`near` takes any), and has all tiles of the region as they are;
   * {@link Region.overview} tells which. Default `none`: the bands themselves, of which each pixel counts.
   */
  readonly overviews?: 'none' | 'auto' | undefined;
}

/** A region read from a cube. */
export interface Region<Bands extends BandTypes = BandTypes> {
  /**
   * Exactly the pixels of the arrays. Where a region crosses the antimeridian of a geographic grid, x
   * goes on past 180.
   */
  readonly geobox: GeoBox;
  /** Of the first band, and of all of them where {@link types} has no other. */
  readonly dtype: DType;
  /** What stands for "no value" in the first band, and in all of them where {@link types} has no other. */
  readonly nodata: number;
  /** Each band's own dtype, and what stands for "no value" in it, by name. Absent: all are as said above. */
  readonly types?: ReadonlyMap<string, BandType>;
  /** The steps of a temporal cube that were read, in the order of the axis; absent without a time axis. */
  readonly steps?: readonly TimeStep[];
  /**
   * Each band's pixels, `[y, x]` or, where there are {@link steps}, `[time, y, x]`, row-major, by name, in
   * the order they were asked for. Where a pool of threads read
   * them, they lie in memory shared with it (`SharedArrayBuffer`).
   */
  readonly bands: BandPixels<Bands>;
  /**
   * What the numbers of bands stand for, by name, where their attributes say it: value = number * scale +
   * offset, in units. The pixels are the numbers.
   */
  readonly packings?: ReadonlyMap<string, BandPacking>;
  /**
   * Where there is no value and a band has no code to say so (integers without nodata, whose pixels are 0 there):
   * `[y, x]` or `[time, y, x]`, 0 there and 255 elsewhere. Absent where every pixel has a value, or all bands tell it.
   */
  readonly mask?: LoadedPixels;
  /** Where {@link LoadOptions.overviews} are read: the factor of the level that the pixels are of. Absent: of the bands. */
  readonly overview?: number;
  /** Tiles of the region that are not loaded: their pixels are nodata. */
  readonly missingTiles: number;
  /** Ids of tiles that are loaded and whose chunks are lost, where {@link LoadOptions.allowMissing} reads them as nodata. */
  readonly lostTiles?: readonly string[];
}

/** What loading needs of a cube, at one moment of its history. */
export interface CubeView extends TileValues {
  readonly dataset: Dataset;
  readonly timeAxis: TimeAxis | undefined;
  /** Read in place of the bands, where these come onto another grid. */
  readonly overview?:
    | { readonly factor: number; readonly path: string; readonly grid: Grid }
    | undefined;
  isMissing(index: TileIndex): Promise<boolean>;
  /** Whether chunks of these bands were there and are there no longer. */
  isLost(index: TileIndex, names: readonly string[]): Promise<boolean>;
}

/** While the last chunks of one band are read, the next one's are found: threads have nothing to wait for. */
const BANDS_AT_A_TIME = 2;

/** What a load reads, before anything is read. */
export interface PreparedLoad {
  readonly plan: LoadPlan;
  /** Of the result. */
  readonly geobox: GeoBox;
  readonly names: readonly string[];
  readonly steps: readonly TimeStep[] | undefined;
  readonly resampling: Resampling;
}

/** @throws {InvalidInputError} when the region lies outside the cube, or an option is none. */
export function prepareLoad(
  { grid, dataset, timeAxis }: Pick<CubeView, 'grid' | 'dataset' | 'timeAxis'>,
  roi: Roi,
  options: LoadOptions & { readonly steps?: readonly TimeStep[] },
): PreparedLoad {
  const plan = planLoad(grid.geobox, roi, options);
  return {
    plan,
    geobox: plan.kind === 'own-grid' ? plan.geobox : plan.target,
    names: bandNames(dataset, options.bands),
    steps: options.steps ?? selectSteps(timeAxis, options.time),
    resampling: options.resampling ?? DEFAULT_RESAMPLING,
  };
}

/**
 * From this many bytes of chunks on, before they are compressed, the thread that finds their files is worth its start,
 * which takes 65 ms of a processor's time: Icechunk takes 4 ms for each stored megabyte that it reads. Where the
 * calling thread does all, it waits meanwhile.
 */
const WORTH_LOCATING = { beside: 32 * 1024 ** 2, before: 128 * 1024 ** 2 };

/** Starts what finds the files of chunks, while the rest of a load is planned. Throws nothing. */
export function locateAhead(
  { grid, dataset, session: { locate } }: CubeView,
  load: PreparedLoad,
  { pool }: ReadOptions,
): void {
  if (locate === undefined) return;
  const { plan, geobox, names, steps } = load;
  const { height, width } = grid.chunk;
  // Of chunks of its own grid nearly all is read, however little of them is wanted.
  const read =
    plan.kind === 'own-grid'
      ? { height: height * tilesOfPlan(grid, plan).length, width }
      : geobox.shape;
  const bytes = bytesOfLoad({ geobox: read, names, steps }, dataset);
  if (bytes < WORTH_LOCATING[(pool?.size ?? 0) > 0 ? 'beside' : 'before']) return;
  locate([]).catch(() => {});
}

/** As {@link Cube.load}. */
export async function loadRegion(
  view: CubeView,
  roi: Roi,
  options: LoadOptions & { readonly steps?: readonly TimeStep[] } = {},
): Promise<Region> {
  const { dataset } = view;
  const load = prepareLoad(view, roi, options);
  checkFits(load, dataset);
  const { geobox, names, steps } = load;
  const length = geobox.height * geobox.width;
  const rasters = names.map((name) =>
    allocateRaster(typedForName(dataset, name).dtype, length * (steps?.length ?? 1), options),
  );
  locateAhead(view, load, options);
  const window = { row: 0, col: 0, ...geobox.shape };
  const shape = options.clip ? shapeOf(load, roi) : undefined;
  const mask = await maskFor(view, { load, shape }, options);
  for (const [i, step] of (steps ?? [undefined]).entries()) {
    const ofStep = (all: LoadedPixels) =>
      all.subarray(i * length, (i + 1) * length) as LoadedPixels;
    const into = rasters.map(ofStep);
    await readWindow(view, { load, window, names, step, into }, options);
    if (shape !== undefined)
      for (const [k, raster] of into.entries())
        clearOutside(raster, fillValueOf(typedForName(dataset, names[k] ?? '')), shape, window);
    if (mask !== undefined)
      await readMask(view, { load, shape, window, step, into: ofStep(mask) }, options);
  }
  return {
    ...(await describeLoad(view, load, options)),
    ...(mask?.includes(0 as never) ? { mask } : {}),
    bands: new Map(names.map((name, i) => [name, rasters[i] as LoadedPixels])),
  };
}

/** Memory for a mask, where one may be needed. */
async function maskFor(
  view: CubeView,
  { load, shape }: { readonly load: PreparedLoad; readonly shape: PixelRuns | undefined },
  options: ReadOptions,
): Promise<LoadedPixels | undefined> {
  const { geobox, steps } = load;
  if (!(await needsMask(view, { load, shape }))) return undefined;
  return allocateRaster('uint8', geobox.height * geobox.width * (steps?.length ?? 1), options);
}

/** Whether pixels may lack a value where a band has no code for that. */
export async function needsMask(
  view: CubeView,
  { load, shape }: { readonly load: PreparedLoad; readonly shape: PixelRuns | undefined },
): Promise<boolean> {
  const { plan, names, steps, resampling } = load;
  const types = [...bandTypes(view.dataset, names).values()];
  if (types.every(({ nodata }) => nodata !== undefined)) return false;
  if (shape !== undefined) return true;
  const tiles = tilesOfPlan(view.grid, plan, resampling);
  for (const step of steps ?? [undefined])
    if (await mayLackValues(view, plan, { tiles, names, step })) return true;
  return false;
}

/** A part of what a load reads. */
export interface WindowRequest {
  readonly load: PreparedLoad;
  /** In pixels of the load's geobox. */
  readonly window: Window;
  /** Of the bands. */
  readonly names: readonly string[];
  readonly step: TimeStep | undefined;
  /** Of each of those bands, `[y, x]` of the window, zeroed: where the pixels go. */
  readonly into: readonly LoadedPixels[];
}

/** Reads some bands of a part of the region. The pixels are those of the whole, however it is cut. */
export async function readWindow(
  view: CubeView,
  { load: { plan, resampling }, window, names, step, into }: WindowRequest,
  options: ReadOptions,
): Promise<void> {
  const { grid, dataset } = view;
  const leading = step === undefined ? [] : [step.index];
  if (plan.kind === 'reprojected') {
    for (const [i, raster] of into.entries()) {
      const fill = fillValueOf(typedForName(dataset, names[i] ?? ''));
      if (!Object.is(fill, 0)) fillPixels(raster, fill);
    }
    const regions = plan.regions.flatMap((region) => intersect(region, window) ?? []);
    const { target } = plan;
    const level = { grid: view.overview?.grid ?? grid, group: view.overview?.path };
    await reproject(
      {
        ...{ ...view, ...level, target, regions, within: window, names, resampling, leading, into },
        ...valuesAt(view, { names, step }, options),
      },
      options,
    );
    return;
  }
  const [row, col] = [plan.window.row + window.row, plan.window.col + window.col];
  const parts = splitWindow({ ...window, row, col }, grid.geobox);
  const bands = names.entries();
  let isOver = false;
  const lane = async () => {
    for (const [band, path] of bands) {
      // Where one band has failed, the others are of no use.
      if (isOver) return;
      const request = { path, shape: window, parts, leading, into: into[band] };
      await readRaster(view, request, options).catch((error: unknown) => {
        isOver = true;
        throw error;
      });
    }
  };
  await allDone(Array.from({ length: BANDS_AT_A_TIME }, lane));
}

/** All that a region says of itself but its pixels. @throws {StoreError} for lost chunks, where they are no gaps. */
export async function describeLoad(
  view: CubeView,
  { plan, geobox, names, steps, resampling }: PreparedLoad,
  { allowMissing }: Pick<LoadOptions, 'allowMissing'>,
): Promise<Omit<Region, 'bands'>> {
  const { grid, dataset, session, overview } = view;
  let missingTiles = 0;
  const lostTiles: string[] = [];
  const isSeen = tilesSeen(grid, plan);
  for (const index of atSteps(tilesOfPlan(grid, plan, resampling), steps)) {
    if (await view.isMissing(index)) missingTiles += isSeen(index) ? 1 : 0;
    else if (await view.isLost(index, names)) lostTiles.push(tileId(index));
  }
  if (lostTiles.length > 0 && !allowMissing) throw lostError(lostTiles);
  const first = typedForName(dataset, names[0] ?? '');
  const packings = new Map<string, BandPacking>();
  for (const name of names) {
    const packing = saidOf(await readMetadata(session, name));
    if (Object.keys(packing).length > 0) packings.set(name, packing);
  }
  return {
    geobox,
    dtype: first.dtype,
    nodata: fillValueOf(first),
    types: bandTypes(dataset, names),
    ...(steps === undefined ? {} : { steps }),
    ...(packings.size === 0 ? {} : { packings }),
    ...(overview === undefined ? {} : { overview: overview.factor }),
    missingTiles,
    ...(lostTiles.length === 0 ? {} : { lostTiles }),
  };
}

/** Of the tiles that are read, those that pixels of the result lie in: near an edge more are looked into. */
function tilesSeen(grid: Grid, plan: LoadPlan): (index: TileIndex) => boolean {
  if (plan.kind === 'own-grid') return () => true;
  const seen = new Set<string>();
  for (const region of plan.regions)
    for (const { row, col } of touchedCells(
      placeRegion(grid.geobox, plan.target.crop(region)),
      grid,
    ))
      seen.add(`${row}-${col}`);
  return ({ row, col }) => seen.has(`${row}-${col}`);
}

/** What an array's CF attributes say of its numbers, as far as these are not the values themselves. */
function saidOf(document: unknown): BandPacking {
  const { attributes } = (document ?? {}) as { attributes?: Record<string, unknown> };
  const { scale = 1, offset = 0, ...units } = packingOf(attributes);
  return {
    ...(scale === 1 ? {} : { scale }),
    ...(offset === 0 ? {} : { offset }),
    ...units,
  };
}

/** Makes no values that the cube does not hold. */
export const DEFAULT_RESAMPLING = 'near';

/** The cube's tiles that a load reads from. */
export function tilesOfPlan(
  grid: Grid,
  plan: LoadPlan,
  resampling: Resampling = DEFAULT_RESAMPLING,
): TileIndex[] {
  const windows =
    plan.kind === 'own-grid'
      ? splitWindow(plan.window, grid.geobox).map(({ window }) => window)
      : sourceWindows({ ...plan, grid, resampling });
  return windows.length === 0 ? [] : [...grid.tilesIn(windows)];
}

/** @throws {InvalidInputError} when the region lies outside the cube, or an option is none. */
export function planLoad(
  cube: GeoBox,
  roi: Roi,
  { like, buffer = 0 }: Pick<LoadOptions, 'like' | 'buffer'>,
): LoadPlan {
  if (!(Number.isInteger(buffer) && buffer >= 0))
    throw expected('a whole number of pixels, 0 or more', 'the buffer', buffer);
  // Also where the pixels go elsewhere: a region outside the cube is a mistake, not an empty raster.
  const windows = roiWindows(roi, cube);
  const target = like === undefined ? otherGrid(roi, cube) : geoboxOf(like);
  if (target !== undefined) {
    const wide = buffer === 0 ? target : target.pad(buffer);
    const all = { row: 0, col: 0, ...wide.shape };
    // Windows are upright: on a rotated grid the region's own cannot be told.
    const isWhole = roi === target || !isAxisAligned(wide.affine);
    const regions = isWhole ? [all] : grow(roiWindows(roi, wide), buffer, wide);
    return { kind: 'reprojected', target: wide, regions };
  }
  const joined = joinWindows(windows, cube);
  const parts = splitWindow(growWindow(joined, buffer), cube);
  const window = joinWindows(
    parts.map(({ window }) => window),
    cube,
  );
  return { kind: 'own-grid', window, geobox: cube.crop(window) };
}

/** Of which grid a reference is. */
export function geoboxOf(like: Like): GeoBox {
  return like instanceof GeoBox ? like : like.geobox;
}

/** A region that is a geobox of another CRS or another resolution says on which grid it is wanted. */
function otherGrid(roi: Roi, cube: GeoBox): GeoBox | undefined {
  if (!(roi instanceof GeoBox)) return undefined;
  const [a, b, , d, e] = roi.affine;
  const [ca, cb, , cd, ce] = cube.affine;
  const isSame =
    sameCrs(roi.crs, cube.crs) &&
    alignsWith([a, b, 0, d, e, 0], [ca, cb, 0, cd, ce, 0], roi.width, roi.height);
  return isSame ? undefined : roi;
}

function growWindow({ row, col, height, width }: Window, by: number): Window {
  return { row: row - by, col: col - by, height: height + 2 * by, width: width + 2 * by };
}

function grow(windows: readonly Window[], by: number, { height, width }: GeoBox): Window[] {
  return windows.map((window) => {
    const inside = intersect(growWindow(window, by), { row: 0, col: 0, height, width });
    return inside ?? window;
  });
}
