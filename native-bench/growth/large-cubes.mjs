/** The two cubes that a page of growth is about, and references to fill them with, without a pixel. */
import { randomBytes } from 'node:crypto';
import { Grid, presetDataset } from '../../dist/index.js';
import { loadIcechunk } from '../../dist/store/icechunk/load.js';
import { splitSide } from '../../dist/store/icechunk/manifest-split.js';
import { chunkKey, metadataOf } from '../../dist/store/metadata/zarr-metadata.js';
import { Repository } from '../../dist/store/repository.js';
import { Ledger, TileState } from '../../dist/store/tiles/ledger.js';

const CODEC = { name: 'uncompressed' };

/** A preset's dataset on so many rows of its tiles from a northern edge on, as somebody would make a cube of a region. */
function northern(name, rows, north) {
  const preset = presetDataset(name);
  const { geobox, chunk } = preset.grid;
  const [a, b, , d, e] = geobox.affine;
  return {
    ...preset,
    title: `${preset.title} of the north`,
    grid: {
      chunk,
      geobox: {
        ...geobox,
        shape: [rows * chunk[0], geobox.shape[1]],
        affine: [a, b, -180, d, e, north],
      },
    },
  };
}

/** AlphaEarth north of 60 degrees, to 84.25: 75 rows of tiles, 64 bands, nine years. */
export const alphaEarth = northern('AlphaEarth', 75, 84.25);
/** TCTrend north of 32 degrees: 60 rows of tiles, three bands. */
export const tcTrend = northern('TCTrend', 60, 90);

/** @returns {{ rows: number, cols: number, steps: number, tiles: number, bands: number, side: number, manifests: number }} */
export function sizeOf(dataset) {
  const { rows, cols } = Grid.fromRecord(dataset.grid);
  const steps = dataset.time?.count ?? 1;
  const tiles = rows * cols * steps;
  const side = splitSide(tiles);
  const bands = dataset.bands.length;
  const manifests = bands * steps * Math.ceil(rows / side) * Math.ceil(cols / side);
  return { rows, cols, steps, tiles, bands, side, manifests, references: tiles * bands };
}

/** Without a tile, as `Cube.create` makes it, but for the coordinates. */
export async function emptyCube(dataset, path) {
  const repository = await Repository.create(
    { kind: 'local', path },
    { format: 1, splitSide: sizeOf(dataset).side },
  );
  const session = await repository.writeSession();
  for (const [key, document] of metadataOf(dataset, CODEC, CODEC))
    await session.store.set(key, Buffer.from(JSON.stringify(document)));
  await repository.commit(session, 'Initialize', async () => {});
  return repository;
}

/** The tiles in the order in which a region is filled that is walked square by square of manifests. */
export function* walk(dataset) {
  const { rows, cols, steps, side } = sizeOf(dataset);
  for (let t = 0; t < steps; t++)
    for (let top = 0; top < rows; top += side)
      for (let left = 0; left < cols; left += side)
        for (let row = top; row < Math.min(top + side, rows); row++)
          for (let col = left; col < Math.min(left + side, cols); col++)
            yield dataset.time === undefined ? { row, col } : { t, row, col };
}

/** Where the walk is after so many tiles: squares that it has begun, and tiles in the last of them. */
export function placeAfter(dataset, tiles) {
  const { side } = sizeOf(dataset);
  let [at, squares, inSquare, last] = [0, 0, 0, ''];
  for (const { t = 0, row, col } of walk(dataset)) {
    if (at++ >= tiles) break;
    const square = `${t}-${Math.floor(row / side)}-${Math.floor(col / side)}`;
    if (square !== last) [last, squares, inSquare] = [square, squares + 1, 0];
    inSquare++;
  }
  return { squares, inSquare };
}

/** References that are set before they are committed: they lie in memory until then. */
const AT_ONCE = 400_000;

/**
 * Fills the tiles `from` to `to` of the walk. A reference is a chunk of 12 bytes, kept in the manifest: as many as the
 * id in a reference to an object.
 */
export async function fill(dataset, path, from, to) {
  const { Repository: Native, Storage } = await loadIcechunk();
  const native = await Native.open(await Storage.newLocalFilesystem(path), {
    caching: { numChunkRefs: 50_000, numSnapshotNodes: 100 },
  });
  const tilesAtOnce = Math.ceil(AT_ONCE / dataset.bands.length);
  let session;
  let pending = [];
  const commit = async () => {
    if (pending.length === 0) return;
    await session.commit('Fill');
    session = undefined;
    const repository = await Repository.open({ kind: 'local', path });
    const done = pending;
    await repository.commit(await repository.writeSession(), 'Ledger', async (newest) => {
      const ledger = new Ledger(newest);
      for (const index of done) await ledger.set(index, TileState.loaded);
      await ledger.flush();
    });
    pending = [];
  };
  let at = 0;
  for (const index of walk(dataset)) {
    if (at >= to) break;
    if (at++ < from) continue;
    session ??= await native.writableSession('main');
    const { store } = session;
    const bytes = randomBytes(12 * dataset.bands.length);
    await Promise.all(
      dataset.bands.map(({ name }, band) =>
        store.set(chunkKey(name, index), bytes.subarray(12 * band, 12 * (band + 1))),
      ),
    );
    pending.push(index);
    if (pending.length >= tilesAtOnce) await commit();
  }
  await commit();
}
