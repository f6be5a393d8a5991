import { closeSync, openSync, readSync } from 'node:fs';
import { RasterError } from '../errors.js';
import type { Window } from '../grid/window.js';
import type { ChunkCompression } from '../raster/codec.js';
import { bytesOf, type DType } from '../raster/dtype.js';
import { type DecodesBlosc, decompress, decompressPart } from './decompress.js';

/** Bytes that lie in a file: whoever decompresses them reads them, into memory it uses again. */
export interface FileRange {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** One chunk to be decompressed, and where its pixels go. */
export interface ChunkRead {
  readonly from: Uint8Array | FileRange;
  readonly compression: ChunkCompression;
  readonly dtype: DType;
  /** Of a whole chunk: chunks of the last row and column are stored in full size. */
  readonly chunk: readonly [height: number, width: number];
  /** The pixels that are wanted, in pixels of the chunk. */
  readonly part: Window;
  /** The raster they go into, `[y, x]`, and the place of the part's first pixel in it. */
  readonly into: {
    /** The raster's bytes; over shared memory where another thread is to write into it. */
    readonly bytes: Uint8Array;
    readonly width: number;
    readonly row: number;
    readonly col: number;
  };
}

/**
 * Decompresses a chunk straight into a raster. Only the rows that are wanted are decompressed where the
 * codec allows it, and nothing is copied where they are as wide as the raster.
 *
 * @param blosc libblosc where it is at hand; numcodecs otherwise.
 * @throws {RasterError} when the chunk is damaged or of another size.
 */
export async function readChunk(read: ChunkRead, blosc?: DecodesBlosc): Promise<void> {
  const { compression, dtype, chunk, part, into } = read;
  const [rows, cols] = chunk;
  const size = bytesOf(dtype);
  const bytes = read.from instanceof Uint8Array ? read.from : readRange(read.from);
  const rowBytes = cols * size;
  const first = part.row * rowBytes;
  const length = part.height * rowBytes;
  const isWhole = part.height === rows;
  const from = (into.row * into.width + into.col) * size;
  try {
    const isDirect = part.width === cols && into.width === cols;
    const target = isDirect ? into.bytes.subarray(from, from + length) : scratch(length);
    if (isWhole) await decompress(bytes, compression, target, blosc);
    else await decompressPart(bytes, compression, rows * rowBytes, first, target, blosc);
    if (isDirect) return;
    for (let y = 0; y < part.height; y++) {
      const start = y * rowBytes + part.col * size;
      into.bytes.set(
        target.subarray(start, start + part.width * size),
        from + y * into.width * size,
      );
    }
  } catch (cause) {
    throw new RasterError(
      'decode',
      `Expected a ${compression} chunk of ${cols} x ${rows} ${dtype} pixels but received: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** Used again for each chunk of the thread: fresh pages cost more than what is done with them. */
let pixels = new Uint8Array(0);
let encoded = new Uint8Array(0);

function scratch(length: number): Uint8Array {
  if (pixels.length < length) pixels = new Uint8Array(length);
  return pixels.subarray(0, length);
}

function readRange({ file, offset, length }: FileRange): Uint8Array {
  if (encoded.length < length) encoded = new Uint8Array(length);
  const descriptor = openSync(file, 'r');
  try {
    let filled = 0;
    while (filled < length) {
      const count = readSync(descriptor, encoded, filled, length - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    // A file that was cut is told by what it cannot be decompressed to.
    return encoded.subarray(0, filled);
  } finally {
    closeSync(descriptor);
  }
}
