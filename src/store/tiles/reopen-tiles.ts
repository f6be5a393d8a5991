import type { Dataset } from '../../dataset/dataset.js';
import { type TileIndex, tileId } from '../../grid/tiling.js';
import { chunkKey } from '../metadata/zarr-metadata.js';
import type { Repository } from '../repository.js';
import type { CubeStore } from '../session.js';
import { indexReader, LIST_NAMES, readRoot } from '../smart-geocubes/loaded-list.js';
import { FetchRecords } from './fetch-records.js';
import { Ledger, TileState } from './ledger.js';

/**
 * Makes tiles as if they had never been loaded, in one commit: their chunks go, the ledger says "not
 * loaded", and the lists of smart-geocubes no longer name them. The next ingest fetches them anew.
 *
 * @returns the id of the snapshot; empty for a plain Zarr directory.
 * @throws {StoreError}
 */
export async function reopenTiles(
  repository: Repository,
  dataset: Dataset,
  tiles: Iterable<TileIndex>,
  message: string,
): Promise<string> {
  const session = await repository.writeSession();
  const all = [...tiles];
  // In a plain directory the ledger is to be changed first: a process that dies on the way then leaves
  // chunks that the next ingest writes again, not tiles that count as loaded without them.
  return repository.commit(session, message, async (newest) => {
    const ledger = new Ledger(newest);
    const ids = new Set<string>();
    for (const index of all) {
      await ledger.set(index, TileState.notLoaded);
      ids.add(tileId(index));
    }
    await ledger.flush();
    const records = new FetchRecords(newest);
    await records.clear(all);
    await records.flush();
    await strikeOff(newest, ids, dataset);
    for (const index of all)
      for (const { name } of dataset.bands) await removeIfThere(newest, chunkKey(name, index));
  });
}

/** Removes a chunk, where there is one. */
export async function removeIfThere(store: CubeStore, key: string): Promise<void> {
  // One whose bytes cannot be read is there, too.
  if (await store.holds(key).catch(() => true)) await store.remove(key);
}

async function strikeOff(
  store: CubeStore,
  ids: ReadonlySet<string>,
  dataset: Dataset,
): Promise<void> {
  const read = indexReader(dataset);
  const root = await readRoot(store);
  let isListed = false;
  const attributes = { ...root.attributes };
  for (const name of LIST_NAMES) {
    const list = attributes[name];
    if (!Array.isArray(list)) continue;
    // Of smart-geocubes 0.0.x an id has the date of its step.
    const rest = list.filter((id) => {
      const index = read(String(id));
      return index === undefined || !ids.has(tileId(index));
    });
    isListed ||= rest.length < list.length;
    attributes[name] = rest;
  }
  if (isListed)
    await store.set(
      'zarr.json',
      Buffer.from(JSON.stringify({ ...root, attributes }, undefined, 2)),
    );
}
