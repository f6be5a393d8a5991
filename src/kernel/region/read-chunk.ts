import { RasterError } from '../../errors.js';
import { bytesOf } from '../../raster/dtype.js';
import { copyRows } from '../resample/rows.js';
import type { ChunkRead, InnerChunks } from './chunk-read.js';
import { type DecodesBlosc, decompress, decompressPart, decompressRows } from './decompress.js';
import { type FileRange, readRange } from './file-range.js';
import { fillRows, innerReads, readIndex } from './inner-chunks.js';

export type { ChunkRead } from './chunk-read.js';
export type { FileRange } from './file-range.js';

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
      const pending =
        read.inner === undefined
          ? readInto(read, scratch, this.copy, this.blosc)
          : readInner(read, read.inner, scratch, this.copy, this.blosc);
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

/** One inner chunk after the other, of those that the part touches; of a file no more is read where they are few. */
async function readInner(
  read: ChunkRead,
  inner: InnerChunks,
  scratch: Scratch,
  copyPixels: typeof copyRows,
  blosc: DecodesBlosc | undefined,
): Promise<void> {
  const { from, chunk, part } = read;
  const isWhole = 2 * part.height * part.width > chunk[0] * chunk[1];
  const source = from instanceof Uint8Array || !isWhole ? from : bytesOfRange(from, scratch);
  const isOwn = !(from instanceof Uint8Array);
  const places = readIndex(source, chunk, inner);
  for (const { at, ...one } of innerReads(read, inner)) {
    const place = places[at];
    if (place === undefined) fillRows(one.into, one.part, read.dtype, inner.fillValue);
    else {
      const { offset, length } = place;
      const own =
        source instanceof Uint8Array
          ? source.subarray(offset, offset + length)
          : { file: source.file, offset: source.offset + offset, length };
      const pending = readInto({ ...one, from: own }, scratch, copyPixels, blosc, isOwn);
      if (pending !== undefined) await pending;
    }
  }
}

/**
 * Done when it returns, or when its promise is.
 *
 * @param isOwn whether what is read lies in memory that nobody else sees, as what was read from a file does
 */
function readInto(
  { from, compression, dtype, chunk: [rows, cols], part, into }: ChunkRead,
  scratch: Scratch,
  copyPixels: typeof copyRows,
  blosc: DecodesBlosc | undefined,
  isOwn = !(from instanceof Uint8Array),
): Promise<void> | undefined {
  const size = bytesOf(dtype);
  const bytes = from instanceof Uint8Array ? from : bytesOfRange(from, scratch);
  const rowBytes = cols * size;
  const length = part.height * rowBytes;
  const start = (into.row * into.width + into.col) * size;
  const to = { bytes: into.bytes, start, stride: into.width * size };
  const inBytes = { ...part, col: part.col * size, width: part.width * size };
  const wanted = { length: rows * rowBytes, rowBytes, part: inBytes, into: to };
  if (isOwn && decompressRows(bytes, compression, wanted, blosc)) return undefined;
  const isDirect = part.width === cols && into.width === cols;
  const target = isDirect ? into.bytes.subarray(start, start + length) : scratch.pixels(length);
  const pending =
    part.height === rows
      ? decompress(bytes, compression, target, blosc)
      : decompressPart(bytes, compression, rows * rowBytes, part.row * rowBytes, target, blosc);
  if (isDirect) return pending;
  const copy = () => {
    const from = { bytes: target, start: inBytes.col, stride: rowBytes };
    copyPixels(from, to, part.height, inBytes.width);
  };
  if (pending !== undefined) return pending.then(copy);
  copy();
  return undefined;
}

function bytesOfRange(range: FileRange, scratch: Scratch): Uint8Array {
  return readRange(range, scratch.encoded(range.length));
}
