import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import { openCube } from '../../../../src/cube/open.js';
import { mergeStores, type UncopiedTile } from '../../../../src/cube/shards/merge.js';
import type { DatasetFile } from '../../../../src/dataset/file/dataset-file.js';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { parseToi } from '../../../../src/dataset/toi.js';
import { AbortedError, InvalidInputError, StoreError } from '../../../../src/errors.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import { type TileIndex, tileId } from '../../../../src/grid/tiling.js';
import { createPool } from '../../../../src/pool/pool.js';
import { Repository } from '../../../../src/store/repository.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import { DATASET, fakeSource } from '../fake-source.js';
import { filledCube } from '../filled-cube.js';

const pool = createPool({ size: 0 });
afterAll(() => pool.close());

const WHOLE = parseBoundingBox('0,0,340,250', parseCrs('EPSG:3413'));
/** The first tile has no valid pixel, and the second none in one band. */
const isMasked = (band: number, row: number, col: number) =>
  row < 10 && (col < 12 || (col < 24 && band === 1));
const source = () => fakeSource({ isMasked });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-merge-'));
  onTestFinished(() => rm(folder, { recursive: true }));
});

const createAt = (name: string, dataset = DATASET) =>
  Cube.create(join(folder, name), dataset, { pool });

/** Stores of all of so many shards, each filled with its part. */
async function fillShards(cube: Cube, count: number): Promise<Cube[]> {
  const stores: Cube[] = [];
  for (let index = 0; index < count; index++) {
    const store = await cube.openShardStore({ index, count });
    await store.ingest(WHOLE, { source: source(), pool, shard: { index, count } });
    stores.push(store);
  }
  return stores;
}

/** Every key and its bytes: chunks, and what is known of each tile. */
async function contentOf(cube: Cube): Promise<Map<string, string>> {
  const repository = await Repository.open(parseStorage(cube.storage));
  const { store } = await repository.readSession();
  const content = new Map<string, string>();
  for (const { row, col, state } of await cube.tileStates(WHOLE)) {
    content.set(`${row}-${col}`, `${state} ${JSON.stringify(await cube.tileRecord({ row, col }))}`);
    for (const band of ['one', 'two']) {
      const bytes = (await store.get(`${band}/c/${row}/${col}`)) ?? undefined;
      content.set(`${band} ${row}-${col}`, bytes ? Buffer.from(bytes).toString('base64') : 'none');
    }
  }
  return content;
}

/** Chunks and states alone: two fetches have two times. */
const withoutTimes = (content: Map<string, string>) =>
  [...content].map(([key, text]) => [key, text.replace(/"fetchedAt":"[^"]*"/, '')]);

test.each(['cube', 'cube.zarr'])(
  'the stores of three shards make of %s what one process makes, byte for byte, with when each tile was fetched',
  async (name) => {
    const cube = await createAt(name);
    const stores = await fillShards(cube, 3);
    expect(stores[1]?.storage).toBe(join(folder, `${name}.shard-2-of-3`));
    expect(await cube.countStates(WHOLE)).toMatchObject([{ loaded: 0, empty: 0 }]);
    const report = await cube.merge({ shards: 3 });
    expect(report).toMatchObject({ copied: 9, alreadyThere: 0, damaged: 0, lost: 0, absent: [] });
    expect(report.stores.map(({ storage, tiles }) => [storage, tiles])).toEqual(
      stores.map(({ storage }) => [storage, 3]),
    );
    const alone = await createAt(`alone-${name}`);
    await alone.ingest(WHOLE, { source: source(), pool });
    const content = await contentOf(cube);
    expect(withoutTimes(content)).toEqual(withoutTimes(await contentOf(alone)));
    expect(await cube.countStates(WHOLE)).toMatchObject([{ loaded: 8, empty: 1 }]);
    for (const store of stores) {
      const own = await contentOf(store);
      for (const { row, col, state } of await store.tileStates(WHOLE))
        for (const key of state === 0 ? [] : [`${row}-${col}`, `one ${row}-${col}`])
          expect(own.get(key)).toBe(content.get(key));
    }
    expect(await cube.verify(WHOLE)).toMatchObject({ damaged: 0, loaded: 8, empty: 1 });
    const { group } = await cube.openZarr();
    expect(group.attrs.loaded_patches).toHaveLength(9);
  },
);

test('merged again, nothing is copied and nothing committed; without the stores that is told', async () => {
  const cube = await createAt('cube');
  const stores = await fillShards(cube, 2);
  await cube.merge(stores.map(({ storage }) => storage));
  const before = await cube.history();
  expect(await cube.merge({ shards: 2 })).toMatchObject({ copied: 0, alreadyThere: 9 });
  expect(await cube.history()).toEqual(before);
  for (const { storage } of stores) await rm(storage, { recursive: true });
  const gone = await cube.merge({ shards: 2 });
  expect(gone).toMatchObject({ stores: [], absent: stores.map(({ storage }) => storage) });
  await expect(cube.merge([stores[0]?.storage ?? ''])).rejects.toThrow(StoreError);
});

test('a shard fills in its own store what the cube lacks of its part, and nothing of the others', async () => {
  const cube = await createAt('cube');
  const shard = { index: 0, count: 2 };
  const first = source();
  const own = await cube.openShardStore(shard);
  const { committed, takenOver } = await own.ingest(WHOLE, { source: first, pool, shard });
  expect({ committed, takenOver }).toEqual({ committed: first.asked.length, takenOver: 0 });
  expect(first.asked.length).toBeLessThan(9);
  await cube.merge([own.storage]);
  await rm(own.storage, { recursive: true });
  // Made anew: what was merged is not fetched again.
  const again = source();
  const other = await cube.openShardStore(shard);
  await other.ingest(WHOLE, { source: again, pool, shard });
  expect(again.asked).toEqual([]);
});

test('a tile that the cube has stays the cube own, and of one that two stores have the first is taken', async () => {
  const cube = await createAt('cube');
  await cube.ingest(['2-2'], { source: source(), pool });
  const stores = [await createAt('one'), await createAt('two')];
  for (const store of stores) await store.ingest(WHOLE, { source: source(), pool });
  const own = await cube.tileRecord('2-2');
  const report = await cube.merge(stores.map(({ storage }) => storage));
  expect(report.stores).toMatchObject([
    { tiles: 9, copied: 8, alreadyThere: 1 },
    { tiles: 9, copied: 0, alreadyThere: 9 },
  ]);
  expect(await cube.tileRecord('2-2')).toEqual(own);
  expect(await cube.tileRecord('1-1')).toEqual(await stores[0]?.tileRecord('1-1'));
});

test('stopped after its first commit, a merge has whole commits, and goes on where it was', async () => {
  const cube = await createAt('cube');
  const store = await createAt('one');
  await store.ingest(WHOLE, { source: source(), pool });
  const stop = new AbortController();
  let asked = 0;
  const between = await Cube.open(cube.storage);
  // Each of the four lanes asks before it takes a tile: the sixth time two tiles are written, and committed.
  const stopped = cube.merge([store.storage], {
    groupSize: 2,
    signal: new Proxy(stop.signal, {
      get: (signal, name) => {
        if (name === 'aborted' && asked++ === 5) stop.abort();
        return Reflect.get(signal, name);
      },
    }),
  });
  await expect(stopped).rejects.toThrow(AbortedError);
  const [{ loaded = 0, empty = 0 } = {}] = await between.countStates(WHOLE);
  expect(loaded + empty).toBeGreaterThan(0);
  expect(loaded + empty).toBeLessThan(9);
  expect(await between.verify(WHOLE)).toMatchObject({ damaged: 0 });
  const rest = await cube.merge([store.storage], { groupSize: 2 });
  expect(rest).toMatchObject({ copied: 9 - loaded - empty, alreadyThere: loaded + empty });
  expect(await contentOf(cube)).toEqual(await contentOf(store));
  const written = (await cube.history()).filter(({ message }) => message.startsWith('Write '));
  expect(written.length).toBeGreaterThan(3);
});

describe('a store is refused before anything is copied', () => {
  const file = {
    title: 'small',
    collection: 'c',
    bands: ['one', 'two'],
    dtype: 'uint8',
    grid: { crs: 'EPSG:3413', bounds: [0, 0, 340, 250], resolution: 10, chunk: [10, 12] },
  } as const;
  test.each([
    ['source', { ...file, collection: 'other' }],
    ['bands', { ...file, bands: ['one', 'three'] }],
    ['dtype', { ...file, dtype: 'uint16' }],
    ['grid', { ...file, grid: { ...file.grid, bounds: [0, 0, 350, 250] } }],
    ['grid', { ...file, grid: { ...file.grid, chunk: [12, 12] } }],
    ['codecs of one', { ...file, codec: 'fast' }],
    ['time axis', { ...file, time: { start: '2020', step: '1 year', count: 2 } }],
  ] as const)('of another %s', async (what, other) => {
    const cube = await createAt('cube');
    const same = await createAt('same');
    await same.ingest(WHOLE, { source: source(), pool });
    const store = await createAt('other', parseDataset(other as never));
    const before = await cube.history();
    const refused = cube.merge([same.storage, store.storage]);
    await expect(refused).rejects.toThrow(InvalidInputError);
    await expect(refused).rejects.toThrow(
      new RegExp(
        `^Expected .* for the ${what} of ${store.storage} but received [^\\n]*same dataset`,
      ),
    );
    expect(await cube.history()).toEqual(before);
  });

  test('that is the cube itself, or none', async () => {
    const cube = await createAt('cube');
    await expect(cube.merge([cube.storage])).rejects.toThrow(/other stores than the cube itself/);
    await expect(cube.merge([])).rejects.toThrow(/Expected stores for what to merge/);
    await expect(cube.merge([join(folder, 'none')])).rejects.toThrow(StoreError);
    await expect(cube.merge({ shards: 0 })).rejects.toThrow(InvalidInputError);
    const unnamed = await Cube.create('memory:', DATASET, { pool });
    await expect(unnamed.openShardStore({ index: 0, count: 2 })).rejects.toThrow(/name of its own/);
  });
});

/** Damages the chunk of a tile of a plain directory. */
async function damage(store: Cube, { row, col }: TileIndex, how: (file: string) => Promise<void>) {
  await how(join(store.storage, 'one', 'c', String(row), String(col)));
}

const SHORT =
  /^a chunk is damaged: one: (?:its header tells of \d+ bytes but there are 20|\d+ bytes are no gzip file|expected 120 bytes of pixels but it holds \d+)$/;

test.each([
  ['was cut short', (file: string) => truncate(file, 20), SHORT],
  ['is empty', (file: string) => writeFile(file, ''), /^a chunk is damaged: one: 0 bytes are no /],
  ['is gone', (file: string) => rm(file), /^it has one chunk but was loaded with 2 of them$/],
])('a tile whose chunk %s is not copied, and told', async (_, how, message) => {
  const cube = await createAt('cube');
  const [bad, good] = [await createAt('bad.zarr'), await createAt('good')];
  await bad.ingest(WHOLE, { source: source(), pool });
  await damage(bad, { row: 1, col: 2 }, how);
  const told: UncopiedTile[] = [];
  const report = await cube.merge([bad.storage], { onDamage: (tile) => told.push(tile) });
  expect(report).toMatchObject({ copied: 8, damaged: 1, lost: 1 });
  expect(told).toEqual([
    { storage: bad.storage, id: '1-2', message: expect.stringMatching(message) },
  ]);
  expect((await cube.tileStates(WHOLE)).filter(({ state }) => state === 0).map(tileId)).toEqual([
    '1-2',
  ]);
  // Of another store it is whole.
  await good.ingest(['1-2'], { source: source(), pool });
  expect(await cube.merge([bad.storage, good.storage])).toMatchObject({ copied: 1, lost: 0 });
  expect(await cube.verify(WHOLE)).toMatchObject({ damaged: 0, notLoaded: 0 });
});

/** Chunks of some kB: smaller ones lie in Icechunk's manifests, where none can be lost alone. */
const LARGE: DatasetFile = {
  title: 'large',
  collection: 'c',
  bands: ['v'],
  dtype: 'uint8',
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 1280, 1280], resolution: 10, chunk: 64 },
};
const noise = (_: number, row: number, col: number) => (row * 7919 + col * 104_729) ** 2 % 251;

test('a chunk that an Icechunk store has lost is told, and its tile left out', async () => {
  const [empty, store] = [
    await filledCube(LARGE, noise, { isLoaded: () => false }),
    await filledCube(LARGE, noise),
  ];
  onTestFinished(() => {
    for (const each of [empty, store]) each.remove();
  });
  const [first = ''] = await readdir(join(store.path, 'chunks'));
  await rm(join(store.path, 'chunks', first));
  const told: UncopiedTile[] = [];
  const report = await empty.cube.merge([store.path], { onDamage: (tile) => told.push(tile) });
  expect(report).toMatchObject({ copied: 3, damaged: 1, lost: 1 });
  expect(told).toMatchObject([{ message: expect.stringMatching(/^a chunk cannot be read: v: /) }]);
});

test('steps that the cube has got since, a store need not have', async () => {
  const dataset = parseDataset({
    title: 'yearly',
    collection: 'c',
    bands: ['one', 'two'],
    dtype: 'uint8',
    grid: { crs: 'EPSG:3413', bounds: [0, 0, 340, 250], resolution: 10, chunk: [10, 12] },
    time: { start: '2020', step: '1 year', count: 2 },
  });
  const cube = await createAt('cube', dataset);
  const shard = { index: 0, count: 1 };
  const store = await cube.openShardStore(shard);
  await store.ingest(['1-1-1'], { source: source(), pool });
  await cube.extend({ time: parseToi('2022') });
  expect(cube.timeAxis).toHaveLength(3);
  expect(await cube.merge([store.storage])).toMatchObject({ copied: 1 });
  expect((await cube.tileRecord('1-1-1')).fetchedAt).toEqual(
    (await store.tileRecord('1-1-1')).fetchedAt,
  );
});

/** The other way of copying, which tiles of gigabytes go: every tile of this test is large. */
const CHUNK_BY_CHUNK = 0;

test('tiles that are copied chunk by chunk are those that are copied whole, byte for byte', async () => {
  const cube = await createAt('cube');
  const store = await createAt('one');
  await store.ingest(WHOLE, { source: source(), pool });
  const opened = await openCube(cube.storage);
  const report = await mergeStores(opened, [store.storage], { groupSize: 2 }, CHUNK_BY_CHUNK);
  expect(report).toMatchObject({ copied: 9, damaged: 0, lost: 0 });
  expect(await contentOf(cube)).toEqual(await contentOf(store));
  const whole = await createAt('whole');
  expect(await whole.merge([store.storage])).toMatchObject({ copied: 9, bytes: report.bytes });
  expect(await cube.verify(WHOLE)).toMatchObject({ damaged: 0, loaded: 8, empty: 1 });
});

test('of a tile that is copied chunk by chunk none stays where the second is damaged', async () => {
  const cube = await createAt('cube');
  const bad = await createAt('bad.zarr');
  await bad.ingest(WHOLE, { source: source(), pool });
  await truncate(join(bad.storage, 'two', 'c', '1', '2'), 5);
  const told: UncopiedTile[] = [];
  const options = { onDamage: (tile: UncopiedTile) => void told.push(tile) };
  const opened = await openCube(cube.storage);
  const report = await mergeStores(opened, [bad.storage], options, CHUNK_BY_CHUNK);
  expect(report).toMatchObject({ copied: 8, damaged: 1, lost: 1 });
  expect(told).toMatchObject([{ id: '1-2', message: expect.stringMatching(/two: /) }]);
  const content = await contentOf(cube);
  expect([content.get('one 1-2'), content.get('two 1-2')]).toEqual(['none', 'none']);
  expect(await cube.verify(WHOLE)).toMatchObject({ damaged: 0, notLoaded: 1 });
});

test('scale, offset and unit that a first import has entered in a store come into the cube with its tiles', async () => {
  const cube = await createAt('cube');
  const store = await createAt('one');
  const packings = [
    { scale: 0.1, offset: -5, units: 'K' },
    { scale: 2, offset: 0 },
  ];
  await store.ingest(['0-1', '1-1'], { source: { ...source(), packings }, pool });
  const attributesIn = async ({ storage }: Cube) => {
    const { store: keys } = await (await Repository.open(parseStorage(storage))).readSession();
    const documents = ['one', 'two'].map(async (band) =>
      JSON.parse(Buffer.from((await keys.get(`${band}/zarr.json`)) ?? []).toString('utf8')),
    );
    return (await Promise.all(documents)).map(({ attributes }) => attributes);
  };
  const before = await attributesIn(cube);
  expect(before[0]).not.toHaveProperty('scale_factor');
  expect(await cube.merge([store.storage])).toMatchObject({ copied: 2 });
  const after = await attributesIn(cube);
  expect(after).toEqual(await attributesIn(store));
  expect(after[0]).toMatchObject({ scale_factor: 0.1, add_offset: -5, units: 'K' });
});
