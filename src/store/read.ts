import * as zarr from 'zarrita';
import type { Window } from '../grid/window.js';
import type { PixelArray } from '../raster/dtype.js';
import type { KeyValueStore, Session } from './session.js';
import { translate } from './store-errors.js';

/** Reads `zarr.json` of the node at `path` ('' is the root); `undefined` when there is none. */
export async function readMetadata(session: Session, path: string): Promise<unknown> {
  const key = path === '' ? 'zarr.json' : `${path}/zarr.json`;
  const bytes = await session.store.get(key);
  if (bytes === null || bytes === undefined) return undefined;
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
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
): Promise<PixelArray> {
  try {
    const array = await openArray(session, band);
    const { row, col, height, width } = window;
    const part = await zarr.get(array, [
      ...(t === undefined ? [] : [t]),
      zarr.slice(row, row + height),
      zarr.slice(col, col + width),
    ]);
    return part.data as PixelArray;
  } catch (cause) {
    throw translate(cause, `read ${band}`);
  }
}

/** A whole one-dimensional array, such as the coordinates x and y. */
export async function readArray1d(session: Session, path: string): Promise<ArrayLike<number>> {
  try {
    const { data } = await zarr.get(await openArray(session, path));
    return data as Float64Array;
  } catch (cause) {
    throw translate(cause, `read ${path}`);
  }
}

export function openArray({ store }: { readonly store: Pick<KeyValueStore, 'get'> }, path: string) {
  const readable: zarr.AsyncReadable = {
    get: async (key) => (await store.get(key)) ?? undefined,
  };
  return zarr.open.v3(zarr.root(readable).resolve(path), { kind: 'array' });
}
