import { typedFor, typesInWords, widestWorkType } from '../dataset/band-types.js';
import { type Dataset, RESAMPLINGS, type Resampling } from '../dataset/dataset.js';
import { AbortedError, expected, InvalidInputError } from '../errors.js';
import { boundsOf } from '../grid/frame.js';
import { GeoBox } from '../grid/geobox.js';
import { Grid, type TileIndex } from '../grid/tiling.js';
import { around, intersect, type Window, widened } from '../grid/window.js';
import { bytesOf, canHold, isFloat, isLossless, workTypeOf } from '../raster/dtype.js';
import type { FilePart, TileSource } from '../tile.js';
import { type BandMatch, matchBands } from './match-bands.js';
import { type Mosaic, mosaicsOf, type Piece } from './mosaic.js';
import { type ChosenFile, onOverview } from './overviews.js';
import { packingsOf } from './packing.js';
import { type FilePlacement, type PlacedTile, type Placement, placeFile } from './placement.js';
import { type FileBand, inspectRaster, type RasterFile } from './raster-file.js';
import { holdTheSame } from './same-pixels.js';

/** How files on disk become tiles. */
export interface LocalFilesOptions {
  /**
   * Which file's pixel is taken where several have a valid one: that of the `last` in the list (as gdalwarp
   * and Earth Engine's mosaic do) or of the `first`. Bands are decided one by one. Default `last`.
   */
  readonly order?: 'last' | 'first' | undefined;
  /**
   * Value of pixels without one, instead of the files' own nodata values; masks and alpha bands still hold.
   * NaN is one in any case. Default: what each file says, and the dataset's `nodata` where one says nothing.
   */
  readonly nodata?: number | undefined;
  /** The files' bands that become the dataset's, in its order: names, or numbers from 1. Default: see `matchBands`. */
  readonly bands?: readonly (string | number)[] | undefined;
  /** Where pixels lie on another grid than the cube's. Default: the dataset's own. */
  readonly resampling?: Resampling | undefined;
  /**
   * Lets GDAL open whatever the files are and lead to: services, databases, files anywhere. Allows GDAL the
   * network for the whole process. Default false: formats that hold data themselves, and VRTs over such files
   * in their own folder.
   */
  readonly trustInputs?: boolean | undefined;
  /**
   * Stores the values that a file's numbers stand for (number * scale + offset), not the numbers: for cubes of
   * floats. Default false: the numbers, and scale, offset and unit in the cube's CF attributes.
   */
  readonly unscale?: boolean | undefined;
  /**
   * `auto`: of a file whose pixels are much smaller than the grid's, the overview is read that `gdalwarp -ovr AUTO`
   * would take, by GDAL's rule: less is read, and pixels are what the overview was made with. Default `none`: the
   * files' own pixels.
   */
  readonly overviews?: 'none' | 'auto' | undefined;
}

const ORDERS: readonly unknown[] = ['last', 'first'];
const OVERVIEWS: readonly unknown[] = ['none', 'auto'];

/** Files on disk as a source of tiles. */
export interface LocalSource extends TileSource, AsyncDisposable {
  /** Tiles that any file touches, whatever the time. */
  readonly tiles: number;
  /** Files that lie outside of the cube; pixels at its edge may be resampled from theirs, beside others'. */
  readonly outside: readonly string[];
  /** Files that an overview stands for, and those of which that could not be used. */
  readonly overviews: readonly OverviewOfFile[];
}

/** An overview that is read instead of its file, or why it is not. */
export interface OverviewOfFile {
  readonly path: string;
  /** From 0, the finest; absent where there is a {@link OverviewOfFile.problem}. */
  readonly level?: number;
  /** Of what is read. */
  readonly shape: readonly [height: number, width: number];
  readonly problem?: string;
}

interface MatchedFile extends RasterFile {
  readonly match: BandMatch;
}

/**
 * Raster files on disk as the source of a dataset's tiles: of any format and CRS that GDAL reads. The files
 * are looked at now, and read by the kernel's threads when a tile needs them, on whichever grid they lie.
 * Needs the kernel `gdal`.
 *
 * @param paths in the order of the mosaic; see {@link LocalFilesOptions.order}
 * @throws {InvalidInputError} naming the file that cannot be used, or when none touches the cube.
 */
export async function localFiles(
  dataset: Dataset,
  paths: readonly string[],
  options: LocalFilesOptions = {},
): Promise<LocalSource> {
  const { order = 'last', nodata, resampling, trustInputs, unscale = false } = options;
  const { overviews = 'none' } = options;
  const files: MatchedFile[] = [];
  if (!ORDERS.includes(order)) throw expected(ORDERS.join(' or '), 'the order of the files', order);
  if (resampling !== undefined && !RESAMPLINGS.includes(resampling))
    throw expected(`one of ${RESAMPLINGS.join(', ')}`, 'the resampling of the files', resampling);
  if (!OVERVIEWS.includes(overviews))
    throw expected(OVERVIEWS.join(' or '), 'the overviews of the files', overviews);
  checkChosen(dataset, options.bands);
  if (unscale) checkUnscaled(dataset);
  const names = dataset.bands.map(({ name }) => name);
  const grid = Grid.fromRecord(dataset.grid);
  const told: OverviewOfFile[] = [];
  for (const path of paths) {
    const whole = inspectRaster(path, { trustInputs });
    const chosen = overviews === 'auto' ? chooseOverview(whole, grid) : { file: whole };
    const { file } = chosen;
    if (chosen.level !== undefined || chosen.problem !== undefined) told.push(wordsOf(chosen));
    const match = matchBands(file, names, options.bands);
    checkPixels(file, match, dataset, nodata);
    files.push({ ...file, match });
  }
  checkComplete(files, dataset);
  const packings = packingsOf(files, names, unscale);
  const { byTile, outside } = indexTiles(order === 'last' ? files : files.reverse(), grid);
  return {
    mask: { kind: 'file' },
    origin: { name: 'files' },
    packings,
    ...(resampling === undefined ? {} : { resampling }),
    tiles: byTile.size,
    outside,
    overviews: told,
    hasTile: (index) => byTile.has(keyOf(index)),
    planRequests: () => [],
    check: async () => {},
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
    async fetch(tile, { signal } = {}) {
      if (signal?.aborted) throw new AbortedError('The tile was stopped.');
      const { id, index } = tile;
      const geobox = GeoBox.fromRecord(tile.geobox);
      const touching = byTile.get(keyOf(index)) ?? [];
      const within = grid.tileWindow(index);
      const parts = touching.flatMap((one) =>
        partsOf(one, geobox, within, dataset, nodata, unscale),
      );
      return { state: 'fetched', id, index, geobox: tile.geobox, parts: [], files: parts };
    },
  };
}

function keyOf({ row, col }: TileIndex): string {
  return `${row}-${col}`;
}

/** A file, and where it lies on the cube's grid. */
interface PlacedFile extends MatchedFile, FilePlacement, Piece {}

interface Raster extends Mosaic<PlacedFile> {
  /** Pixels of the cube around a tile from which its files matter. */
  readonly reach: number;
}

/** A raster, and where its files lie in one tile. */
interface Touching {
  readonly raster: Raster;
  readonly placements: Placement[];
}

/** The rasters that touch each tile, from the lowest up. */
function indexTiles(files: readonly MatchedFile[], grid: Grid) {
  const byTile = new Map<string, Touching[]>();
  const placed = files.map((file): PlacedFile => {
    const placement = placedOn(file, grid);
    const { tiles, near } = placement;
    const window = windowOf(tiles, grid);
    return { ...file, ...placement, cube: file.match.cube, window, isFar: near.length === 0 };
  });
  for (const mosaic of mosaicsOf(placed, agree)) {
    const read = mosaic.pieces.length === 1 ? [] : mosaic.pieces.filter(({ isFar }) => !isFar);
    const reach = read.reduce((most, piece) => Math.max(most, piece.reach), 0);
    const raster = { ...mosaic, reach };
    for (const { tiles } of mosaic.pieces)
      for (const { index, placements } of tiles) {
        const known = byTile.get(keyOf(index)) ?? [];
        byTile.set(keyOf(index), known);
        const own = known.find((one) => one.raster === raster);
        if (own === undefined) known.push({ raster, placements: [...placements] });
        else own.placements.push(...placements);
      }
  }
  if (byTile.size === 0)
    throw expected(
      `files that touch the cube (${grid.geobox})`,
      'the files to import',
      files.length === 1 ? describe(files[0] as MatchedFile) : `${files.length} files elsewhere`,
    );
  const outside = placed.filter(({ tiles }) => tiles.length === 0).map(({ path }) => path);
  return { byTile, outside };
}

function agree(one: PlacedFile, inOne: Window, other: PlacedFile, inOther: Window): boolean {
  return (
    areScaledAlike(one, other) &&
    holdTheSame(
      { file: one, bands: one.match.file, window: inOne },
      { file: other, bands: other.match.file, window: inOther },
    )
  );
}

/** All that a file may have a value for, in pixels of the grid. */
function windowOf(tiles: readonly PlacedTile[], grid: Grid): Window | undefined {
  return around(
    tiles.flatMap(({ index, placements }) => {
      const { row, col } = grid.tileWindow(index);
      return placements.map(({ window }) => moved(window, row, col));
    }),
  );
}

function moved(window: Window, row: number, col: number): Window {
  return { ...window, row: window.row + row, col: window.col + col };
}

function chooseOverview(file: RasterFile, grid: Grid): ChosenFile {
  if (file.overviews.length === 0) return { file };
  return leadingTo(grid, file, () => {
    const window = windowOf(placeFile(file.place, grid).tiles, grid);
    return onOverview(file, grid.geobox, window);
  });
}

function wordsOf({ file: { path, place }, level, problem }: ChosenFile): OverviewOfFile {
  return {
    path,
    shape: [place.shape.height, place.shape.width],
    ...(level === undefined ? {} : { level }),
    ...(problem === undefined ? {} : { problem }),
  };
}

function placedOn(file: MatchedFile, grid: Grid): FilePlacement {
  return leadingTo(grid, file, () => placeFile(file.place, grid));
}

function leadingTo<T>(grid: Grid, { path }: RasterFile, find: () => T): T {
  try {
    return find();
  } catch (cause) {
    throw new InvalidInputError(
      `Expected a CRS that leads to the cube's ${grid.geobox.crs.name.slice(0, 60)} but received ${path}: ${(cause as Error).message || 'no way there'}`,
      { cause },
    );
  }
}

/** In the file's own coordinates. */
function describe({ path, place: { wkt, shape, affine } }: MatchedFile): string {
  const { west, south, east, north } = boundsOf({ shape, affine });
  const name = /"([^"]*)"/.exec(wkt)?.[1] ?? 'an unnamed CRS';
  return `${path}: ${shape.width} x ${shape.height} px of ${name} at ${west},${south},${east},${north}`;
}

/** One part of a tile for each turn by which its longitudes are reached. */
function partsOf(
  { raster: { pieces, affine, shape, reach }, placements }: Touching,
  tile: GeoBox,
  { row, col }: Window,
  dataset: Dataset,
  nodata: number | undefined,
  unscale: boolean,
): FilePart[] {
  return [...new Set(placements.map(({ turns }) => turns))].map((turns) => {
    const own = placements.filter((placement) => placement.turns === turns);
    const window = around(own.map((placement) => placement.window)) as Window;
    const seen = widened(moved(window, row, col), reach);
    const files = pieces.filter(({ near }) => near.some((part) => intersect(part, seen)));
    const [{ match }] = files as [PlacedFile];
    return {
      request: {
        window,
        geobox: tile.crop(window).toRecord(),
        bands: match.cube,
        bytes: window.height * window.width * match.cube.length * bytesOf(widestWorkType(dataset)),
      },
      files: files.map(({ path, input, bands, match: { file: own } }) => ({
        path,
        name: input.name,
        formats: input.formats,
        ...(input.overview === undefined ? {} : { overview: input.overview }),
        bands: own,
        turns,
        ...(nodata === undefined ? {} : { nodata }),
        ...(unscale ? { unscale: own.map((at) => scaleOf(bands[at])) } : {}),
      })),
      raster: { affine, shape: [shape.height, shape.width] },
    };
  });
}

/** Equal numbers of two files are equal values only where both are scaled alike. */
function areScaledAlike(one: MatchedFile, other: MatchedFile): boolean {
  return one.match.file.every((at, i) => {
    const own = scaleOf(one.bands[at]);
    const theirs = scaleOf(other.bands[other.match.file[i] ?? -1]);
    return own.scale === theirs.scale && own.offset === theirs.offset;
  });
}

function scaleOf(band: FileBand | undefined): { scale: number; offset: number } {
  return { scale: band?.scale ?? 1, offset: band?.offset ?? 0 };
}

function checkUnscaled(dataset: Dataset): void {
  if (dataset.bands.some((band) => !isFloat(typedFor(dataset, band).dtype)))
    throw expected(
      'a cube of float32 or float64',
      'values that are unscaled',
      typesInWords(dataset),
      'Without --unscale the numbers are stored as they are, with scale and offset in the attributes.',
    );
}

function checkChosen({ bands }: Dataset, chosen: readonly (string | number)[] | undefined): void {
  if (chosen !== undefined && chosen.length !== bands.length)
    throw expected(
      `${bands.length} bands, one for each of the cube's (${bands.map(({ name }) => name).join(', ')})`,
      'the bands of the files',
      chosen.length === 0 ? 'none' : chosen.join(','),
    );
}

function checkPixels(
  { path, bands }: RasterFile,
  match: BandMatch,
  dataset: Dataset,
  nodata: number | undefined,
): void {
  for (const [i, at] of match.file.entries()) {
    const { dtype } = bands[at] as RasterFile['bands'][number];
    const own = typedFor(dataset, dataset.bands[match.cube[i] ?? -1]).dtype;
    if (!isLossless(dtype, own))
      throw expected(
        `pixels that fit into the cube's ${own}`,
        `the file ${path}`,
        dtype,
        `Convert it with gdal_translate ${own === 'bool' ? '-co NBITS=1' : '-ot'}, or make a cube of ${dtype}.`,
      );
    const fits = nodata === undefined || Number.isNaN(nodata) || dtype === 'float32';
    if (!fits && !canHold(workTypeOf(dtype), nodata))
      throw expected(`a value that ${dtype} can hold`, `the nodata value of ${path}`, nodata);
  }
}

/** A tile whose bands come from several files is complete only where all of them are given. */
function checkComplete(files: readonly MatchedFile[], { bands }: Dataset): void {
  if (files.length === 0) throw expected('at least one file', 'the files to import', 'none');
  const given = new Set(files.flatMap(({ match }) => match.cube));
  const missing = bands.filter((_, i) => !given.has(i)).map(({ name }) => name);
  if (missing.length > 0)
    throw expected(
      'each of the bands of the cube in one of the files at least',
      'the files to import',
      `none with ${missing.join(', ')}`,
    );
}
