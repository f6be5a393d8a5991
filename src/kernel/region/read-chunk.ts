import { closeSync, openSync, readSync } from 'node:fs';
import { RasterError } from '../../errors.js';
import type { Window } from '../../grid/window.js';
import type { ChunkCompression } from '../../raster/codec.js';
import { bytesOf, type DType } from '../../raster/dtype.js';
import { copyRows } from '../resample/rows.js';
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
 * Decompresses chunks straight into rasters. Only the rows that are wanted are decompressed where the
 * codec allows it, and nothing is copied where they are as wide as the raster.
 *
 * What a chunk needs on the way is memory that is used again, because fresh pages cost more than what is
 * done with them: each read borrows its own, so that reads of one thread may be under way at a time.
 */
export class ChunkReader {
  readonly #free: Scratch[] = [];

  /**
   * @param blosc libblosc where it is at hand; numcodecs otherwise
   * @param copy what copies fastest
   */
  constructor(
    private readonly blosc?: DecodesBlosc,
    private readonly copy = copyRows,
  ) {}

  /** @throws {RasterError} when the chunk is damaged or of another size. */
  async read(read: ChunkRead): Promise<void> {
    const scratch = this.#free.pop() ?? new Scratch();
    try {
      const pending = readInto(read, scratch, this.copy, this.blosc);
      // Most codecs are done by now; others leave, and the memory stays theirs until they are back.
      if (pending !== undefined) await pending;
    } catch (cause) {
      const { compression, chunk, dtype } = read;
      throw new RasterError(
        'decode',
        `Expected a ${compression} chunk of ${chunk[1]} x ${chunk[0]} ${dtype} pixels but received: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    } finally {
      this.#free.push(scratch);
    }
  }
}

/** Memory of one read. */
class Scratch {
  #pixels = new Uint8Array(0);
  #encoded = new Uint8Array(0);

  pixels(length: number): Uint8Array {
    if (this.#pixels.length < length) this.#pixels = new Uint8Array(length);
    return this.#pixels.subarray(0, length);
  }

  encoded(length: number): Uint8Array {
    if (this.#encoded.length < length) this.#encoded = new Uint8Array(length);
    return this.#encoded.subarray(0, length);
  }
}

/** Done when it returns, or when its promise is. */
function readInto(
  { from, compression, dtype, chunk: [rows, cols], part, into }: ChunkRead,
  scratch: Scratch,
  copyPixels: typeof copyRows,
  blosc: DecodesBlosc | undefined,
): Promise<void> | undefined {
  const size = bytesOf(dtype);
  const bytes = from instanceof Uint8Array ? from : readRange(from, scratch);
  const rowBytes = cols * size;
  const length = part.height * rowBytes;
  const start = (into.row * into.width + into.col) * size;
  const isDirect = part.width === cols && into.width === cols;
  const target = isDirect ? into.bytes.subarray(start, start + length) : scratch.pixels(length);
  const pending =
    part.height === rows
      ? decompress(bytes, compression, target, blosc)
      : decompressPart(bytes, compression, rows * rowBytes, part.row * rowBytes, target, blosc);
  if (isDirect) return pending;
  const copy = () => {
    const from = { bytes: target, start: part.col * size, stride: rowBytes };
    const to = { bytes: into.bytes, start, stride: into.width * size };
    copyPixels(from, to, part.height, part.width * size);
  };
  if (pending !== undefined) return pending.then(copy);
  copy();
  return undefined;
}

function readRange({ file, offset, length }: FileRange, scratch: Scratch): Uint8Array {
  const encoded = scratch.encoded(length);
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
