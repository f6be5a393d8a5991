import type { ArrayCodec } from '../raster/codec.js';
import type { DType } from '../raster/dtype.js';
import { indexBytes, innerCount } from '../raster/inner-index.js';
import type { EncodedTile, FetchedTile, Recipe } from '../tile.js';

/**
 * What computes pixels. Implementations are pure: they see plain data, wait for nothing outside the
 * process and keep nothing of one call for the next but files that are open, so the same function runs inline
 * and in a pool's thread.
 */
export interface Kernel {
  readonly facts: KernelFacts;
  /**
   * Decodes a fetched tile, puts it on the tile's grid, fills, clips, casts and encodes it.
   * Reads the tile's bytes, which must stay as they are, and keeps none of them.
   *
   * @param rooms memory for the chunks, one for each band: see {@link encode}
   * @throws {RasterError} when the bytes are corrupt or are not what was asked for.
   */
  process(tile: FetchedTile, recipe: Recipe, rooms?: readonly Uint8Array[]): Promise<EncodedTile>;
  /**
   * Encodes one array; a coordinate, for one. `bytes` is little-endian, row-major.
   *
   * @param room memory that the result may be put at the beginning of, {@link roomFor} bytes. Without it
   * the result is a buffer of its own.
   */
  encode(array: RawArray, codec: ArrayCodec, room?: Uint8Array): Promise<Uint8Array>;
}

/** Blosc's header: what a frame of bytes that cannot be compressed has more than these. */
const MAX_OVERHEAD = 16;

/**
 * Bytes that an encoder may need for the result where it is given the memory.
 * @param inner of how many inner chunks it consists
 */
export function roomFor(bytes: number, inner = 0): number {
  return bytes + MAX_OVERHEAD * Math.max(inner, 1) + (inner === 0 ? 0 : indexBytes(inner));
}

/** The same for a chunk of so many bytes. */
export function roomForChunk(
  bytes: number,
  chunk: readonly [height: number, width: number],
  codec: ArrayCodec,
): number {
  if (codec.name !== 'inner chunks') return roomFor(bytes);
  return roomFor(bytes, innerCount(chunk, codec.chunk));
}

/** A copy at the beginning of `room`, or in a buffer of its own. */
export function copyInto(room: Uint8Array | undefined, bytes: Uint8Array): Uint8Array {
  if (room === undefined) return bytes.slice();
  room.set(bytes);
  return room.subarray(0, bytes.length);
}

/**
 * Why TypeScript resamples, and not C: the JavaScript kernel does without; the addon was not made, is of another
 * version of this package, does not load, or GEOCUBES_NO_ADDONS is 1.
 */
export type ResamplingLack = 'javascript' | 'absent' | 'other version' | 'broken' | 'off';

/** What a kernel can do on this machine. */
export interface KernelFacts {
  readonly kernel: 'gdal' | 'js';
  /** Why its innermost loops of resampling are not those in C; absent where they are. */
  readonly resamplingLack?: ResamplingLack;
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
