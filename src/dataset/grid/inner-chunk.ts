import { expected } from '../../errors.js';
import { type ArrayCodec, type Codec, codecFor } from '../../raster/codec.js';
import { bytesOf } from '../../raster/dtype.js';
import { innerCount } from '../../raster/inner-index.js';
import { type Dataset, fillValueOf } from '../dataset.js';

/** Inner chunks beyond that make an index that is itself what readers wait for. */
const MOST_INNER_CHUNKS = 65_536;

/** Of each chunk; 0 where chunks are encoded whole. */
export function innerChunksOf({ grid, innerChunk }: Pick<Dataset, 'grid' | 'innerChunk'>): number {
  return innerChunk === undefined ? 0 : innerCount(grid.chunk, [innerChunk, innerChunk]);
}

/** @throws {InvalidInputError} for a side that does not divide both of the chunk's, which Zarr asks for. */
export function checkInnerChunk(dataset: Pick<Dataset, 'grid' | 'innerChunk'>): void {
  const { innerChunk, grid } = dataset;
  if (innerChunk === undefined) return;
  const [height, width] = grid.chunk;
  const divides = (side: number) => height % side === 0 && width % side === 0;
  const isSide = Number.isInteger(innerChunk) && innerChunk >= 1 && divides(innerChunk);
  if (isSide && innerChunksOf(dataset) <= MOST_INNER_CHUNKS) return;
  const sides = Array.from({ length: Math.min(height, width) }, (_, i) => i + 1).filter(
    (side) => divides(side) && innerChunksOf({ grid, innerChunk: side }) <= MOST_INNER_CHUNKS,
  );
  const near = sides
    .sort((one, other) => Math.abs(Math.log(one / 384)) - Math.abs(Math.log(other / 384)))
    .slice(0, 3)
    .sort((one, other) => one - other);
  throw expected(
    `a side that divides those of a chunk, ${height} x ${width} pixels${near.length === 0 ? '' : `, such as ${near.join(', ')}`},`,
    'the inner chunk of the dataset',
    innerChunk,
    isSide ? 'So small ones would be too many.' : undefined,
  );
}

/**
 * How the chunks of bands of one type are encoded.
 * @param dataset of that type
 * @param codec of the cube
 */
export function arrayCodecOf(dataset: Dataset, codec: Codec): ArrayCodec {
  const typed = codecFor(codec, dataset.dtype);
  const { innerChunk } = dataset;
  if (innerChunk === undefined) return typed;
  return {
    name: 'inner chunks',
    chunk: [innerChunk, innerChunk],
    fillValue: fillValueOf(dataset),
    codec: inBlocks(typed, innerChunk ** 2 * bytesOf(dataset.dtype)),
  };
}

/** Of a block that is no multiple of 8 elements, Blosc shuffles no bits at all: the rest is a block of its own then. */
function inBlocks(codec: Codec, bytes: number): Codec {
  if (codec.name !== 'blosc' || codec.shuffle !== 'bitshuffle') return codec;
  const { blocksize = 0, typesize } = codec;
  const rest = bytes % (8 * typesize);
  if (rest === 0 || blocksize < bytes || bytes < 2 * LEAST_BLOCK) return codec;
  return { ...codec, blocksize: bytes - rest };
}

/** Blosc makes no smaller ones. */
const LEAST_BLOCK = 128;
