import type { Resampling } from '../../dataset/dataset.js';
import { GeoBox, type GeoBoxRecord } from '../../grid/geobox.js';
import type { Window } from '../../grid/window.js';
import {
  bytesOf,
  type DType,
  isFloat,
  isNarrow,
  type NarrowType,
  type PixelArray,
  type StoredArray,
  type WorkType,
  workTypeOf,
} from '../../raster/dtype.js';
import { bytesOfPixels, type LoadedPixels, pixelsOver } from '../../raster/loaded-pixels.js';
import { narrow } from '../narrow.js';
import type { Loops } from '../resample/loops.js';
import type { WarpedBands, WarpGrids } from '../resample/rasters.js';
import type { SourceBand } from '../resample/warp.js';
import { IndexRoom, Workspace } from '../workspace.js';
import type { DecodesBlosc } from './decompress.js';
import { type ChunkRead, ChunkReader } from './read-chunk.js';
import { type ReduceJob, reduce } from './reduce.js';

/** What a kernel does when pixels are read: one chunk into a raster, one raster onto another grid or into coarser ones. */
export interface RegionKernel {
  /** @throws {RasterError} when the chunk is damaged. */
  readChunk(read: ChunkRead): Promise<void>;
  /** @throws {InvalidInputError} for a resampling the kernel does not have. */
  warp(job: WarpJob): void;
  /** Makes cells of pixels. */
  reduce(job: ReduceJob): void;
}

/** Bands on one grid, and the parts of rasters on another grid that are made of them. */
export interface WarpJob {
  readonly bands: readonly WarpedBand[];
  readonly dtype: DType;
  /** The value of pixels that have none, where there is one; NaN always means that in floats. */
  readonly nodata: number | undefined;
  /** Of all bands, `[y, x]` on the grid `from`: 0 where there is no value whatever their pixels are. */
  readonly valid?: LoadedPixels | undefined;
  readonly from: GeoBoxRecord;
  readonly to: GeoBoxRecord;
  readonly resampling: Resampling;
  /** What `from` and `to` are parts of. */
  readonly grids?: WarpGrids;
}

export interface WarpedBand {
  /** `[y, x]`, on the grid `from`, which may be far larger than what is needed of it. */
  readonly pixels: LoadedPixels;
  /** Where the pixels of `to` go; those without a value are left alone. */
  readonly into: ChunkRead['into'];
}

/** In a type that pixels are computed in. */
type WorkJob = WarpJob & { readonly dtype: WorkType };

/** What rasters are cut and looked at with. */
type CopyingLoops = Pick<Loops, 'addMissing' | 'copyRows'>;

export function createRegionKernel(
  warp: WarpedBands,
  blosc: DecodesBlosc | undefined,
  loops: CopyingLoops,
): RegionKernel {
  const chunks = new ChunkReader(blosc, loops.copyRows);
  // Used by one warp at a time: none of them waits.
  const workspace = new Workspace();
  return {
    readChunk: (read) => chunks.read(read),
    warp(job) {
      const { dtype } = job;
      if (isNarrow(dtype)) warpNarrow({ ...job, dtype }, warp, loops, workspace);
      else warpInto({ ...job, dtype }, warp, loops, workspace);
    },
    reduce,
  };
}

/**
 * Band by band in a wider type, in memory of its own. What comes out is shown, not stored: as of any other type it may
 * be the code for "no value".
 */
function warpNarrow(
  { bands, dtype, ...job }: WarpJob & { readonly dtype: NarrowType },
  warp: WarpedBands,
  loops: CopyingLoops,
  workspace: Workspace,
): void {
  const wide = workTypeOf(dtype);
  const [height, width] = job.to.shape;
  for (const { pixels, into } of bands) {
    const source = workspace.array('wide source', wide, pixels.length);
    source.set(pixels);
    const result = workspace.array('wide result', wide, height * width);
    const { buffer, byteOffset, byteLength } = into.bytes;
    const raster = pixelsOver(dtype, buffer, byteOffset, byteLength);
    const rows = Array.from({ length: height }, (_, y) => {
      const start = (into.row + y) * into.width + into.col;
      return [y * width, raster.subarray(start, start + width)] as const;
    });
    for (const [at, row] of rows) result.set(row, at);
    const place = { bytes: bytesOfPixels(result), width, row: 0, col: 0 };
    const wider = { ...job, dtype: wide, bands: [{ pixels: source, into: place }] };
    warpInto(wider, warp, loops, workspace);
    for (const [at, row] of rows)
      narrow(result.subarray(at, at + width) as PixelArray, row as StoredArray, dtype);
  }
}

function warpInto(
  { bands, dtype, nodata, valid, from, to, resampling, grids = {} }: WorkJob,
  warp: WarpedBands,
  loops: CopyingLoops,
  workspace: Workspace,
): void {
  const target = GeoBox.fromRecord(to);
  const length = target.height * target.width;
  // Kernels read them where they lie, whoever else sees that memory.
  const source = GeoBox.fromRecord(from);
  const sources = bands.map((band) =>
    byWindows(band.pixels as PixelArray, source, { dtype, nodata, valid, loops, workspace }),
  );
  const places = bands.map(({ into }) => {
    const { buffer, byteOffset, byteLength } = into.bytes;
    const pixels = pixelsOver(dtype, buffer, byteOffset, byteLength / bytesOf(dtype)) as PixelArray;
    // Where there is no value, what the raster holds stays: nobody needs marks.
    return { room: { pixels }, start: into.row * into.width + into.col, stride: into.width };
  });
  const holderRoom = new IndexRoom(workspace, length);
  // What is taken as it is, is taken from where it lies; what is looked at for gaps, by windows.
  const isInMemory = resampling === 'near';
  const how = { dtype, resampling, grids, places, holderRoom, isInMemory };
  try {
    for (const _ of warp(sources, source, target, how));
  } finally {
    holderRoom.giveBack();
  }
}

interface Windows extends Pick<WorkJob, 'dtype' | 'nodata' | 'valid'> {
  readonly loops: CopyingLoops;
  readonly workspace: Workspace;
}

/** A raster as it is needed, a window at a time, in memory that the next one has again. */
function byWindows(
  whole: PixelArray,
  { width: columns }: GeoBox,
  { dtype, nodata, valid, loops, workspace }: Windows,
): SourceBand {
  const cut = ({ row, col, height, width }: Window): PixelArray => {
    const first = row * columns + col;
    if (width === columns) return whole.subarray(first, first + height * width) as PixelArray;
    const pixels = workspace.array('source', dtype, height * width);
    const size = bytesOf(dtype);
    loops.copyRows(
      { bytes: bytesOfPixels(whole), start: first * size, stride: columns * size },
      { bytes: bytesOfPixels(pixels), start: 0, stride: width * size },
      ...([height, width * size] as const),
    );
    return pixels;
  };
  return {
    read(window) {
      const pixels = cut(window);
      const isGap = workspace.array('source gaps', 'uint8', pixels.length).fill(0);
      const isMissing = loops.addMissing(pixels, nodata, isGap);
      const isAny = (valid !== undefined && addInvalid(valid, columns, window, isGap)) || isMissing;
      return { pixels, isGap: isAny ? isGap : undefined };
    },
    readRaw(window) {
      if (valid !== undefined) return this.read(window);
      const pixels = cut(window);
      if (nodata === undefined && !isFloat(dtype)) return { pixels, isGap: undefined };
      return { pixels, lacks: nodata ?? Number.NaN };
    },
  };
}

/** @returns whether there are any */
function addInvalid(
  valid: LoadedPixels,
  columns: number,
  { row, col, height, width }: Window,
  isGap: Uint8Array,
): boolean {
  let isAny = false;
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0, from = (row + y) * columns + col; x < width; x++, i++, from++)
      if (valid[from] === 0) {
        isGap[i] = 1;
        isAny = true;
      }
  return isAny;
}
