import type { Codec } from '../raster/codec.js';
import type { DType } from '../raster/dtype.js';
import type { EncodedTile, FetchedTile, Recipe } from '../tile.js';

/**
 * What computes pixels. Implementations are pure: they see plain data, wait for nothing outside the
 * process and keep nothing between calls, so the same function runs inline and in a pool's thread.
 */
export interface Kernel {
  readonly facts: KernelFacts;
  /**
   * Decodes a fetched tile, puts it on the tile's grid, fills, clips, casts and encodes it.
   * Owns the tile's bytes from now on.
   *
   * @throws {RasterError} when the bytes are corrupt or are not what was asked for.
   */
  process(tile: FetchedTile, recipe: Recipe): Promise<EncodedTile>;
  /** Encodes one array that is no tile: a coordinate. `bytes` is little-endian, row-major. */
  encode(array: RawArray, codec: Codec): Promise<Uint8Array<ArrayBuffer>>;
}

/** What a kernel can do on this machine. */
export interface KernelFacts {
  /** It can write Blosc frames whose header states the true typesize and shuffle. */
  readonly hasBlosc: boolean;
  /** What writes them: libblosc itself, GDAL's Zarr driver, or the JavaScript kernel's own code. */
  readonly encoder: 'libblosc' | 'gdal' | 'javascript' | 'none';
}

/** An array as bytes: `shape` is [height, width]; a vector is one row. */
export interface RawArray {
  readonly dtype: DType;
  readonly shape: readonly [height: number, width: number];
  readonly bytes: Uint8Array<ArrayBuffer>;
}
