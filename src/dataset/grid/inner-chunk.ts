import { expected } from '../../errors.js';
import { type ArrayCodec, type Codec, codecFor } from '../../raster/codec.js';
import { type Dataset, fillValueOf } from '../dataset.js';

/** Inner chunks beyond that make an index that is itself what readers wait for. */
const MOST_INNER_CHUNKS = 65_536;

/** Of each chunk; 0 where chunks are encoded whole. */
export function innerChunksOf({ grid, innerChunk }: Pick<Dataset, 'grid' | 'innerChunk'>): number {
  if (innerChunk === undefined) return 0;
  const [height, width] = grid.chunk;
  return (height / innerChunk) * (width / innerChunk);
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
    codec: typed,
  };
}
