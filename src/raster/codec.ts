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
 * Blosc level of a new cube. With zstd, level 1 is fifty times as fast as the 9 that smart-geocubes
 * writes (c-blosc maps 9 to zstd's 22) and a chunk grows by less than a tenth.
 */
export const DEFAULT_CLEVEL = 1;

/** What smart-geocubes writes; chosen with `codec: 'seed'`. */
export const SEED_CLEVEL = 9;

/** Bitshuffle for one-byte pixels, byte shuffle for wider ones: the choice of zarr-python and of the original. */
export function bloscFor(dtype: DType, clevel: number): BloscCodec {
  const typesize = bytesOf(dtype);
  return {
    name: 'blosc',
    cname: 'zstd',
    clevel,
    shuffle: typesize === 1 ? 'bitshuffle' : 'shuffle',
    typesize,
  };
}

/** How the bytes of a chunk that is read were compressed. Level and shuffle stand in the bytes themselves. */
export type ChunkCompression = 'blosc' | 'gzip' | 'zstd' | 'none';
