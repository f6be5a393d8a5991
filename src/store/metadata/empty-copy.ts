import type { Session } from '../session.js';
import { LIST_NAMES } from '../smart-geocubes/loaded-list.js';
import { lineKeys } from './array-document.js';
import { readDocument } from './documents.js';
import { withoutMultiscales } from './overview-documents.js';
import { CUBE_RECORD_PATH, LEDGER_PATH } from './zarr-metadata.js';

const COORDINATES = ['x', 'y', 'time', 'spatial_ref'];

/**
 * All that a cube holds beside its tiles, by key: its documents as they are, byte for byte of meaning, and the chunks of
 * its coordinates. Written to another place it is the same cube, and none of its tiles is loaded.
 *
 * @param bands their names
 */
export async function emptyCopy(
  session: Session,
  bands: readonly string[],
): Promise<Map<string, Buffer>> {
  const { store } = session;
  const entries = new Map<string, Buffer>();
  const paths = ['', ...bands, ...COORDINATES, CUBE_RECORD_PATH, LEDGER_PATH];
  for (const path of paths) {
    const document = await readDocument(store, path);
    if (document === undefined) continue;
    const copy =
      path === '' ? { ...document, attributes: withoutLists(document.attributes) } : document;
    const key = path === '' ? 'zarr.json' : `${path}/zarr.json`;
    entries.set(key, Buffer.from(JSON.stringify(copy, undefined, 2)));
  }
  for (const path of COORDINATES)
    for (const key of await lineKeys(session, path)) {
      const bytes = (await store.get(key)) ?? undefined;
      if (bytes !== undefined) entries.set(key, Buffer.from(bytes));
    }
  return entries;
}

function withoutLists(attributes: Readonly<Record<string, unknown>> = {}) {
  const lists = LIST_NAMES.filter((name) => Array.isArray(attributes[name]));
  // Levels are no part of the copy.
  return {
    ...withoutMultiscales(attributes),
    ...Object.fromEntries(lists.map((name) => [name, []])),
  };
}
