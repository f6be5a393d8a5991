import { parseDocument } from '../read.js';
import type { KeyValueStore } from '../session.js';

/** A node's `zarr.json`, of a group or an array. */
export interface Document {
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** The document of the node at a path ('' is the root); `undefined` where there is no node. @throws {StoreError} */
export async function readDocument(
  store: KeyValueStore,
  path: string,
): Promise<Document | undefined> {
  const key = keyOf(path);
  const bytes = (await store.get(key)) ?? undefined;
  return bytes === undefined ? undefined : (parseDocument(bytes, key) as Document);
}

export function writeDocument(store: KeyValueStore, path: string, document: object): Promise<void> {
  return store.set(keyOf(path), Buffer.from(JSON.stringify(document, undefined, 2)));
}

function keyOf(path: string): string {
  return path === '' ? 'zarr.json' : `${path}/zarr.json`;
}
