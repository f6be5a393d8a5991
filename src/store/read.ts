import type * as zarr from 'zarrita';
import { StoreError } from '../errors.js';
import type { Window } from '../grid/window.js';
import type { StoredArray } from '../raster/dtype.js';
import { endsOf } from './byte-range.js';
import type { OpenZarr } from './open-zarr.js';
import type { CubeStore, KeyValueStore, Session } from './session.js';
import { translate } from './store-errors.js';

/** Loaded where arrays are read by it: most commands read documents and the ledger alone. */
const loadZarrita = () => import('zarrita');

/** Reads `zarr.json` of the node at `path` ('' is the root); `undefined` when there is none. */
export async function readMetadata(session: Session, path: string): Promise<unknown> {
  const key = path === '' ? 'zarr.json' : `${path}/zarr.json`;
  const bytes = await session.store.get(key);
  if (bytes === null || bytes === undefined) return undefined;
  return parseDocument(bytes, key);
}

/** @throws {StoreError} of kind `io` where a metadata document is cut off, or something else. */
export function parseDocument(bytes: Uint8Array, key: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new StoreError(
      'io',
      `Expected the cube's metadata in ${key} but received ${bytes.byteLength} bytes that are no JSON: the file is damaged. Bring it back from a copy, or create the cube anew.`,
      { cause },
    );
  }
}

/**
 * The pixels of one band in `window`, `[y, x]` row-major; of one time step in temporal cubes. Tiles that
 * are not loaded hold the fill value.
 */
export async function readBand(
  session: Session,
  band: string,
  window: Window,
  t?: number,
): Promise<StoredArray> {
  try {
    const { get, slice, BoolArray } = await loadZarrita();
    const array = await openArray(session, band);
    const { row, col, height, width } = window;
    const part = await get(array, [
      ...(t === undefined ? [] : [t]),
      slice(row, row + height),
      slice(col, col + width),
    ]);
    const { data } = part as { readonly data: unknown };
    // Its own array of truths holds bytes, but is no typed array.
    return data instanceof BoolArray
      ? Uint8Array.from(data as Iterable<boolean>, Number)
      : (data as StoredArray);
  } catch (cause) {
    throw translate(cause, `read ${band}`);
  }
}

/** A whole one-dimensional array, such as the coordinates x and y. */
export async function readArray1d(session: Session, path: string): Promise<ArrayLike<number>> {
  try {
    const { get } = await loadZarrita();
    const { data } = await get(await openArray(session, path));
    return data as Float64Array;
  } catch (cause) {
    throw translate(cause, `read ${path}`);
  }
}

/** The root group and the arrays at `paths`, for whatever zarrita can do with them. */
export async function openZarr(session: Session, paths: readonly string[]): Promise<OpenZarr> {
  const { open } = await loadZarrita();
  const arrays = paths.map(async (path) => [path, await openArray(session, path)] as const);
  return {
    group: await open.v3(await rootOf(session), { kind: 'group' }),
    arrays: new Map(await Promise.all(arrays)),
  };
}

/** As much of a session as reading needs. */
interface ReadableSession {
  readonly store: Pick<KeyValueStore, 'get'> & Partial<Pick<CubeStore, 'getRange'>>;
}

export async function openArray(session: ReadableSession, path: string) {
  const { open } = await loadZarrita();
  return open.v3((await rootOf(session)).resolve(path), { kind: 'array' });
}

async function rootOf({ store }: ReadableSession) {
  const { root } = await loadZarrita();
  return root<zarr.AsyncReadable>({
    get: async (key) => (await store.get(key)) ?? undefined,
    getRange: async (key, range) => {
      if (store.getRange !== undefined) return (await store.getRange(key, range)) ?? undefined;
      const bytes = (await store.get(key)) ?? undefined;
      return bytes?.subarray(...endsOf(range, bytes.length));
    },
  });
}
