import { AbortedError, expected, RasterError, StoreError } from '../../errors.js';
import type { Shape } from '../../grid/geobox.js';
import type { PlacedWindow } from '../../grid/onto/continued-window.js';
import { intersect, relativeTo } from '../../grid/window.js';
import { loadBlosc } from '../../kernel/gdal/blosc-addon.js';
import { nativeLoops } from '../../kernel/gdal/resample-addon.js';
import { type ChunkRead, ChunkReader } from '../../kernel/region/read-chunk.js';
import type { Pool } from '../../pool/pool.js';
import { allocate, type DType } from '../../raster/dtype.js';
import type { LentMemory } from '../../raster/lent-memory.js';
import {
  allocateShared,
  bytesOfPixels,
  fillPixels,
  type LoadedPixels,
} from '../../raster/loaded-pixels.js';
import { type ArrayLayout, layoutOf } from '../../store/metadata/array-layout.js';
import { readBand, readMetadata } from '../../store/read.js';
import type { Location, Session } from '../../store/session.js';
import { tooLarge } from './in-memory.js';
import { isWindow, readWindow } from './inner-windows.js';

export interface ReadOptions {
  /** Its threads decompress, straight into shared memory. Without one the calling thread does. */
  readonly pool?: Pool | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For what threads read on the way to another grid, by who reads more than once. Default: each read has its own. */
  readonly memory?: LentMemory | undefined;
}

/** Where arrays are read from. */
export interface ReadSource {
  readonly session: Session;
}

/** What is read of one array. */
export interface RasterRequest {
  /** Path of the array in the store. */
  readonly path: string;
  /** Of the raster; pixels that no part covers hold the array's fill value. */
  readonly shape: Shape;
  readonly parts: readonly PlacedWindow[];
  /** Indices in the dimensions before y and x, such as the time step. */
  readonly leading?: readonly number[];
  /** Where the raster goes, if not into memory of its own: zeroed, shared where a pool of threads reads. */
  readonly into?: LoadedPixels | undefined;
  /** What it goes into holds something else. */
  readonly isUsed?: boolean;
}

/** Chunks that are fetched and decompressed at a time, for each thread: fetching one must not keep a thread waiting. */
const CHUNKS_PER_THREAD = 2;

/**
 * Reads parts of one array into one raster, `[y, x]` row-major. Chunks are fetched several at a time,
 * and each is decompressed into its place by a thread; those of the last row and column are cut to the array.
 *
 * @throws {StoreError} {@link RasterError} for a damaged chunk; {@link AbortedError}.
 */
export async function readRaster(
  source: ReadSource,
  request: RasterRequest,
  options: ReadOptions = {},
): Promise<LoadedPixels> {
  const { session } = source;
  const layout = layoutOf(await readMetadata(session, request.path));
  if (layout === undefined) return readByLibrary(session, request);
  const { height, width } = request.shape;
  const raster = request.into ?? allocateRaster(layout.dtype, height * width, options);
  const isMadeOfZeros = Object.is(layout.fillValue, 0) && request.isUsed !== true;
  if (!isMadeOfZeros && !covers(request)) fillPixels(raster, layout.fillValue);
  const lanes = CHUNKS_PER_THREAD * ((options.pool?.size ?? 0) + 1);
  const reader = options.pool ?? inlineReader();
  const jobs = await withLocations([...chunkJobs(layout, request, raster)], source, options);
  const queue = jobs.values();
  const lane = async () => {
    for (const job of queue) {
      if (options.signal?.aborted) throw new AbortedError('The load was stopped.');
      if (!(await readJob(job, session, reader)) && !isMadeOfZeros) job.fill();
    }
  };
  await allDone(Array.from({ length: lanes }, lane));
  return raster;
}

async function withLocations(
  jobs: readonly ChunkJob[],
  { session: { locate } }: ReadSource,
  { pool }: ReadOptions,
): Promise<(ChunkJob & { readonly location?: Location | undefined })[]> {
  if (locate === undefined || jobs.length === 0) return [...jobs];
  const keys = jobs.map(({ key }) => key);
  const locations = await locate(keys, (pool?.size ?? 0) > 0);
  return jobs.map((job, i) => ({ ...job, location: locations?.[i] }));
}

/** False when there is no such chunk. */
async function readJob(
  { key, read, location }: ChunkJob & { readonly location?: Location | undefined },
  session: Session,
  reader: Pick<Pool, 'readChunk'>,
): Promise<boolean> {
  if (location === 'missing') return false;
  if (location !== undefined && location !== 'elsewhere') {
    try {
      await reader.readChunk({ ...read, from: location });
      return true;
    } catch {
      // The file may have been collected as garbage meanwhile. Through the store the failure, if it is one, shows.
    }
  }
  if (read.inner !== undefined && isWindow(read, read.inner)) {
    try {
      return await readWindow(key, read, read.inner, session.store, reader);
    } catch (error) {
      // Where files are replaced while they are read, index and inner chunks may be of two: a whole one is of one.
      if (!(error instanceof RasterError)) throw error;
    }
  }
  const from = await session.store.get(key);
  if (from === null || from === undefined) return false;
  await reader.readChunk({ ...read, from });
  return true;
}

/** Waits for all before it tells the first failure: threads still write into the raster until then. */
export async function allDone(tasks: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(tasks))
    if (result.status === 'rejected') throw result.reason;
}

/**
 * Memory of its own where one thread does it all: that can be transferred, shared memory cannot.
 * @throws {InvalidInputError} where there is none for so many pixels.
 */
export function allocateRaster(
  dtype: DType,
  length: number,
  { pool }: Pick<ReadOptions, 'pool'>,
): LoadedPixels {
  try {
    return pool !== undefined && pool.size > 0
      ? allocateShared(dtype, length)
      : allocate(dtype, length);
  } catch (error) {
    throw error instanceof RangeError ? tooLarge(dtype, length, error) : error;
  }
}

/** Decompresses on the calling thread, in memory that goes with the raster it is made for. */
function inlineReader(): Pick<Pool, 'readChunk'> {
  const chunks = new ChunkReader(loadBlosc(), nativeLoops().copyRows);
  return { readChunk: (read) => chunks.read(read) };
}

interface ChunkJob {
  /** In the store. */
  readonly key: string;
  readonly read: Omit<ChunkRead, 'from'>;
  /** Puts the fill value where the chunk would go. */
  readonly fill: () => void;
}

function* chunkJobs(
  { dtype, shape, chunk, inner, compression, fillValue, keyOf }: ArrayLayout,
  { parts, leading = [], path, shape: { width } }: RasterRequest,
  raster: LoadedPixels,
): Generator<ChunkJob> {
  const [rows, cols] = chunk.slice(-2) as [number, number];
  if (leading.length !== shape.length - 2)
    throw new StoreError(
      'not-a-cube',
      `Expected ${leading.length + 2} dimensions for ${path} but received ${shape.length}.`,
    );
  const bytes = bytesOfPixels(raster);
  for (const { window, row, col } of parts) {
    const end = { row: window.row + window.height, col: window.col + window.width };
    for (let r = Math.floor(window.row / rows); r * rows < end.row; r++) {
      for (let c = Math.floor(window.col / cols); c * cols < end.col; c++) {
        const whole = { row: r * rows, col: c * cols, height: rows, width: cols };
        const part = intersect(window, whole);
        if (part === undefined) continue;
        const into = {
          bytes,
          width,
          row: row + part.row - window.row,
          col: col + part.col - window.col,
        };
        yield {
          key: `${path}/${keyOf([...leading, r, c])}`,
          read: {
            compression,
            dtype,
            chunk: [rows, cols],
            ...(inner === undefined ? {} : { inner: { ...inner, fillValue } }),
            part: relativeTo(part, whole),
            into,
          },
          fill() {
            for (let y = into.row; y < into.row + part.height; y++) {
              const start = y * width + into.col;
              raster.fill(fillValue, start, start + part.width);
            }
          },
        };
      }
    }
  }
}

function covers({ parts, shape }: RasterRequest): boolean {
  const pixels = parts.reduce((sum, { window }) => sum + window.height * window.width, 0);
  return pixels >= shape.height * shape.width;
}

/** Arrays of other layouts, part by part, by zarrita. */
async function readByLibrary(session: Session, request: RasterRequest): Promise<LoadedPixels> {
  const { path, parts, shape, leading = [], into, isUsed = false } = request;
  const [t] = leading;
  let raster = into;
  if (isUsed && !covers(request) && raster !== undefined) fillPixels(raster, 0);
  for (const { window, row, col } of parts) {
    const pixels = await readBand(session, path, window, t);
    const length = shape.height * shape.width;
    if (raster === undefined && pixels.length === length) return pixels;
    raster ??= new (pixels.constructor as new (length: number) => LoadedPixels)(length);
    for (let y = 0; y < window.height; y++)
      (raster as Uint8Array).set(
        (pixels as Uint8Array).subarray(y * window.width, (y + 1) * window.width),
        (row + y) * shape.width + col,
      );
  }
  if (raster === undefined) throw expected('a part to read', 'the region', 'none');
  return raster;
}
