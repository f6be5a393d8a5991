/** Cubes of any number of references, made without fetching a pixel. */
import { randomBytes } from 'node:crypto';
import { Grid, parseDataset } from '../../dist/index.js';
import { loadIcechunk } from '../../dist/store/icechunk/load.js';
import { splitSide } from '../../dist/store/icechunk/manifest-split.js';
import { chunkKey, metadataOf } from '../../dist/store/metadata/zarr-metadata.js';
import { Repository } from '../../dist/store/repository.js';
import { Ledger, TileState } from '../../dist/store/tiles/ledger.js';

/** 700 x 1000 tiles of three bands. */
export const dataset = parseDataset({
  title: 'Growth',
  collection: 'projects/geocubes/assets/demo',
  bands: ['TCB_slope', 'TCG_slope', 'TCW_slope'],
  dtype: 'uint8',
  nodata: 0,
  grid: {
    crs: 'EPSG:4326',
    bounds: [-180, -63, 180, 63],
    resolution: 0.0009,
    chunk: [200, 400],
  },
});
export const grid = Grid.fromRecord(dataset.grid);
export const SIDE = splitSide(grid.rows * grid.cols);
const CODEC = { name: 'uncompressed' };

/** A cube without a tile, as `Cube.create` makes it, but for the coordinates. */
export async function emptyCube(path, isSplit) {
  const repository = await Repository.create(
    { kind: 'local', path },
    { format: 1, ...(isSplit ? { splitSide: SIDE } : {}) },
  );
  const session = await repository.writeSession();
  for (const [key, document] of metadataOf(dataset, CODEC, CODEC))
    await session.store.set(key, Buffer.from(JSON.stringify(document)));
  await repository.commit(session, 'Initialize', async () => {});
  return repository;
}

/**
 * The square of tiles in the grid's upper left corner that has so many references in all bands. A
 * reference here is a chunk of 12 bytes, kept in the manifest: as many as the id in a reference to an object.
 */
export function squareOf(references) {
  const side = Math.ceil(Math.sqrt(references / dataset.bands.length));
  return { rows: Math.min(side, grid.rows), cols: side };
}

export async function fill(path, references) {
  if (references === 0) return;
  const { Repository: Native, Storage } = await loadIcechunk();
  const native = await Native.open(await Storage.newLocalFilesystem(path));
  const session = await native.writableSession('main');
  const { rows, cols } = squareOf(references);
  for (const { name } of dataset.bands)
    for (let row = 0; row < rows; row++)
      await Promise.all(
        Array.from({ length: cols }, (_, col) =>
          session.store.set(chunkKey(name, { row, col }), randomBytes(12)),
        ),
      );
  await session.commit('Fill');
  const repository = await Repository.open({ kind: 'local', path });
  const ledgerSession = await repository.writeSession();
  await repository.commit(ledgerSession, 'Ledger', async (newest) => {
    const ledger = new Ledger(newest);
    for (let row = 0; row < rows; row++)
      for (let col = 0; col < cols; col++) await ledger.set({ row, col }, TileState.loaded);
    await ledger.flush();
  });
}

/** Marks tiles as loaded, without chunks: `isLoaded(row, col)`. */
export async function mark(repository, isLoaded) {
  const session = await repository.writeSession();
  await repository.commit(session, 'Ledger', async (newest) => {
    const ledger = new Ledger(newest);
    for (let row = 0; row < grid.rows; row++)
      for (let col = 0; col < grid.cols; col++)
        if (isLoaded(row, col)) await ledger.set({ row, col }, TileState.loaded);
    await ledger.flush();
  });
}
