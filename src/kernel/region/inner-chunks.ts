/** Which inner chunks a part of a chunk lies in, and where they lie in its bytes. */
import { intersect, relativeTo, type Window } from '../../grid/window.js';
import { allocate, bytesOf, type DType } from '../../raster/dtype.js';
import { decodeIndex, type InnerPlace, indexBytes, innerCount } from '../../raster/inner-index.js';
import type { ChunkRead, InnerChunks } from './chunk-read.js';
import { type FileRange, readRange } from './file-range.js';

/** The places of all inner chunks, in row-major order. @throws {Error} for a damaged index. */
export function readIndex(
  from: Uint8Array | FileRange,
  chunk: ChunkRead['chunk'],
  inner: InnerChunks,
): InnerPlace[] {
  const count = innerCount(chunk, inner.chunk);
  const { length } = from;
  const size = indexBytes(count);
  if (length < size)
    throw new Error(`Expected an index of ${size} bytes but there are ${length} in all.`);
  const start = inner.index === 'start' ? 0 : length - size;
  const bytes =
    from instanceof Uint8Array
      ? from.subarray(start, start + size)
      : readRange(
          { file: from.file, offset: from.offset + start, length: size },
          new Uint8Array(size),
        );
  return decodeIndex(bytes, count, length);
}

/** The read of one inner chunk, and which it is. */
export type InnerRead = Omit<ChunkRead, 'from' | 'inner'> & { readonly at: number };

/** What is to be read of each inner chunk that the part touches. */
export function* innerReads(
  { chunk, part, into, compression, dtype }: Omit<ChunkRead, 'from'>,
  { chunk: [rows, cols] }: Pick<InnerChunks, 'chunk'>,
): Generator<InnerRead> {
  const across = chunk[1] / cols;
  const end = { row: part.row + part.height, col: part.col + part.width };
  for (let r = Math.floor(part.row / rows); r * rows < end.row; r++)
    for (let c = Math.floor(part.col / cols); c * cols < end.col; c++) {
      const whole = { row: r * rows, col: c * cols, height: rows, width: cols };
      const own = intersect(part, whole);
      if (own === undefined) continue;
      yield {
        at: r * across + c,
        compression,
        dtype,
        chunk: [rows, cols],
        part: relativeTo(own, whole),
        into: {
          ...into,
          row: into.row + own.row - part.row,
          col: into.col + own.col - part.col,
        },
      };
    }
}

/** Puts a value where an inner chunk would go. */
export function fillRows(
  { bytes, width, row, col }: ChunkRead['into'],
  part: Pick<Window, 'height' | 'width'>,
  dtype: DType,
  value: number,
): void {
  const size = bytesOf(dtype);
  const line = new Uint8Array(allocate(dtype, part.width).fill(value).buffer);
  for (let y = 0; y < part.height; y++) bytes.set(line, ((row + y) * width + col) * size);
}
