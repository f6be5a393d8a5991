import { resolve } from 'node:path';
import type { Dataset } from '../../dataset/dataset.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import { AbortedError, expected } from '../../errors.js';
import type { Shape } from '../../grid/geobox.js';
import type { Roi } from '../../grid/roi.js';
import type { Window } from '../../grid/window.js';
import type { GeoTiffFile, GeoTiffLayout } from '../../kernel/region/raster-files.js';
import { localPath } from '../../machine/local-path.js';
import type { OpenGeoTiff, Pool } from '../../pool/pool.js';
import { bytesOf, isFloat } from '../../raster/dtype.js';
import { LentMemory } from '../../raster/lent-memory.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';
import {
  type CubeView,
  describeLoad,
  type LoadOptions,
  type PreparedLoad,
  prepareLoad,
  type Region,
  readWindow,
} from './load.js';
import { type BandType, bandTypes, convert, fileTypeOf } from './one-type.js';
import type { GeoTiffOptions } from './raster-files.js';
import { allocateRaster, type ReadOptions } from './read-raster.js';
import { replaceFile } from './work-folder.js';

/** What is read of a region, and how it becomes a GeoTIFF. */
export interface SaveOptions
  extends Omit<LoadOptions, 'pool'>,
    Omit<GeoTiffOptions, 'hasNodata' | 'signal'> {
  /**
   * Bytes of pixels that lie in memory at a time, at the least twice a block of the file. For COGs, and where
   * pixels are interleaved, GDAL's block cache comes to it: a twentieth of the machine, or what the variable
   * GDAL_CACHEMAX says. Loads onto another grid read blocks of the cube beside it. Default: {@link PIXEL_BYTES}.
   */
  readonly pixelBytes?: number | undefined;
}

/** What a file holds that was saved. */
export interface SavedRegion extends Omit<Region, 'bands'> {
  /** In the file's order. */
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
  const [step, ...others] = steps;
  if (others.length > 0 || steps.length === 0)
    throw expected('one time step for a file', 'time', `${steps.length} steps`);
  const types = bandTypes(dataset, names);
  const type = fileTypeOf(types);
  const kind = { format, dtype: type.dtype, creationOptions };
  if (creationOptions.length > 0) await pool.checkCreationOptions({ ...kind, bands: names.length });
  // Lost chunks are an error before anything is written.
  const { packings, ...found } = await describeLoad(view, load, options);
  const place = resolve(localPath(file, 'the GeoTIFF to write'));
  const make = (path: string) =>
    writeParts(
      view,
      { load, step, pixelBytes, options, types, type },
      {
        ...kind,
        path,
        file: place,
        geobox: geobox.toRecord(),
        ...(type.nodata === undefined ? {} : { nodata: type.nodata }),
        bands: names.map((name) => ({ name, ...packings?.get(name) })),
        threads: pool.size,
      },
    );
  await replaceFile(place, make, options.signal);
  return { ...found, ...(packings === undefined ? {} : { packings }), bands: names };
}

/** Integer cubes may be without a code for "no value". */
export function hasNodata({ dtype, nodata }: Pick<Dataset, 'dtype' | 'nodata'>): boolean {
  return isFloat(dtype) || nodata !== undefined;
}

interface Job {
  readonly load: PreparedLoad;
  /** Of the bands, by name, and of the file. */
  readonly types: ReadonlyMap<string, BandType>;
  readonly type: BandType;
  readonly step: TimeStep | undefined;
  readonly pixelBytes: number;
  readonly options: ReadOptions & { readonly pool: Pool };
}

async function writeParts(view: CubeView, job: Job, file: GeoTiffFile): Promise<void> {
  const { load, pixelBytes, options } = job;
  const { geobox, names } = load;
  const { dtype } = file;
  const { pool } = options;
  const memory = (length: number) => allocateRaster(dtype, length, options);
  const length = geobox.height * geobox.width;
  if (length * names.length * bytesOf(dtype) <= pixelBytes / 2) {
    const window = { row: 0, col: 0, ...geobox.shape };
    const pixels = await read(view, job, { window, firstBand: 0, bands: names.length }, memory);
    return pool.writeGeoTiff({ ...file, pixels });
  }
  const target = await pool.createGeoTiff(file);
  try {
    await pump(view, job, target, file);
  } catch (error) {
    await target.end(false).catch(() => {});
    throw error;
  }
  await target.end(true);
}

/** Reads one part while the last one is compressed and written, in two pieces of memory by turns. */
async function pump(view: CubeView, job: Job, target: OpenGeoTiff, file: GeoTiffFile) {
  const { load, pixelBytes, options } = job;
  const { geobox, names } = load;
  const size = bytesOf(file.dtype);
  const parts = [
    ...partsOf(geobox, names.length, {
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
      return i < rooms.length ? own : own.fill(0);
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

async function read(
  view: CubeView,
  { load, step, options, types, type }: Job,
  { window, firstBand, bands }: Part,
  memory: (length: number) => LoadedPixels,
): Promise<LoadedPixels[]> {
  const names = load.names.slice(firstBand, firstBand + bands);
  const length = window.height * window.width;
  const inFile = names.map(() => memory(length));
  const typeOf = (name: string | undefined) => types.get(name ?? '') ?? type;
  const into = inFile.map((room, i) => {
    const { dtype } = typeOf(names[i]);
    return dtype === type.dtype ? room : allocateRaster(dtype, length, options);
  });
  await readWindow(view, { load, window, names, step, into }, options);
  for (const [i, room] of inFile.entries()) {
    const from = into[i] as LoadedPixels;
    if (from !== room) convert(from, typeOf(names[i]), room, type);
  }
  return inFile;
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
