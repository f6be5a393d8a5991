import type { TileIndex } from '../../grid/tiling.js';
import { bytesOf } from '../../raster/dtype.js';
import { readArray } from '../metadata/array-document.js';
import { layoutOf } from '../metadata/array-layout.js';
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
  const array = await openArray({ store }, band).catch((cause: unknown) => {
    throw translate(cause, `read ${band}`);
  });
  const document = await readArray(session, band);
  const hasBlosc = document?.codecs.some(({ name }) => name === 'blosc') ?? false;
  const expected = array.chunks.reduce((product, size) => product * size, 1);
  return async (index, bytes) => {
    const key = chunkKey(band, index);
    const cut = hasBlosc ? bloscLengthProblem(bytes) : undefined;
    if (cut !== undefined) return cut;
    given.set(key, bytes);
    const { t, row, col } = index;
    try {
      const { data } = await array.getChunk(t === undefined ? [row, col] : [t, row, col]);
      const { length } = data as ArrayLike<unknown>;
      if (length === expected) return undefined;
      return `expected ${expected} pixels of ${array.dtype} but it holds ${length}`;
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
  if (layout === undefined) return chunkChecker(session, band);
  const expected = layout.chunk.reduce((product, size) => product * size, bytesOf(layout.dtype));
  switch (layout.compression) {
    case 'blosc':
      return async (_, bytes) =>
        bloscLengthProblem(bytes) ?? lengthProblem(word(bytes, DECODED_LENGTH_AT), expected);
    case 'gzip':
      return async (_, bytes) => gzipProblem(bytes, expected);
    case 'none':
      return async (_, bytes) => lengthProblem(bytes.byteLength, expected);
    case 'zstd':
      return chunkChecker(session, band);
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
export function bloscLengthProblem(bytes: Uint8Array): string | undefined {
  const { byteLength } = bytes;
  if (byteLength < BLOSC_HEADER_BYTES) return `${byteLength} bytes are no Blosc frame`;
  const told = word(bytes, COMPRESSED_LENGTH_AT);
  return told === byteLength
    ? undefined
    : `its header tells of ${told} bytes but there are ${byteLength}`;
}
