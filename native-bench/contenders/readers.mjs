/** Ways to read a cube in Node: the library's own, and what anyone would write first. */
import * as zarr from 'zarrita';
import { Cube } from '../../dist/index.js';
import { loadIcechunk } from '../../dist/store/icechunk/load.js';

/**
 * Each takes the folder of a cube, the names of its bands and a pool of threads where there is one, and
 * gives all the bands' pixels, `[y, x]`.
 *
 * @type {Record<string, (store: string, names: readonly string[], pool?: object) => Promise<ArrayBufferView[]>>}
 */
export const READERS = {
  cube: async (store, _names, pool) => {
    const cube = await Cube.open(store);
    return [...(await cube.load(cube.grid.geobox, { pool })).bands.values()];
  },
  zarrita: readWithZarrita,
};

/** zarrita over an Icechunk session, in the main thread. */
async function readWithZarrita(path, names) {
  const { Repository, Storage } = await loadIcechunk();
  const repository = await Repository.open(await Storage.newLocalFilesystem(path));
  const { store } = await repository.readonlySession({ branch: 'main' });
  const root = zarr.root({ get: async (key) => (await store.get(key)) ?? undefined });
  const bands = [];
  for (const name of names) {
    const array = await zarr.open.v3(root.resolve(name), { kind: 'array' });
    bands.push((await zarr.get(array)).data);
  }
  return bands;
}
