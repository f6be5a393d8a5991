import { bytesOf, type DType } from './dtype.js';

/** How a chunk is compressed: the codecs of the Zarr v3 specification this project writes. */
export type Codec = BloscCodec | GzipCodec | UncompressedCodec;

/** `blosc` as the Zarr v3 specification names its settings; the frame's header must say the same. */
export interface BloscCodec {
  readonly name: 'blosc';
  readonly cname: 'zstd' | 'lz4';
  /** 0 to 9. */
  readonly clevel: number;
  readonly shuffle: 'noshuffle' | 'shuffle' | 'bitshuffle';
  /** Bytes of one pixel. */
  readonly typesize: number;
  /** Bytes that are filtered and compressed at a time; 0, or absent, leaves it to the encoder. */
  readonly blocksize?: number;
}

/** Written where no honest Blosc encoder is found when the cube is created. */
export interface GzipCodec {
  readonly name: 'gzip';
  /** 0 to 9. */
  readonly level: number;
}

export interface UncompressedCodec {
  readonly name: 'uncompressed';
}

/**
 * Zarr's `sharding_indexed`: a chunk of the array's grid holds inner chunks, each encoded by itself, and an index of
 * where they lie (`inner-index.ts`), so that readers of a window fetch no more than it needs.
 */
export interface InnerChunksCodec {
  readonly name: 'inner chunks';
  /** Of an inner chunk; divides the sides of the chunk. */
  readonly chunk: readonly [height: number, width: number];
  /** Inner chunks that hold nothing else are left out. */
  readonly fillValue: number;
  readonly codec: Codec;
}

/** How the chunks of an array are encoded: whole, or as inner chunks. */
export type ArrayCodec = Codec | InnerChunksCodec;

/**
 * Blosc level of a new cube. With zstd, levels 1 and 2 are a hundred times as fast as the 9 that
 * smart-geocubes writes (c-blosc maps 9 to zstd's 22). 2 keeps real scenes within a tenth of its size
 * where 1 does not (`native-bench/README.md`).
 */
export const DEFAULT_CLEVEL = 2;

/**
 * Blosc blocks of a new cube. Left to itself, libblosc takes small blocks at low levels: with 1 MiB a
 * chunk is smaller, and takes half the time both to write and to read.
 */
export const DEFAULT_BLOCKSIZE = 1024 * 1024;

/** What smart-geocubes writes; chosen with `codec: 'seed'`. */
export const SEED_CLEVEL = 9;

/**
 * LZ4's level with `codec: 'fast'`. Level 1 is up to an eighth faster, level 9 up to a third slower, each for
 * one to five per cent of the bytes (`native-bench/tasks/codecs.mjs`).
 */
export const FAST_CLEVEL = 5;

/** Its blocks: larger ones gain nothing, and who reads a window decompresses whole blocks. */
export const FAST_BLOCKSIZE = 256 * 1024;

/** Bitshuffle for one-byte pixels, byte shuffle for wider ones: the choice of zarr-python and of the original. */
export function bloscFor(
  dtype: DType,
  clevel: number,
  blocksize?: number,
  cname: BloscCodec['cname'] = 'zstd',
): BloscCodec {
  const typesize = bytesOf(dtype);
  return {
    name: 'blosc',
    cname,
    clevel,
    shuffle: typesize === 1 ? 'bitshuffle' : 'shuffle',
    typesize,
    ...(blocksize === undefined ? {} : { blocksize }),
  };
}

/** The same compression for pixels of another type, whose bytes are shuffled as it takes. */
export function codecFor(codec: Codec, dtype: DType): Codec {
  return codec.name === 'blosc' && codec.typesize !== bytesOf(dtype)
    ? bloscFor(dtype, codec.clevel, codec.blocksize, codec.cname)
    : codec;
}

/** How the bytes of a chunk that is read were compressed. Level and shuffle stand in the bytes themselves. */
export type ChunkCompression = 'blosc' | 'gzip' | 'zstd' | 'none';
