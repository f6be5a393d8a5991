import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Dataset } from '../../dataset/dataset.js';
import { formatInstant, formatPeriod } from '../../dataset/period.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import { AbortedError, expected } from '../../errors.js';
import type { Shape } from '../../grid/geobox.js';
import type { Roi } from '../../grid/roi.js';
import type { PixelRuns } from '../../grid/shapes/pixel-runs.js';
import { tileId } from '../../grid/tiling.js';
import type { Window } from '../../grid/window.js';
import type { GeoTiffFile, GeoTiffLayout } from '../../kernel/region/raster-files.js';
import { localPath } from '../../machine/local-path.js';
import type { OpenGeoTiff, Pool } from '../../pool/pool.js';
import { bytesOf, isFloat } from '../../raster/dtype.js';
import { LentMemory } from '../../raster/lent-memory.js';
import { fillPixels, type LoadedPixels } from '../../raster/loaded-pixels.js';
import {
  type CubeView,
  describeLoad,
  type LoadOptions,
  locateAhead,
  needsMask,
  type PreparedLoad,
  prepareLoad,
  type Region,
  readWindow,
  tilesOfPlan,
} from './load.js';
import { type BandType, bandTypes, convert, fileTypeOf } from './one-type.js';
import type { GeoTiffOptions } from './raster-files.js';
import { allocateRaster, type ReadOptions } from './read-raster.js';
import { clearMasked, clearOutside, clipsByDefault, readMask, shapeOf } from './validity.js';
import { replaceFile } from './work-folder.js';

/** What is read of a region, and how it becomes a GeoTIFF. */
export interface SaveOptions
  extends Omit<LoadOptions, 'pool'>,
    Omit<GeoTiffOptions, 'hasNodata' | 'signal'> {
  /** As {@link LoadOptions.clip}. Default: `true` of GeoJSON without a `buffer`, whose shape is then what the file has. */
  readonly clip?: boolean | undefined;
  /**
   * Bytes of pixels that lie in memory at a time, at the least twice a block of the file. For COGs, and where
   * pixels are interleaved, GDAL's block cache comes to it: a twentieth of the machine, or what the variable
   * GDAL_CACHEMAX says. Loads onto another grid read blocks of the cube beside it. Default: `PIXEL_BYTES`.
   */
  readonly pixelBytes?: number | undefined;
}

/** What a file holds that was saved. */
export interface SavedRegion extends Omit<Region, 'bands'> {
  /** In the file's order; of several steps, which come one after the other, each has all of them. */
  readonly bands: readonly string[];
}

/** 256 MB: one half is compressed and written while the other is read. */
export const PIXEL_BYTES = 256 * 1024 ** 2;

/** As {@link Cube.saveGeoTiff}. */
export async function saveGeoTiff(
  view: CubeView,
  roi: Roi,
  file: string,
  options: SaveOptions,
): Promise<SavedRegion> {
  const { dataset } = view;
  const { pool, format = 'geotiff', creationOptions = [], pixelBytes = PIXEL_BYTES } = options;
  if (!(pixelBytes > 0)) throw expected('a number of bytes', 'pixelBytes', pixelBytes);
  const load = prepareLoad(view, roi, options);
  const { geobox, names, steps = [undefined] } = load;
  if (steps.length === 0) throw expected('one time step at least', 'time', 'none');
  const { clip = clipsByDefault(roi, options) } = options;
  const shape = clip ? shapeOf(load, roi) : undefined;
  const layers = steps.flatMap((step) => names.map((name) => ({ name, step })));
  const types = bandTypes(dataset, names);
  const type = fileTypeOf(types);
  const kind = { format, dtype: type.dtype, creationOptions };
  const checked =
    creationOptions.length > 0
      ? pool.checkCreationOptions({ ...kind, bands: layers.length })
      : undefined;
  // Meanwhile the load is planned; whoever waits for it is told.
  checked?.catch(() => {});
  const bytes = geobox.height * geobox.width * layers.length * bytesOf(type.dtype);
  const isOnePart = bytes <= pixelBytes / 2;
  locateAhead(view, load, options);
  if (!isOnePart) await startWriter(pool);
  const isMasked = await needsMask(view, { load, shape });
  if (isMasked && type.nodata === undefined) await checkSteps(view, load);
  // Lost chunks are an error before anything is written.
  const { packings, ...found } = await describeLoad(view, load, options);
  await checked;
  const place = resolve(localPath(file, 'the GeoTIFF to write'));
  const make = (path: string) =>
    writeParts(
      view,
      { load, layers, pixelBytes, options, types, type, shape, isMasked, isOnePart },
      {
        ...kind,
        path,
        file: place,
        geobox: geobox.toRecord(),
        ...(type.nodata === undefined ? {} : { nodata: type.nodata }),
        bands: layers.map(({ name, step }) => ({
          ...described(name, step, steps.length > 1),
          ...packings?.get(name),
        })),
        threads: pool.size,
      },
    );
  await replaceFile(place, make, options.signal);
  return { ...found, ...(packings === undefined ? {} : { packings }), bands: names };
}

/** The thread that writes starts while the load is planned; whoever asks for the file is told what fails. */
async function startWriter(pool: Pool): Promise<void> {
  pool.ready('files').catch(() => {});
  // Planning waits for nothing, and would be done before it is asked to.
  await setImmediate();
}

/** Integer cubes may be without a code for "no value". */
export function hasNodata({ dtype, nodata }: Pick<Dataset, 'dtype' | 'nodata'>): boolean {
  return isFloat(dtype) || nodata !== undefined;
}

/** A band of the file. */
interface Layer {
  readonly name: string;
  readonly step: TimeStep | undefined;
}

function described(name: string, step: TimeStep | undefined, isOneOfSeveral: boolean) {
  if (step === undefined) return { name };
  const time = { start: formatInstant(step.start), end: formatInstant(step.end) };
  return { name: isOneOfSeveral ? `${formatPeriod(step)}: ${name}` : name, time };
}

/** A GeoTIFF has one mask for all of its bands. */
async function checkSteps(
  view: CubeView,
  { plan, names, steps = [], resampling }: PreparedLoad,
): Promise<void> {
  const tiles = tilesOfPlan(view.grid, plan, resampling);
  let first: string | undefined;
  for (const { index: t } of steps) {
    const lacking: string[] = [];
    for (const { row, col } of tiles)
      if (!(await view.hasValues({ t, row, col }, names))) lacking.push(tileId({ row, col }));
    const all = lacking.join(' ');
    first ??= all;
    if (all === first) continue;
    throw expected(
      'steps of which the same tiles are loaded',
      'a GeoTIFF of several, whose bands have no code for "no value" and one mask',
      'others',
      'Write a file for each step: the command does, with {time} in the name of --out.',
    );
  }
}

interface Job {
  readonly load: PreparedLoad;
  /** Of the bands, by name, and of the file. */
  readonly types: ReadonlyMap<string, BandType>;
  readonly type: BandType;
  readonly layers: readonly Layer[];
  readonly shape: PixelRuns | undefined;
  /** Whether there may be pixels without a value of which a band cannot tell it. */
  readonly isMasked: boolean;
  /** Whether the whole lies in memory at once. */
  readonly isOnePart: boolean;
  readonly pixelBytes: number;
  readonly options: ReadOptions & { readonly pool: Pool };
}

async function writeParts(view: CubeView, job: Job, file: GeoTiffFile): Promise<void> {
  const { load, options } = job;
  const { geobox } = load;
  const { pool } = options;
  const bands = job.layers.length;
  if (job.isOnePart) {
    const memory = (length: number) => allocateRaster(file.dtype, length, options);
    const window = { row: 0, col: 0, ...geobox.shape };
    const pixels = await read(view, job, { window, firstBand: 0, bands }, memory);
    const mask = hasMask(job) ? await maskOf(view, job, window) : undefined;
    return pool.writeGeoTiff({ ...file, pixels, mask });
  }
  const target = await pool.createGeoTiff(file);
  try {
    await pump(view, job, target, file);
    if (hasMask(job)) await pumpMask(view, job, target);
  } catch (error) {
    await target.end(false).catch(() => {});
    throw error;
  }
  await target.end(true);
}

/** Reads one part while the last one is compressed and written, in two pieces of memory by turns. */
async function pump(view: CubeView, job: Job, target: OpenGeoTiff, file: GeoTiffFile) {
  const { load, pixelBytes, options } = job;
  const { geobox } = load;
  const size = bytesOf(file.dtype);
  const parts = [
    ...partsOf(geobox, job.layers.length, {
      ...{ layout: target, chunk: view.grid.chunk, pixels: pixelBytes / 2 / size },
    }),
  ];
  const most = Math.max(...parts.map(({ window, bands }) => window.height * window.width * bands));
  const rooms = [0, 1].map(() => allocateRaster(file.dtype, most, options));
  const memory = new LentMemory();
  // One thread reads and writes by turns.
  const isOverlapping = options.pool.size > 1;
  let writing: Promise<void> = Promise.resolve();
  for (const [i, part] of parts.entries()) {
    if (options.signal?.aborted) throw new AbortedError('The load was stopped.');
    const room = rooms[i % 2] as LoadedPixels;
    let used = 0;
    const pixels = await read(view, { ...job, options: { ...options, memory } }, part, (length) => {
      used += length;
      const own = room.subarray(used - length, used) as LoadedPixels;
      // Fresh memory is zeroed.
      return i < rooms.length ? own : fillPixels(own, 0);
    }).catch(async (error: unknown) => {
      await writing.catch(() => {});
      throw error;
    });
    await writing;
    writing = target.write({ window: part.window, firstBand: part.firstBand, pixels });
    // Whoever waits for it next is told.
    writing.catch(() => {});
    if (!isOverlapping) await writing;
  }
  await writing;
}

/** The file's mask, when its pixels are written. */
function hasMask({ isMasked, type }: Job): boolean {
  return isMasked && type.nodata === undefined;
}

async function maskOf(
  view: CubeView,
  { load, layers, shape, options }: Job,
  window: Window,
): Promise<LoadedPixels> {
  const into = allocateRaster('uint8', window.height * window.width, options);
  await readMask(view, { load, shape, window, step: layers[0]?.step, into }, options);
  return into;
}

async function pumpMask(view: CubeView, job: Job, target: OpenGeoTiff): Promise<void> {
  const { load, pixelBytes, options } = job;
  const chunk = { chunk: view.grid.chunk, pixels: pixelBytes / 2 };
  for (const { window } of partsOf(load.geobox, 1, { layout: target, ...chunk })) {
    if (options.signal?.aborted) throw new AbortedError('The load was stopped.');
    const mask = await maskOf(view, job, window);
    await target.write({ window, firstBand: 0, pixels: [], mask });
  }
}

async function read(
  view: CubeView,
  { load, layers, options, types, type, shape, isMasked }: Job,
  { window, firstBand, bands }: Part,
  memory: (length: number) => LoadedPixels,
): Promise<LoadedPixels[]> {
  const length = window.height * window.width;
  const all: LoadedPixels[] = [];
  for (const { names, step } of byStep(layers.slice(firstBand, firstBand + bands))) {
    const inFile = names.map(() => memory(length));
    const typeOf = (name: string | undefined) => types.get(name ?? '') ?? type;
    const into = inFile.map((room, i) => {
      const { dtype } = typeOf(names[i]);
      return dtype === type.dtype ? room : allocateRaster(dtype, length, options);
    });
    await readWindow(view, { load, window, names, step, into }, options);
    const isLacking = (name: string) => typeOf(name).nodata === undefined;
    const { nodata = 0 } = type;
    let mask: LoadedPixels | undefined;
    if (isMasked && type.nodata !== undefined && names.some(isLacking)) {
      mask = allocateRaster('uint8', length, options);
      await readMask(view, { load, shape, window, step, into: mask }, options);
    }
    for (const [i, room] of inFile.entries()) {
      const [from, name] = [into[i] as LoadedPixels, names[i] as string];
      if (from !== room) convert(from, typeOf(name), room, type);
      if (mask !== undefined && isLacking(name)) clearMasked(room, nodata, mask);
      if (shape !== undefined) clearOutside(room, nodata, shape, window);
    }
    all.push(...inFile);
  }
  return all;
}

/** Bands of one step are read together. */
function* byStep(layers: readonly Layer[]) {
  for (let first = 0; first < layers.length; ) {
    const { step } = layers[first] as Layer;
    let end = first;
    while (end < layers.length && layers[end]?.step === step) end++;
    yield { names: layers.slice(first, end).map(({ name }) => name), step };
    first = end;
  }
}

interface Part {
  readonly window: Window;
  readonly firstBand: number;
  readonly bands: number;
}

/**
 * Cuts a raster into parts that begin at blocks of the file, and are as large as `pixels` allows: as tall as a
 * chunk of the cube before they are wider, and taller when they have all the width, so that few chunks are read
 * for two parts. Where a chunk is too large with all bands, these are parted too.
 */
export function* partsOf(
  { height, width }: Shape,
  bands: number,
  { layout, chunk, pixels }: { layout: GeoTiffLayout; chunk: Shape; pixels: number },
): Generator<Part> {
  const { blockHeight, blockWidth, isInterleavedByPixel } = layout;
  const up = (length: number, block: number) => Math.ceil(length / block) * block;
  const down = (length: number, block: number) => Math.max(Math.floor(length / block), 1) * block;
  const tall = Math.min(up(chunk.height, blockHeight), up(height, blockHeight));
  const wide = Math.min(up(chunk.width, blockWidth), up(width, blockWidth));
  const together = isInterleavedByPixel
    ? bands
    : Math.min(Math.max(Math.floor(pixels / (tall * wide)), 1), bands);
  const each = pixels / together;
  const isWhole = width * tall <= each || blockWidth >= width;
  const partHeight = isWhole
    ? down(each / width, blockHeight)
    : Math.min(tall, down(each / blockWidth, blockHeight));
  const partWidth = isWhole ? width : down(each / partHeight, blockWidth);
  for (let row = 0; row < height; row += partHeight)
    for (let firstBand = 0; firstBand < bands; firstBand += together)
      for (let col = 0; col < width; col += partWidth)
        yield {
          window: {
            ...{ row, col },
            height: Math.min(partHeight, height - row),
            width: Math.min(partWidth, width - col),
          },
          firstBand,
          bands: Math.min(together, bands - firstBand),
        };
}
