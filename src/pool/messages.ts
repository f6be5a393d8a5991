/** Every message that crosses between the main thread and a worker. */
import type { ErrorRecord } from '../errors.js';
import type { GeoBoxRecord } from '../grid/geobox.js';
import type { KernelFacts, RawArray } from '../kernel/kernel.js';
import type {
  GeoBoxOptions,
  GeoTiffFile,
  GeoTiffJob,
  GeoTiffKind,
  GeoTiffLayout,
  GeoTiffPart,
} from '../kernel/region/raster-files.js';
import type { ChunkRead } from '../kernel/region/read-chunk.js';
import type { ReduceJob } from '../kernel/region/reduce.js';
import type { WarpJob } from '../kernel/region/region-kernel.js';
import type { ArrayCodec } from '../raster/codec.js';
import type { EncodedTile, FetchedTile, Recipe } from '../tile.js';

export const KERNEL_NAMES = ['gdal', 'js'] as const;

/** `gdal` is native; `js` needs no native module and gives the same pixels, more slowly. */
export type KernelName = (typeof KERNEL_NAMES)[number];

/** What threads are for: rasters, or chunks alone, which are read and encoded without GDAL where there are addons for that. */
export type PoolUse = 'rasters' | 'chunks';

/** Given once to each worker, when it starts. */
export interface WorkerSetup {
  readonly kernel: KernelName;
}

export type Task =
  | {
      readonly kind: 'process';
      readonly tile: FetchedTile;
      readonly recipe: Recipe;
      /** Shared memory for the chunks. */
      readonly rooms: readonly Uint8Array[];
    }
  | { readonly kind: 'encode'; readonly array: RawArray; readonly codec: ArrayCodec }
  /** Reads one chunk into shared memory. */
  | { readonly kind: 'read'; readonly read: ChunkRead }
  /** Puts a raster on another grid, from shared memory into shared memory. */
  | { readonly kind: 'warp'; readonly job: WarpJob }
  /** Makes overviews of a raster, from shared memory into shared memory. */
  | { readonly kind: 'reduce'; readonly job: ReduceJob }
  /** Writes pixels of shared memory. */
  | { readonly kind: 'write-geotiff'; readonly job: GeoTiffJob }
  /** A file that one thread writes from its beginning to its end. */
  | { readonly kind: 'create-geotiff'; readonly file: GeoTiffFile }
  | { readonly kind: 'write-geotiff-part'; readonly path: string; readonly part: GeoTiffPart }
  | { readonly kind: 'end-geotiff'; readonly path: string; readonly isWanted: boolean }
  | { readonly kind: 'check-creation-options'; readonly file: GeoTiffKind }
  | { readonly kind: 'read-geobox'; readonly file: string; readonly options: GeoBoxOptions }
  /** Starts the worker's kernel ahead of the first tile, all of it or for chunks alone, and tells what it can do. */
  | { readonly kind: 'warm-up'; readonly uses: PoolUse };

/** Failures cross as data: structured cloning would strip an error of its class and fields. */
export type Reply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ErrorRecord };

export type TaskValue =
  | EncodedTile
  | Uint8Array
  | KernelFacts
  | GeoBoxRecord
  | GeoTiffLayout
  | undefined;
