import type { Resampling } from '../../dataset/dataset.js';
import { GeoBox, type GeoBoxRecord } from '../../grid/geobox.js';
import { bytesOf, type DType, type PixelArray } from '../../raster/dtype.js';
import { bytesOfPixels, type LoadedPixels } from '../../raster/loaded-pixels.js';
import type { Recipe } from '../../tile.js';
import type { BandRaster } from '../band-raster.js';
import type { Loops } from '../resample/loops.js';
import type { WarpGrids } from '../resample/rasters.js';
import { Workspace } from '../workspace.js';
import type { DecodesBlosc } from './decompress.js';
import { type ChunkRead, ChunkReader } from './read-chunk.js';

/** What a kernel does when pixels are read: one chunk into a raster, one raster onto another grid. */
export interface RegionKernel {
  /** @throws {RasterError} when the chunk is damaged. */
  readChunk(read: ChunkRead): Promise<void>;
  /** @throws {InvalidInputError} for a resampling the kernel does not have. */
  warp(job: WarpJob): void;
}

/** Bands on one grid, and the parts of rasters on another grid that are made of them. */
export interface WarpJob {
  readonly bands: readonly WarpedBand[];
  readonly dtype: DType;
  /** The value of pixels that have none, where there is one; NaN always means that in floats. */
  readonly nodata: number | undefined;
  readonly from: GeoBoxRecord;
  readonly to: GeoBoxRecord;
  readonly resampling: Resampling;
  /** What `from` and `to` are parts of. */
  readonly grids?: WarpGrids;
}

export interface WarpedBand {
  /** `[y, x]`, on the grid `from`. */
  readonly pixels: LoadedPixels;
  /** Where the pixels of `to` go; those without a value are left alone. */
  readonly into: ChunkRead['into'];
}

/** Puts bands that lie on one grid on another one, with gaps of their own. */
type Warp = (
  bands: readonly BandRaster[],
  from: GeoBox,
  to: GeoBox,
  recipe: Pick<Recipe, 'dtype' | 'processing'>,
  grids: WarpGrids,
) => BandRaster[];

export function createRegionKernel(
  warp: Warp,
  blosc: DecodesBlosc | undefined,
  loops: Pick<Loops, 'addMissing'>,
): RegionKernel {
  const chunks = new ChunkReader(blosc);
  // Used by one warp at a time: none of them waits.
  const workspace = new Workspace();
  return {
    readChunk: (read) => chunks.read(read),
    warp: (job) => warpInto(job, warp, loops, workspace),
  };
}

function warpInto(
  { bands, dtype, nodata, from, to, resampling, grids = {} }: WarpJob,
  warp: Warp,
  loops: Pick<Loops, 'addMissing'>,
  workspace: Workspace,
): void {
  const target = GeoBox.fromRecord(to);
  // Kernels read them where they lie, whoever else sees that memory.
  const sources = bands.map(({ pixels }, i) => {
    const isGap = workspace.array(`gaps ${i}`, 'uint8', pixels.length).fill(0);
    const isAny = loops.addMissing(pixels, nodata, isGap);
    return { pixels: pixels as PixelArray, isGap: isAny ? isGap : undefined };
  });
  const processing = { ...NO_PROCESSING, resampling };
  const warped = warp(sources, GeoBox.fromRecord(from), target, { dtype, processing }, grids);
  for (const [i, band] of warped.entries())
    put(band, target, bytesOf(dtype), (bands[i] as WarpedBand).into);
}

function put(band: BandRaster, target: GeoBox, size: number, into: ChunkRead['into']): void {
  const result = bytesOfPixels(band.pixels);
  const { isGap } = band;
  for (let y = 0; y < target.height; y++) {
    const start = y * target.width;
    const to = ((into.row + y) * into.width + into.col) * size;
    // Runs of pixels that have a value.
    for (let x = 0; x < target.width; ) {
      const next =
        isGap === undefined ? -1 : isGap.subarray(start + x, start + target.width).indexOf(1);
      const end = next === -1 ? target.width : x + next;
      if (end > x)
        into.bytes.set(result.subarray((start + x) * size, (start + end) * size), to + x * size);
      x = end;
      while (x < target.width && isGap !== undefined && isGap[start + x] === 1) x++;
    }
  }
}

const NO_PROCESSING = { fill: 'none', maxFillDistance: null, clipToObserved: false } as const;
