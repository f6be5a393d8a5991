/** A region as named arrays with coordinates, CF attributes and a grid mapping: what Zarr and NetCDF hold. */
import { typedForName } from '../../dataset/band-types.js';
import { type Band, type Dataset, fillValueOf } from '../../dataset/dataset.js';
import { formatInstant } from '../../dataset/period.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import { AbortedError, expected } from '../../errors.js';
import type { Roi } from '../../grid/roi.js';
import type { PixelRuns } from '../../grid/shapes/pixel-runs.js';
import type { Window } from '../../grid/window.js';
import type { Pool } from '../../pool/pool.js';
import { bytesOf, type DType } from '../../raster/dtype.js';
import { fillPixels, type LoadedPixels } from '../../raster/loaded-pixels.js';
import { readMetadata } from '../../store/read.js';
import {
  type CubeView,
  describeLoad,
  type LoadOptions,
  locateAhead,
  needsMask,
  type PreparedLoad,
  prepareLoad,
  readWindow,
} from '../read/load.js';
import { allocateRaster } from '../read/read-raster.js';
import { PIXEL_BYTES, partsOf, type SavedRegion } from '../read/save-geotiff.js';
import { clearOutside, clipsByDefault, readMask, shapeOf } from '../read/validity.js';

/** What is read of a region, and how it is written as arrays. */
export interface SaveArraysOptions extends Omit<LoadOptions, 'pool'> {
  /** Its threads read and compress. */
  readonly pool: Pool;
  /** As {@link LoadOptions.clip}. Default: `true` of GeoJSON without a `buffer`. */
  readonly clip?: boolean | undefined;
  /** Bytes of pixels that lie in memory at a time, one chunk at the least. Default 256 MB. */
  readonly pixelBytes?: number | undefined;
}

/** A region that is about to be written. */
export interface ArrayExport {
  /** Of what is written: the region's grid, steps and bands, and a mask where one is needed. */
  readonly dataset: Dataset;
  readonly saved: SavedRegion;
  /** One after the other, each of one array; all of one array before the next. */
  pieces(): AsyncGenerator<ArrayPiece>;
}

/** Pixels of one array at one step, that begin at a chunk. */
export interface ArrayPiece {
  readonly name: string;
  readonly dtype: DType;
  readonly fillValue: number;
  /** Position among the steps that are written, from 0; absent without a time axis. */
  readonly t?: number;
  readonly window: Window;
  /** `[y, x]` of the window; the next piece has the same memory. */
  readonly pixels: LoadedPixels;
}

/** @throws {InvalidInputError} as a load; `StoreError` for lost chunks. */
export async function prepareExport(
  view: CubeView,
  roi: Roi,
  options: SaveArraysOptions,
): Promise<ArrayExport> {
  const { pixelBytes = PIXEL_BYTES, clip = clipsByDefault(roi, options) } = options;
  if (!(pixelBytes > 0)) throw expected('a number of bytes', 'pixelBytes', pixelBytes);
  const load = prepareLoad(view, roi, options);
  if (load.steps?.length === 0) throw expected('one time step at least', 'time', 'none');
  const shape = clip ? shapeOf(load, roi) : undefined;
  const mask = (await needsMask(view, { load, shape })) ? maskName(load.names) : undefined;
  locateAhead(view, load, options);
  const found = await describeLoad(view, load, options);
  const dataset = await datasetOf(view, load, mask);
  return {
    dataset,
    saved: { ...found, bands: load.names },
    pieces: () => pieces(view, { load, shape, mask, dataset, pixelBytes, options }),
  };
}

function maskName(names: readonly string[]): string {
  return names.includes('mask') ? 'geocubes_mask' : 'mask';
}

async function datasetOf(
  { dataset, grid, session }: CubeView,
  { geobox, names, steps }: PreparedLoad,
  mask: string | undefined,
): Promise<Dataset> {
  const bands: Band[] = [];
  for (const name of names) {
    const document = (await readMetadata(session, name)) as { attributes?: Band['attributes'] };
    const { _FillValue: _, ...attributes } = (document?.attributes ?? {}) as Record<string, never>;
    const { dtype, nodata } = typedForName(dataset, name);
    const ancillary = mask === undefined ? {} : { ancillary_variables: mask };
    bands.push({
      name,
      dtype,
      nodata: nodata ?? null,
      attributes: { ...attributes, ...ancillary },
    });
  }
  if (mask !== undefined) bands.push({ name: mask, ...MASK });
  // Chunks of an export may be cut to the region, which inner chunks need not divide.
  const { time: __, innerChunk: ___, ...rest } = dataset;
  const instant = ({ start, end }: TimeStep) => ({
    start: formatInstant(start),
    end: formatInstant(end),
  });
  const [height, width] = [
    Math.min(grid.chunk.height, geobox.height),
    Math.min(grid.chunk.width, geobox.width),
  ];
  return {
    ...rest,
    bands,
    grid: { geobox: geobox.toRecord(), chunk: [height, width] },
    ...(steps === undefined ? {} : { time: { kind: 'listed', steps: steps.map(instant) } }),
  };
}

/** Where integers have no code for "no value". */
const MASK = {
  dtype: 'uint8',
  nodata: null,
  attributes: {
    long_name: '1 where there is a value, 0 outside the region and in tiles that are not loaded',
  },
} as const;

interface Job {
  readonly load: PreparedLoad;
  readonly shape: PixelRuns | undefined;
  readonly mask: string | undefined;
  readonly dataset: Dataset;
  readonly pixelBytes: number;
  readonly options: SaveArraysOptions;
}

async function* pieces(view: CubeView, job: Job): AsyncGenerator<ArrayPiece> {
  const { load, shape, mask, dataset, pixelBytes, options } = job;
  const [blockHeight, blockWidth] = dataset.grid.chunk;
  const layout = { blockHeight, blockWidth, isInterleavedByPixel: false };
  const chunk = { height: blockHeight, width: blockWidth };
  for (const { name } of dataset.bands) {
    const typed = typedForName(dataset, name);
    const { dtype } = typed;
    const fillValue = fillValueOf(typed);
    const cut = { layout, chunk, pixels: pixelBytes / bytesOf(dtype) };
    const parts = [...partsOf(load.geobox, 1, cut)].map(({ window }) => window);
    const most = Math.max(...parts.map(({ height, width }) => height * width));
    const room = allocateRaster(dtype, most, options);
    for (const [t, step] of (load.steps ?? [undefined]).entries())
      for (const window of parts) {
        if (options.signal?.aborted) throw new AbortedError('The load was stopped.');
        const pixels = fillPixels(
          room.subarray(0, window.height * window.width) as LoadedPixels,
          0,
        );
        const at = { load, window, step };
        if (name === mask) {
          await readMask(view, { ...at, shape, into: pixels }, options);
          for (let i = 0; i < pixels.length; i++) if (pixels[i] !== 0) pixels[i] = 1;
        } else {
          await readWindow(view, { ...at, names: [name], into: [pixels] }, options);
          if (shape !== undefined) clearOutside(pixels, fillValue, shape, window);
        }
        yield { name, dtype, fillValue, ...(step === undefined ? {} : { t }), window, pixels };
      }
  }
}
