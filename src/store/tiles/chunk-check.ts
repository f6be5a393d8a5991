import type { TileIndex } from '../../grid/tiling.js';
import { bytesOf } from '../../raster/dtype.js';
import { decodeIndex, type InnerPlace, indexBytes } from '../../raster/inner-index.js';
import { readArray } from '../metadata/array-document.js';
import { type ArrayLayout, layoutOf } from '../metadata/array-layout.js';
import { chunkKey } from '../metadata/zarr-metadata.js';
import { openArray, readMetadata } from '../read.js';
import type { Session } from '../session.js';
import { translate } from '../store-errors.js';

/** Decodes the bytes of a tile's chunk, and says what is wrong with them; `undefined` where nothing is. */
export type CheckChunk = (index: TileIndex, bytes: Uint8Array) => Promise<string | undefined>;

/**
 * Checks chunks of one band against its `zarr.json`: that they can be decoded, and to as many bytes as a
 * chunk has, by zarrita on this thread. Blosc keeps no checksum: of a changed byte that still decompresses, nothing tells.
 */
export async function chunkChecker(session: Session, band: string): Promise<CheckChunk> {
  const given = new Map<string, Uint8Array>();
  const store = {
    get: async (key: string) => given.get(key.replace(/^\//, '')) ?? session.store.get(key),
  };
  const layout = layoutOf(await readMetadata(session, band));
  // A new one for each chunk that consists of others: it remembers where those of a chunk lie.
  const open = () =>
    openArray({ store }, band).catch((cause: unknown) => {
      throw translate(cause, `read ${band}`);
    });
  const array = await open();
  const document = await readArray(session, band);
  const hasBlosc = document?.codecs.some(({ name }) => name === 'blosc') ?? false;
  const expected = array.chunks.reduce((product, size) => product * size, 1);
  const [rows, cols] = layout?.inner === undefined ? [1, 1] : innerAlong(layout);
  return async (index, bytes) => {
    const key = chunkKey(band, index);
    const cut =
      layout !== undefined
        ? lengthProblemOf(layout, bytes)
        : hasBlosc
          ? bloscLengthProblem(bytes)
          : undefined;
    if (cut !== undefined) return cut;
    given.set(key, bytes);
    const { t, row, col } = index;
    try {
      const one = layout?.inner === undefined ? array : await open();
      for (let i = 0; i < rows * cols; i++) {
        const place = [row * rows + Math.floor(i / cols), col * cols + (i % cols)];
        const { data } = await one.getChunk(t === undefined ? place : [t, ...place]);
        const { length } = data as ArrayLike<unknown>;
        if (length !== expected)
          return `expected ${expected} pixels of ${array.dtype} but it holds ${length}`;
      }
      return undefined;
    } catch (error) {
      return `it cannot be decoded (${String(error instanceof Error ? error.message : error).split('\n')[0]})`;
    } finally {
      given.delete(key);
    }
  };
}

/**
 * As {@link chunkChecker}, without decoding: whether a chunk's bytes are as many as they tell, and would become as many
 * as a chunk has. A chunk that was cut short, or is another array's, is told by it; bytes that were changed within are
 * not. Chunks of codecs that tell nothing of that are decoded.
 */
export async function frameChecker(session: Session, band: string): Promise<CheckChunk> {
  const layout = layoutOf(await readMetadata(session, band));
  if (layout === undefined || layout.compression === 'zstd') return chunkChecker(session, band);
  return async (_, bytes) => frameProblem(layout, bytes);
}

/** What decoding would not tell: frames that were cut, and the index of inner chunks. */
export function lengthProblemOf(layout: ArrayLayout, bytes: Uint8Array): string | undefined {
  if (layout.inner !== undefined) return frameProblem(layout, bytes);
  return layout.compression === 'blosc' ? bloscLengthProblem(bytes) : undefined;
}

/** What is wrong with a chunk's length by what its bytes tell of it, and with the index of its inner chunks. */
function frameProblem(layout: ArrayLayout, bytes: Uint8Array): string | undefined {
  const { dtype, chunk, inner, compression } = layout;
  if (inner === undefined) {
    const length = chunk.reduce((product, size) => product * size, bytesOf(dtype));
    return oneFrameProblem(compression, length, bytes);
  }
  const [rows, cols] = innerAlong(layout);
  const size = indexBytes(rows * cols);
  const start = inner.index === 'start' ? 0 : Math.max(bytes.length - size, 0);
  let places: readonly InnerPlace[];
  try {
    places = decodeIndex(bytes.subarray(start, start + size), rows * cols, bytes.length);
  } catch (error) {
    return (error as Error).message;
  }
  const length = inner.chunk[0] * inner.chunk[1] * bytesOf(dtype);
  for (const [i, place] of places.entries()) {
    if (place === undefined) continue;
    const own = bytes.subarray(place.offset, place.offset + place.length);
    const problem = oneFrameProblem(compression, length, own);
    if (problem !== undefined)
      return `its inner chunk ${Math.floor(i / cols)}-${i % cols}: ${problem}`;
  }
  return undefined;
}

/** Inner chunks along the sides of a chunk. */
function innerAlong({ chunk, inner }: ArrayLayout): [rows: number, cols: number] {
  const [height = 0, width = 0] = chunk.slice(-2);
  return inner === undefined ? [1, 1] : [height / inner.chunk[0], width / inner.chunk[1]];
}

function oneFrameProblem(
  compression: ArrayLayout['compression'],
  expected: number,
  bytes: Uint8Array,
): string | undefined {
  switch (compression) {
    case 'blosc':
      return bloscLengthProblem(bytes) ?? lengthProblem(word(bytes, DECODED_LENGTH_AT), expected);
    case 'gzip':
      return gzipProblem(bytes, expected);
    case 'none':
      return lengthProblem(bytes.byteLength, expected);
    case 'zstd':
      return undefined;
  }
}

function lengthProblem(told: number, expected: number): string | undefined {
  return told === expected
    ? undefined
    : `expected ${expected} bytes of pixels but it holds ${told}`;
}

/** RFC 1952: two bytes by which it is known, and at the end the length of what was compressed, modulo 2^32. */
function gzipProblem(bytes: Uint8Array, expected: number): string | undefined {
  const { byteLength } = bytes;
  if (byteLength < 18 || bytes[0] !== 0x1f || bytes[1] !== 0x8b)
    return `${byteLength} bytes are no gzip file`;
  return lengthProblem(word(bytes, byteLength - 4), expected % 2 ** 32);
}

function word({ buffer, byteOffset, byteLength }: Uint8Array, at: number): number {
  return new DataView(buffer, byteOffset, byteLength).getUint32(at, true);
}

/** Of Blosc's header (https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst). */
const BLOSC_HEADER_BYTES = 16;
const DECODED_LENGTH_AT = 4;
const COMPRESSED_LENGTH_AT = 12;

/**
 * What is wrong with the length of a Blosc frame; `undefined` where nothing is. Decompressors take the header's word for
 * the length of what they read, and read past the end of a frame cut short.
 */
function bloscLengthProblem(bytes: Uint8Array): string | undefined {
  const { byteLength } = bytes;
  if (byteLength < BLOSC_HEADER_BYTES) return `${byteLength} bytes are no Blosc frame`;
  const told = word(bytes, COMPRESSED_LENGTH_AT);
  return told === byteLength
    ? undefined
    : `its header tells of ${told} bytes but there are ${byteLength}`;
}
