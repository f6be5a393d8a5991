import { statSync } from 'node:fs';
import { Command, Option } from 'commander';
import { Cube } from '../../cube/cube.js';
import { bandNames } from '../../cube/read/band-names.js';
import type { LoadOptions } from '../../cube/read/load.js';
import { bandTypes, fileTypeOf } from '../../cube/read/one-type.js';
import { type GeoTiffOptions, readGeoBox, writeGeoTiff } from '../../cube/read/raster-files.js';
import { hasNodata, type SavedRegion } from '../../cube/read/save-geotiff.js';
import { clipsByDefault } from '../../cube/read/validity.js';
import { RESAMPLINGS, type Resampling } from '../../dataset/dataset.js';
import { expected } from '../../errors.js';
import type { GeoBox } from '../../grid/geobox.js';
import { type Roi, roiWindows } from '../../grid/roi.js';
import type { PictureFormat } from '../../picture/picture-file.js';
import { renderPng } from '../../picture/png.js';
import type { Pool } from '../../pool/pool.js';
import { bytesOf } from '../../raster/dtype.js';
import { endAtSignal } from '../interrupt.js';
import {
  checkLegend,
  isRaster as isRasterKind,
  kindsOf,
  Outputs,
  outputPath,
  STDOUT,
  STREAMED,
  writeWhole,
} from '../loading/outputs.js';
import {
  addPictureOptions,
  drawRegion,
  legendOf,
  type PictureOptions,
  shownBands,
} from '../loading/picture.js';
import { hasStepNames, namesFor, stepsToName } from '../loading/steps.js';
import { addTargetOptions, type TargetOptions, targetOf } from '../loading/target.js';
import { regionRecord, regionText } from '../loading/told.js';
import {
  asOfOption,
  pathFor,
  quietOption,
  readBranchOption,
  storeOption,
  threadsOption,
  timeOption,
  wholeNumber,
} from '../options/common.js';
import {
  type ComputeOptions,
  kernelOption,
  openPool,
  threadsFor,
  withPool,
} from '../options/pool.js';
import { addRegionOptions, type RegionOptions, regionIn } from '../options/region.js';
import { oneStep } from '../options/time.js';
import { complain, print, printJson, tell } from '../output/terminal.js';

interface Options extends RegionOptions, ComputeOptions, TargetOptions, PictureOptions {
  readonly store: string;
  readonly asOf?: string;
  readonly branch?: string;
  readonly bands?: readonly string[];
  readonly png?: string;
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly cog?: boolean;
  readonly co?: readonly string[];
  readonly resampling: Resampling;
  readonly buffer: number;
  readonly clip: boolean;
  readonly overviews?: boolean;
  readonly allowMissing?: boolean;
  readonly format: string;
  readonly quiet?: boolean;
}

export function loadCommand(): Command {
  const command = new Command('load').addOption(storeOption());
  addRegionOptions(command)
    .addOption(timeOption())
    .addOption(asOfOption())
    .addOption(readBranchOption())
    .addOption(
      new Option(
        '--bands <list>',
        'bands to read, in this order, with commas between them (default: all)',
      ).argParser((text) => text.split(',').map((name) => name.trim())),
    )
    .addOption(
      new Option(
        '--out <file>',
        'file to write, by its name: .tif (GeoTIFF of any size, all bands, tiled, DEFLATE; without a picture at most 256 MB of pixels lie in memory), .nc (NetCDF 4), .zarr (a plain Zarr v3 directory), .png, .jpg, .webp; - is standard output; several steps are bands one after the other, in .nc and .zarr a dimension, or, with {time} in the name, a file each',
      ).argParser(outputPath),
    )
    .option('--cog', 'make it a Cloud Optimized GeoTIFF, with overviews')
    .addOption(
      new Option(
        '--co <key=value>',
        "creation option of GDAL's driver GTiff, or of COG, such as COMPRESS=ZSTD; may be given several times",
      ).argParser(addCreationOptions),
    )
    .addOption(
      new Option(
        '--png <file>',
        'picture to write (.png, .jpg, .webp), of at most 1600 pixels on a side unless --size says more: the first three bands as red, green, blue, or the first in grey',
      ).argParser(pathFor('--png')),
    )
    .option(
      '--overwrite',
      'replace files that are there; without it they are kept, and it ends with 2',
    );
  addPictureOptions(command);
  return addTargetOptions(command)
    .addOption(
      new Option('--resampling <method>', 'how pixels come onto another grid')
        .choices(RESAMPLINGS)
        .default('near'),
    )
    .addOption(
      new Option('--buffer <pixels>', 'pixels to add on each side')
        .default(0)
        .argParser(wholeNumber('--buffer', 0, 1_000_000)),
    )
    .option(
      '--no-clip',
      'write the box around the shape of --roi; without it, pixels whose centre lies outside have no value (--buffer does the same)',
    )
    .option(
      '--overviews',
      'read a coarser grid from the overviews, where they have a level that is fine enough, was made as --resampling says (near takes any) and is up to date for the region; without it each pixel of the cube counts',
    )
    .option(
      '--allow-missing',
      'read tiles whose chunks are lost as "no value", and say so, where it is an error else',
    )
    .addOption(threadsOption())
    .addOption(kernelOption())
    .addOption(
      new Option('--format <format>', 'what to print; of --out -, what to make')
        .choices(['text', 'json', ...Object.keys(STREAMED)])
        .default('text'),
    )
    .addOption(quietOption())
    .addHelpText(
      'after',
      [
        '\nA region is --bbox or --roi, or what --like covers; with both, pixels of --like outside the region have no value.',
        '\nExamples:',
        '  $ geocubes load --store cubes/tctrend --bbox 126,72,128,73 --out region.tif --png region.png',
        '  $ geocubes load --store cubes/tctrend --like dem.tif --resampling bilinear --out trend.tif --cog',
        '  $ geocubes load --store cubes/tctrend --bbox 126,72,128,73 --out small.tif --co ZLEVEL=9 --co INTERLEAVE=PIXEL',
        '  $ geocubes load --store cubes/tctrend --bbox 126,72,128,73 --crs EPSG:3413 --resolution 1000 --out polar.tif',
        '  $ geocubes load --store cubes/alphaearth --bbox 126,72,127,73 --out delta.nc',
        '  $ geocubes load --store cubes/alphaearth --roi basins.gpkg --time 2019/2021 --out basins-{time}.tif',
        '  $ geocubes load --store cubes/tctrend --bbox 126,72,128,73 --bands TCB_slope --colormap viridis --size 800,400 --out wetness.webp',
      ].join('\n'),
    )
    .action(load);
}

async function load(options: Options): Promise<void> {
  checkOptions(options);
  if (kindsOf(options).out === 'geotiff') {
    // GDAL takes a twentieth of the machine else, for blocks that are asked for once. Before it is loaded.
    process.env.GDAL_CACHEMAX ??= '128';
  }
  // Those with names by step are known with the cube.
  const outputs = hasStepNames(options) ? undefined : await outputsOf(options);
  try {
    await loadInto(outputs, options);
    await outputs?.send();
  } finally {
    outputs?.close();
  }
}

async function outputsOf(options: Options): Promise<Outputs> {
  if (options.legend !== undefined) await checkLegend(options.legend, options);
  return Outputs.check(options);
}

async function loadInto(outputs: Outputs | undefined, options: Options): Promise<void> {
  const { store, asOf, branch, like } = options;
  const open = () => Cube.open(store, { asOf, branch });
  // How many threads are of use is known before the cube is, unless its own pixels are wanted.
  if (like !== undefined)
    return withPool(options, async (pool, isThere) => {
      // A thread looks where it lies while this one opens the cube. Whoever wants to know is told.
      const given = readLike(like, { ...options, pool, isThere });
      given.catch(() => {});
      await loadBy(await open(), await regionIn(options), { ...options, outputs, pool, given });
    });
  const cube = await open();
  const names = bandNames(cube.dataset, options.bands);
  const named = await regionIn(options);
  const work = named === undefined ? {} : threadsFor(options, workOf(cube, named, names, options));
  const isWarped = [options.crs, options.resolution, options.size].some(
    (each) => each !== undefined,
  );
  const pool = await openPool({ ...options, ...work }, isWarped ? 'rasters' : 'chunks');
  try {
    await loadBy(cube, named, { ...options, outputs, pool });
  } finally {
    await pool.close();
  }
}

type Loading = Options & { readonly pool: Pool; readonly outputs: Outputs };

/** Without outputs there are some for each step. */
type LoadingSteps = Options & {
  readonly pool: Pool;
  readonly outputs: Outputs | undefined;
  /** Where the raster of `--like` lies. */
  readonly given?: Promise<GeoBox>;
};

async function loadBy(cube: Cube, named: Roi | undefined, options: LoadingSteps): Promise<void> {
  const { pool } = options;
  const stop = endAtSignal();
  try {
    const bands = bandNames(cube.dataset, options.bands);
    checkPictures(options, bands);
    const given = await options.given;
    const roi = named ?? (given as GeoBox);
    const like = given ?? targetOf(cube.grid.geobox, roi, options);
    const place = { roi, like, bands, signal: stop.signal };
    const { outputs } = options;
    if (outputs !== undefined) {
      const saved = await loadOnce(cube, place, { ...options, outputs });
      if (options.quiet) return;
      if (options.format === 'json') printJson(regionRecord(saved, cube.dataset, options));
      else (outputs.isStreamed ? tell : print)(regionText(saved, options));
      return;
    }
    const ofSteps: Loading[] = [];
    // Before a pixel is read.
    for (const step of stepsToName(cube, options.time, options)) {
      const named: Options = namesFor(options, step);
      const time = { kind: 'at', time: new Date(step.start) } as const;
      ofSteps.push({ ...named, pool, time, outputs: await outputsOf(named) });
    }
    const records: object[] = [];
    for (const one of ofSteps) {
      const saved = await loadOnce(cube, place, one);
      records.push(regionRecord(saved, cube.dataset, one));
      if (!options.quiet && options.format !== 'json') print(regionText(saved, one));
    }
    if (!options.quiet && options.format === 'json') printJson(records);
  } finally {
    stop.release();
  }
}

/** Bytes of a raster onto whose grid so much is loaded, by all that can be known, that it is written part by part. */
const LARGE_FILE = 32 * 1024 ** 2;

/** The other threads load GDAL while one of them looks where the raster lies, and after them the one that writes. */
function readLike(
  file: string,
  options: Options & { readonly pool: Pool; readonly isThere: Promise<void> },
): Promise<GeoBox> {
  const { pool, trustInputs = false, isThere } = options;
  const given = readGeoBox(file, { pool, trustInputs });
  // Whoever asks them to warp is told.
  pool.ready('rasters').catch(() => {});
  const { out, png } = kindsOf(options);
  const isLarge = (statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= LARGE_FILE;
  if (isLarge && out === 'geotiff' && png === undefined)
    isThere.then(() => pool.ready('files')).catch(() => {});
  return given;
}

interface Place extends Pick<LoadOptions, 'like' | 'signal'> {
  readonly roi: Roi;
  readonly bands: readonly string[];
}

async function loadOnce(
  cube: Cube,
  { roi, ...place }: Place,
  options: Loading,
): Promise<SavedRegion> {
  const { pool, outputs, resampling, buffer, allowMissing } = options;
  const { raster, pictures } = outputs;
  const time =
    pictures.length === 0
      ? options.time
      : oneStep(cube, options.time, 'A picture shows one step; {time} in names makes one of each.');
  const clip = options.clip && clipsByDefault(roi, { buffer });
  const overviews = options.overviews ? 'auto' : 'none';
  const how = { ...place, pool, resampling, buffer, time, clip, allowMissing, overviews } as const;
  const what = {
    format: options.cog ? 'cog' : 'geotiff',
    creationOptions: options.co ?? [],
  } as const;
  const save = { zarr: 'saveZarr', netcdf: 'saveNetCdf' } as const;
  const asArrays = raster?.kind === 'zarr' || raster?.kind === 'netcdf' ? raster.kind : undefined;
  if (asArrays !== undefined) {
    const saved = await cube[save[asArrays]](roi, raster?.path ?? '', how);
    if (pictures.length > 0) await loadAndWrite(cube, roi, how, { ...options, ...what });
    warnOfLost(saved);
    return saved;
  }
  const saved =
    pictures.length === 0 && raster !== undefined
      ? await cube.saveGeoTiff(roi, raster.path, { ...how, ...what })
      : await loadAndWrite(cube, roi, how, { ...options, ...what });
  warnOfLost(saved);
  if (options.overviews && saved.overview === undefined) complain(NO_LEVEL);
  return saved;
}

/** A picture is made of the whole region, so that it lies in memory; the GeoTIFF is then written from there. */
async function loadAndWrite(
  cube: Cube,
  roi: Roi,
  how: LoadOptions & { readonly pool: Pool; readonly bands: readonly string[] },
  options: Omit<Loading, 'format'> & Required<Pick<GeoTiffOptions, 'format' | 'creationOptions'>>,
): Promise<SavedRegion> {
  const { dataset } = cube;
  const { pool, signal, bands } = how;
  const { format, creationOptions, outputs, stretch, colormap, gamma, legend, size } = options;
  if (creationOptions.length > 0) {
    const { dtype } = fileTypeOf(bandTypes(dataset, bands));
    await pool.checkCreationOptions({ format, creationOptions, dtype, bands: bands.length });
  }
  const region = await cube.load(roi, how);
  const file = { pool, signal, format, creationOptions, hasNodata: hasNodata(dataset) };
  if (outputs.raster?.kind === 'geotiff') await writeGeoTiff(region, outputs.raster.path, file);
  let isLegendWritten = false;
  for (const { kind, path } of outputs.pictures) {
    const picture = await drawRegion(region, {
      ...(stretch === undefined ? {} : { stretch }),
      ...(colormap === undefined ? {} : { colormap }),
      ...(gamma === undefined ? {} : { gamma }),
      format: kind as PictureFormat,
      ...(size === undefined
        ? {}
        : { maxSide: Math.max(region.geobox.height, region.geobox.width) }),
    });
    await writeWhole(path, picture.picture, signal);
    if (legend === undefined || isLegendWritten) continue;
    const drawing = legendOf(region, picture, options);
    const isSvg = /\.svg$/i.test(legend);
    await writeWhole(legend, isSvg ? drawing : await renderPng(drawing), signal);
    isLegendWritten = true;
  }
  return { ...region, bands: [...region.bands.keys()] };
}

/** Settings give a list as what the command line has with commas. */
function addCreationOptions(given: string, others: readonly string[] = []): readonly string[] {
  return [...others, ...given.split(/,(?=[A-Za-z_]+=)/)];
}

/** Of one time step: chunks to be read, and bytes of the pixels that come of them. */
function workOf(
  { grid, dataset }: Cube,
  roi: Roi,
  names: readonly string[],
  { buffer }: Pick<Options, 'buffer'>,
) {
  const windows = roiWindows(roi, grid.geobox);
  const pixels = windows.map(
    ({ height, width }) => (height + 2 * buffer) * (width + 2 * buffer) * names.length,
  );
  return {
    bytes: pixels.reduce((sum, count) => sum + count, 0) * bytesOf(dataset.dtype),
    chunks: () => [...grid.tilesIn(windows)].length * names.length,
  };
}

/** Pixels are right all the same. */
const NO_LEVEL =
  'the bands themselves were read: no level of overviews is fine enough, made so and up to date here ("geocubes overviews --dry-run" tells)';

function warnOfLost({ lostTiles = [] }: SavedRegion): void {
  const [first, ...others] = lostTiles;
  if (first === undefined) return;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  complain(
    `chunks of tile ${first}${more} are lost, and read as "no value"; "geocubes verify --repair" reopens such tiles`,
  );
}

/** Before anything is read. @throws {InvalidInputError} */
function checkOptions(options: Options): void {
  const { png, out, cog, co, bbox, roi, like, format } = options;
  if (png === undefined && out === undefined)
    throw expected('--out or --png', 'what to write', 'neither');
  const kinds = kindsOf(options);
  const isRaster = kinds.out === 'geotiff';
  if (cog && !isRaster) throw expected('--out, a .tif', 'the file of --cog', out ?? 'none');
  if (co !== undefined && !isRaster)
    throw expected('--out, a .tif', 'the file of --co', out ?? 'none');
  if (bbox === undefined && roi === undefined && like === undefined)
    throw expected('--bbox, --roi or --like', 'the region', 'none');
  if (out === STDOUT && format === 'json')
    throw expected(
      `--format ${Object.keys(STREAMED).join(', ')} or none`,
      '--out -',
      '--format json',
      'Nothing else may be printed there.',
    );
  const hasPicture = [kinds.png, kinds.out].some(
    (kind) => kind !== undefined && !isRasterKind(kind),
  );
  for (const name of ['stretch', 'colormap', 'gamma', 'legend'] as const)
    if (options[name] !== undefined && !hasPicture)
      throw expected('--png, or --out with the name of one', `the picture of --${name}`, 'none');
}

/** Before pixels are read. @throws {InvalidInputError} */
function checkPictures({ stretch = [], colormap }: PictureOptions, bands: readonly string[]): void {
  const shown = shownBands(bands, { colormap });
  if (stretch.length > 1 && stretch.length !== shown.length)
    throw expected(
      shown.length === 1 ? 'one pair' : `one pair or ${shown.length}`,
      `--stretch of a picture of ${shown.join(', ')}`,
      `${stretch.length} pairs`,
    );
}
