import { Command, Option } from 'commander';
import { Cube } from '../../cube/cube.js';
import type { LoadOptions, Region } from '../../cube/read/load.js';
import { type GeoTiffOptions, readGeoBox, writeGeoTiff } from '../../cube/read/raster-files.js';
import { hasNodata, type SavedRegion } from '../../cube/read/save-geotiff.js';
import { type Dataset, RESAMPLINGS, type Resampling } from '../../dataset/dataset.js';
import { expected } from '../../errors.js';
import type { GeoBox } from '../../grid/geobox.js';
import { type Roi, roiWindows } from '../../grid/roi.js';
import { renderQuicklook } from '../../picture/quicklook.js';
import type { Pool } from '../../pool/pool.js';
import { bytesOf, isFloat } from '../../raster/dtype.js';
import { endAtSignal } from '../interrupt.js';
import {
  asOfOption,
  formatOption,
  pathFor,
  quietOption,
  storeOption,
  threadsOption,
  timeOption,
  wholeNumber,
} from '../options/common.js';
import { checkOutput, writeOutput } from '../options/output-file.js';
import {
  besidePool,
  type ComputeOptions,
  kernelOption,
  openPool,
  threadsFor,
} from '../options/pool.js';
import { addRegionOptions, type RegionOptions, regionIn } from '../options/region.js';
import { oneStep, stepRecord, timeWords } from '../options/time.js';
import { complain, print, printJson } from '../output/terminal.js';

interface Options extends RegionOptions, ComputeOptions {
  readonly store: string;
  readonly asOf?: string;
  readonly png?: string;
  readonly out?: string;
  readonly cog?: boolean;
  readonly co?: readonly string[];
  readonly like?: string;
  readonly resampling: Resampling;
  readonly buffer: number;
  readonly allowMissing?: boolean;
  readonly format: 'text' | 'json';
  readonly quiet?: boolean;
}

export function loadCommand(): Command {
  const command = new Command('load').addOption(storeOption());
  return addRegionOptions(command)
    .addOption(timeOption())
    .addOption(asOfOption())
    .addOption(
      new Option(
        '--out <file.tif>',
        'GeoTIFF to write, of any size: all bands, tiled, DEFLATE; without --png at most 256 MB of pixels lie in memory',
      ).argParser(pathFor('--out')),
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
        'picture to write: the first three bands as red, green, blue, or the first in grey',
      ).argParser(pathFor('--png')),
    )
    .option('--like <file>', 'raster whose grid the pixels are put on, exactly')
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
      '--allow-missing',
      'read tiles whose chunks are lost as "no value", and say so, where it is an error else',
    )
    .addOption(threadsOption())
    .addOption(kernelOption())
    .addOption(formatOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      [
        '\nA region is --bbox or --roi, or what --like covers; with both, pixels of --like outside the region have no value.',
        '\nExamples:',
        '  $ geocubes load --store cubes/tctrend --bbox 126,72,128,73 --out region.tif --png region.png',
        '  $ geocubes load --store cubes/tctrend --like dem.tif --resampling bilinear --out trend.tif --cog',
        '  $ geocubes load --store cubes/tctrend --bbox 126,72,128,73 --out small.tif --co ZLEVEL=9 --co INTERLEAVE=PIXEL',
      ].join('\n'),
    )
    .action(load);
}

async function load(options: Options): Promise<void> {
  const { png, out, like } = options;
  checkOptions(options);
  if (out !== undefined) {
    await checkOutput(out, '--out', true);
    // GDAL takes a twentieth of the machine else, for blocks that are asked for once. Before it is loaded.
    process.env.GDAL_CACHEMAX ??= '128';
  }
  if (png !== undefined) await checkOutput(png, '--png');
  // How many threads are of use is known before the cube is, unless its own pixels are wanted.
  if (like !== undefined)
    return besidePool(options, async (pool) =>
      loadBy(await Cube.open(options.store, { asOf: options.asOf }), await regionIn(options), {
        ...options,
        pool,
      }),
    );
  const cube = await Cube.open(options.store, { asOf: options.asOf });
  const named = await regionIn(options);
  const work = named === undefined ? {} : threadsFor(options, workOf(cube, named, options.buffer));
  const pool = await openPool({ ...options, ...work });
  try {
    await loadBy(cube, named, { ...options, pool });
  } finally {
    await pool.close();
  }
}

async function loadBy(
  cube: Cube,
  named: Roi | undefined,
  options: Options & { readonly pool: Pool },
): Promise<void> {
  const { pool, png, out, like: likeFile, resampling, buffer, trustInputs = false } = options;
  const stop = endAtSignal();
  try {
    const like =
      likeFile === undefined ? undefined : await readGeoBox(likeFile, { pool, trustInputs });
    const roi = named ?? (like as GeoBox);
    // A file holds one step.
    const time = oneStep(cube, options.time);
    const how = {
      ...{ pool, like, resampling, buffer, time, signal: stop.signal },
      allowMissing: options.allowMissing,
    };
    const what = {
      format: options.cog ? 'cog' : 'geotiff',
      creationOptions: options.co ?? [],
    } as const;
    const saved =
      png === undefined && out !== undefined
        ? await cube.saveGeoTiff(roi, out, { ...how, ...what })
        : await loadAndWrite(cube, roi, how, { ...what, png, out });
    warnOfLost(saved);
    if (options.quiet) return;
    if (options.format === 'json') printJson(regionRecord(saved, cube.dataset, options));
    else print(regionText(saved, options));
  } finally {
    stop.release();
  }
}

/** A picture is made of the whole region, so that it lies in memory; the GeoTIFF is then written from there. */
async function loadAndWrite(
  cube: Cube,
  roi: Roi,
  how: LoadOptions & { readonly pool: Pool },
  {
    png,
    out,
    format,
    creationOptions,
  }: Required<Pick<GeoTiffOptions, 'format' | 'creationOptions'>> & {
    readonly png: string | undefined;
    readonly out: string | undefined;
  },
): Promise<SavedRegion> {
  const { dataset } = cube;
  const { pool, signal } = how;
  if (creationOptions.length > 0) {
    const { dtype, bands } = dataset;
    await pool.checkCreationOptions({ format, creationOptions, dtype, bands: bands.length });
  }
  const region = await cube.load(roi, how);
  const file = { pool, signal, format, creationOptions, hasNodata: hasNodata(dataset) };
  if (out !== undefined) await writeGeoTiff(region, out, file);
  if (png !== undefined) await writeOutput(png, await regionPicture(region), '--png');
  return { ...region, bands: [...region.bands.keys()] };
}

/** Settings give a list as what the command line has with commas. */
function addCreationOptions(given: string, others: readonly string[] = []): readonly string[] {
  return [...others, ...given.split(/,(?=[A-Za-z_]+=)/)];
}

/** Of one time step: chunks to be read, and bytes of the pixels that come of them. */
function workOf({ grid, dataset }: Cube, roi: Roi, buffer: number) {
  const windows = roiWindows(roi, grid.geobox);
  const pixels = windows.map(
    ({ height, width }) => (height + 2 * buffer) * (width + 2 * buffer) * dataset.bands.length,
  );
  return {
    bytes: pixels.reduce((sum, count) => sum + count, 0) * bytesOf(dataset.dtype),
    chunks: () => [...grid.tilesIn(windows)].length * dataset.bands.length,
  };
}

function warnOfLost({ lostTiles = [] }: SavedRegion): void {
  const [first, ...others] = lostTiles;
  if (first === undefined) return;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  complain(
    `chunks of tile ${first}${more} are lost, and read as "no value"; "geocubes verify --repair" reopens such tiles`,
  );
}

type Files = Pick<Options, 'out' | 'png' | 'cog'>;

function regionText({ geobox, steps, missingTiles }: SavedRegion, { out, png }: Files): string {
  const missing = missingTiles > 0 ? `; ${missingTiles} tiles of it are not loaded` : '';
  const files = [out, png].filter((file) => file !== undefined).join(' and ');
  return `Wrote ${files}: ${geobox}${timeWords(steps)}${missing}`;
}

/** What was written. The affine is that of the outer corner: x = a col + b row + c, y = d col + e row + f. */
function regionRecord(region: SavedRegion, dataset: Dataset, { out, png, cog }: Files) {
  const [step] = region.steps ?? [];
  return {
    files: [
      ...(out === undefined ? [] : [{ path: out, format: cog ? 'cog' : 'geotiff' }]),
      ...(png === undefined ? [] : [{ path: png, format: 'png' }]),
    ],
    geobox: region.geobox.toRecord(),
    bounds: region.geobox.bounds,
    bands: region.bands,
    dtype: region.dtype,
    // As GDAL has it: JSON knows no NaN.
    nodata: hasNodata(dataset) ? (Number.isNaN(region.nodata) ? 'nan' : region.nodata) : null,
    ...(step === undefined ? {} : { time: stepRecord(step) }),
    missingTiles: region.missingTiles,
    lostTiles: region.lostTiles ?? [],
  };
}

/** Before anything is read. @throws {InvalidInputError} */
function checkOptions({ png, out, cog, co, bbox, roi, like }: Options): void {
  if (png === undefined && out === undefined)
    throw expected('--out or --png', 'what to write', 'neither');
  if (cog && out === undefined) throw expected('--out', 'the file of --cog', 'none');
  if (co !== undefined && out === undefined) throw expected('--out', 'the file of --co', 'none');
  if (bbox === undefined && roi === undefined && like === undefined)
    throw expected('--bbox, --roi or --like', 'the region', 'none');
  if (out !== undefined && !/\.tiff?$/i.test(out))
    throw expected('a name that ends in .tif', '--out', out);
}

/** The first three bands as red, green and blue, or the first in grey. */
export function regionPicture({ geobox, bands, nodata, dtype }: Region): Promise<Buffer> {
  const all = [...bands.values()];
  const hasNodata =
    isFloat(dtype) || nodata !== 0 || all.every((band) => (band as Uint8Array).includes(0));
  return renderQuicklook({
    width: geobox.width,
    height: geobox.height,
    bands: all.length >= 3 ? all.slice(0, 3) : all.slice(0, 1),
    ...(hasNodata ? { nodata } : {}),
  });
}
