import * as zlib from 'node:zlib';
import type { ChunkCompression } from '../raster/codec.js';

/** The part of libblosc's addon that reads. */
export interface DecodesBlosc {
  decompress(frame: Uint8Array, target: Uint8Array): void;
  decompressPart(frame: Uint8Array, first: number, target: Uint8Array): void;
}

/** Fills `target` with the bytes that `bytes` were compressed from. @throws {Error} when they do not fit or are damaged. */
export async function decompress(
  bytes: Uint8Array,
  compression: ChunkCompression,
  target: Uint8Array,
  blosc?: DecodesBlosc,
): Promise<void> {
  if (compression === 'blosc' && blosc !== undefined) {
    blosc.decompress(bytes, target);
    return;
  }
  const all = await expand(bytes, compression, target.length);
  checkLength(all, target.length);
  target.set(all);
}

/**
 * Fills `target` with the bytes from `first` on, of `length` in all.
 * @throws {Error} as {@link decompress}
 */
export async function decompressPart(
  bytes: Uint8Array,
  compression: ChunkCompression,
  length: number,
  first: number,
  target: Uint8Array,
  blosc?: DecodesBlosc,
): Promise<void> {
  // libblosc counts in elements of the frame's own typesize, which other writers may have chosen freely.
  const typesize = bytes[BLOSC_TYPESIZE] ?? 0;
  const isAligned = first % typesize === 0 && target.length % typesize === 0;
  if (compression === 'blosc' && blosc !== undefined && isAligned) {
    const pixels = new DataView(bytes.buffer, bytes.byteOffset).getUint32(BLOSC_LENGTH, true);
    if (pixels !== length) throw new Error(differentLength(length, pixels));
    blosc.decompressPart(bytes, first, target);
    return;
  }
  const all =
    compression === 'blosc' && blosc !== undefined
      ? expandByAddon(bytes, length, blosc)
      : await expand(bytes, compression, length);
  checkLength(all, length);
  target.set(all.subarray(first, first + target.length));
}

/** Places in a frame's header: https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst */
const BLOSC_TYPESIZE = 3;
const BLOSC_LENGTH = 4;

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

async function expand(
  bytes: Uint8Array,
  compression: ChunkCompression,
  length: number,
): Promise<Uint8Array> {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      // No more than the chunk's size is ever wanted: a damaged or hostile one could expand to anything.
      return zlib.gunzipSync(bytes, { maxOutputLength: length });
    case 'zstd':
      return (await zstdDecoder())(bytes, length);
    case 'blosc': {
      const { default: Blosc } = await import('numcodecs/blosc');
      const codec: Decoder = new Blosc();
      return codec.decode(bytes);
    }
  }
}

/** A codec of numcodecs, whose own types cannot be resolved. */
interface Decoder {
  decode(bytes: Uint8Array): Promise<Uint8Array>;
}

type Expand = (bytes: Uint8Array, length: number) => Uint8Array | Promise<Uint8Array>;

/** Node's own from 22.15 on, which the types of Node 20 do not know. */
async function zstdDecoder(): Promise<Expand> {
  const { zstdDecompressSync } = zlib as unknown as {
    zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
  };
  if (zstdDecompressSync !== undefined)
    return (bytes, length) => zstdDecompressSync(bytes, { maxOutputLength: length });
  const { default: Zstd } = await import('numcodecs/zstd');
  const codec: Decoder = new Zstd();
  return (bytes) => codec.decode(bytes);
}
