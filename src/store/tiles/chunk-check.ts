import type { TileIndex } from '../../grid/tiling.js';
import { readArray } from '../metadata/array-document.js';
import { chunkKey } from '../metadata/zarr-metadata.js';
import { openArray } from '../read.js';
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

/** Of Blosc's header (https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst). */
const BLOSC_HEADER_BYTES = 16;
const COMPRESSED_LENGTH_AT = 12;

/**
 * What is wrong with the length of a Blosc frame; `undefined` where nothing is. Decompressors take the header's word for
 * the length of what they read, and read past the end of a frame cut short.
 */
export function bloscLengthProblem(bytes: Uint8Array): string | undefined {
  const { byteLength } = bytes;
  if (byteLength < BLOSC_HEADER_BYTES) return `${byteLength} bytes are no Blosc frame`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, byteLength);
  const told = view.getUint32(COMPRESSED_LENGTH_AT, true);
  return told === byteLength
    ? undefined
    : `its header tells of ${told} bytes but there are ${byteLength}`;
}
