import * as zlib from 'node:zlib';
import type { Window } from '../../grid/window.js';
import type { ChunkCompression } from '../../raster/codec.js';
import type { Rows } from '../resample/rows.js';

/** The part of libblosc's addon that reads. */
export interface DecodesBlosc {
  decompress(frame: Uint8Array, target: Uint8Array): void;
  decompressPart(frame: Uint8Array, first: number, target: Uint8Array): void;
  decompressRows?(
    frame: Uint8Array,
    rowBytes: number,
    row: number,
    col: number,
    height: number,
    width: number,
    target: Uint8Array,
    start: number,
    stride: number,
  ): boolean;
}

/** Rows of a chunk and where they go, in bytes. */
export interface RowsRead {
  /** Of the whole chunk, and of one of its rows. */
  readonly length: number;
  readonly rowBytes: number;
  readonly part: Window;
  readonly into: Rows;
}

/**
 * Puts rows of a chunk where they are wanted, where the codec can.
 *
 * @param bytes changed meanwhile, so nobody else may look at them
 * @returns whether it could
 * @throws {Error} as {@link decompress}
 */
export function decompressRows(
  bytes: Uint8Array,
  compression: ChunkCompression,
  { length, rowBytes, part, into }: RowsRead,
  blosc?: DecodesBlosc,
): boolean {
  if (compression !== 'blosc' || blosc?.decompressRows === undefined) return false;
  checkFrame(bytes, length);
  const { row, col, height, width } = part;
  return blosc.decompressRows(
    bytes,
    ...([rowBytes, row, col, height, width] as const),
    ...([into.bytes, into.start, into.stride] as const),
  );
}

/**
 * Fills `target` with the bytes that `bytes` were compressed from: at once where a codec of this process
 * does it, else by the time the promise is done, until when nobody else may touch either.
 *
 * @throws {Error} when they do not fit or are damaged.
 */
export function decompress(
  bytes: Uint8Array,
  compression: ChunkCompression,
  target: Uint8Array,
  blosc?: DecodesBlosc,
): Promise<void> | undefined {
  if (compression === 'blosc' && blosc !== undefined) {
    blosc.decompress(bytes, target);
    return undefined;
  }
  return withExpanded(bytes, compression, target.length, (all) => target.set(all));
}

/**
 * Fills `target` with the bytes from `first` on, of `length` in all.
 * @throws {Error} as {@link decompress}
 */
export function decompressPart(
  bytes: Uint8Array,
  compression: ChunkCompression,
  length: number,
  first: number,
  target: Uint8Array,
  blosc?: DecodesBlosc,
): Promise<void> | undefined {
  const take = (all: Uint8Array) => target.set(all.subarray(first, first + target.length));
  if (compression !== 'blosc' || blosc === undefined)
    return withExpanded(bytes, compression, length, take);
  // libblosc counts in elements of the frame's own typesize, which other writers may have chosen freely.
  const typesize = bytes[BLOSC_TYPESIZE] ?? 0;
  if (first % typesize === 0 && target.length % typesize === 0) {
    checkFrame(bytes, length);
    blosc.decompressPart(bytes, first, target);
  } else take(expandByAddon(bytes, length, blosc));
  return undefined;
}

function withExpanded(
  bytes: Uint8Array,
  compression: ChunkCompression,
  length: number,
  use: (all: Uint8Array) => void,
): Promise<void> | undefined {
  const checked = (all: Uint8Array) => {
    checkLength(all, length);
    use(all);
  };
  const expanded = expand(bytes, compression, length);
  if (expanded instanceof Promise) return expanded.then(checked);
  checked(expanded);
  return undefined;
}

/** Places in a frame's header: https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst */
const BLOSC_TYPESIZE = 3;
const BLOSC_LENGTH = 4;
const BLOSC_FRAME_LENGTH = 12;
const BLOSC_HEADER_BYTES = 16;

/** numcodecs does not look where a frame ends, and decompresses what happens to lie behind a cut one. */
function checkFrame(bytes: Uint8Array, length: number): void {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < BLOSC_HEADER_BYTES)
    throw new Error(`Expected a frame but received ${bytes.length} bytes.`);
  const whole = header.getUint32(BLOSC_FRAME_LENGTH, true);
  if (whole !== bytes.length)
    throw new Error(`Expected a frame of ${whole} bytes but received ${bytes.length}.`);
  const pixels = header.getUint32(BLOSC_LENGTH, true);
  if (pixels !== length) throw new Error(differentLength(length, pixels));
}

function expandByAddon(bytes: Uint8Array, length: number, blosc: DecodesBlosc): Uint8Array {
  const all = new Uint8Array(length);
  blosc.decompress(bytes, all);
  return all;
}

function checkLength({ length: received }: Uint8Array, length: number): void {
  if (received !== length) throw new Error(differentLength(length, received));
}

function differentLength(wanted: number, received: number): string {
  return `Expected ${wanted} bytes but received ${received}.`;
}

function expand(
  bytes: Uint8Array,
  compression: ChunkCompression,
  length: number,
): Uint8Array | Promise<Uint8Array> {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      // No more than the chunk's size is ever wanted: a damaged or hostile one could expand to anything.
      return zlib.gunzipSync(bytes, { maxOutputLength: length });
    case 'zstd':
      return expandZstd(bytes, length);
    case 'blosc':
      checkFrame(bytes, length);
      return expandBlosc(bytes);
  }
}

/** A codec of numcodecs, whose own types cannot be resolved. */
interface Decoder {
  decode(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Node's own from 22.15 on, which the types of Node 20 do not know. */
function expandZstd(bytes: Uint8Array, length: number): Uint8Array | Promise<Uint8Array> {
  const { zstdDecompressSync } = zlib as unknown as {
    zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
  };
  if (zstdDecompressSync !== undefined)
    return zstdDecompressSync(bytes, { maxOutputLength: length });
  return import('numcodecs/zstd').then(({ default: Zstd }) =>
    (new Zstd() as Decoder).decode(bytes),
  );
}

async function expandBlosc(bytes: Uint8Array): Promise<Uint8Array> {
  const { default: Blosc } = await import('numcodecs/blosc');
  return (new Blosc() as Decoder).decode(bytes);
}
