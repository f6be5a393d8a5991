import type { Session } from '@earthmover/icechunk';
import * as zarr from 'zarrita';
import { StoreError } from '../errors.js';
import type { Window } from '../grid/window.js';
import type { PixelArray } from '../raster/dtype.js';
import { translate } from './repository.js';

/** Reads `zarr.json` of the node at `path` ('' is the root); `undefined` when there is none. */
export async function readMetadata(session: Session, path: string): Promise<unknown> {
  const key = path === '' ? 'zarr.json' : `${path}/zarr.json`;
  const bytes = await session.store.get(key).catch((cause: unknown) => {
    // Icechunk reports a missing node as an error, other missing keys as null.
    if (/not found/i.test(String(cause))) return null;
    throw translate(cause, `read ${key}`);
  });
  return bytes === null ? undefined : JSON.parse(Buffer.from(bytes).toString('utf8'));
}

/** The pixels of one band in `window`, `[y, x]` row-major. Tiles that are not loaded hold the fill value. */
export async function readBand(
  session: Session,
  band: string,
  window: Window,
): Promise<PixelArray> {
  const { store } = session;
  const readable: zarr.AsyncReadable = {
    get: async (key) => (await store.get(key)) ?? undefined,
  };
  try {
    const array = await zarr.open.v3(zarr.root(readable).resolve(band), { kind: 'array' });
    const { row, col, height, width } = window;
    const part = await zarr.get(array, [
      zarr.slice(row, row + height),
      zarr.slice(col, col + width),
    ]);
    return part.data as PixelArray;
  } catch (cause) {
    throw cause instanceof StoreError ? cause : translate(cause, `read ${band}`);
  }
}

/** A cube as zarrita sees it. */
export interface OpenZarr {
  readonly group: zarr.Group<zarr.AsyncReadable>;
  /** The bands, by name. */
  readonly arrays: ReadonlyMap<string, zarr.Array<zarr.DataType, zarr.AsyncReadable>>;
}

/** The root group and the arrays at `paths`, for whatever zarrita can do with them. */
export async function openZarr({ store }: Session, paths: readonly string[]): Promise<OpenZarr> {
  const root = zarr.root<zarr.AsyncReadable>({
    get: async (key) => (await store.get(key)) ?? undefined,
  });
  const arrays = paths.map(
    async (path) => [path, await zarr.open.v3(root.resolve(path), { kind: 'array' })] as const,
  );
  return {
    group: await zarr.open.v3(root, { kind: 'group' }),
    arrays: new Map(await Promise.all(arrays)),
  };
}
