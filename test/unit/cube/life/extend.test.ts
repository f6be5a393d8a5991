/** Time steps added to cubes that are there, while others read them and fill them. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { parseToi } from '../../../../src/dataset/toi.js';
import { createPool } from '../../../../src/pool/pool.js';
import { metadataOf } from '../../../../src/store/metadata/zarr-metadata.js';
import { readArray1d, readMetadata } from '../../../../src/store/read.js';
import { Repository } from '../../../../src/store/repository.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import { Committer } from '../../../../src/store/tiles/committer.js';
import { Ledger, TileState } from '../../../../src/store/tiles/ledger.js';
import { DATASET } from '../fake-source.js';
import { CORNER, FIRST, gate, pixelOf, WHOLE, YEARLY, yearlySource } from './yearly-cube.js';

const pool = createPool({ size: 0 });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-extend-'));
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

const TO_2022 = { time: parseToi('../2022') };

const repositoryAt = (storage: string) => Repository.open(parseStorage(storage));

async function documentOf(storage: string, path: string) {
  const session = await (await repositoryAt(storage)).readSession();
  return (await readMetadata(session, path)) as {
    shape: number[];
    attributes: Record<string, unknown>;
  };
}

/** The chunks of a band, by key: bytes, and in a folder the file they lie in, which Icechunk names by their id. */
async function chunksOf(storage: string, steps: number) {
  const session = await (await repositoryAt(storage)).readSession();
  const keys = [0, 1, 2].flatMap((row) =>
    [0, 1, 2].flatMap((col) =>
      ['one', 'two'].flatMap((band) =>
        Array.from({ length: steps }, (_, t) => `${band}/c/${t}/${row}/${col}`),
      ),
    ),
  );
  const places = await session.locate?.(keys);
  const found = await Promise.all(
    keys.map(async (key, i) => {
      const bytes = await session.store.get(key);
      const place = places?.[i];
      const at =
        typeof place === 'object'
          ? [place, (await stat(place.file, { bigint: true })).mtimeNs]
          : place;
      return [key, bytes && Buffer.from(bytes).toString('hex'), at] as const;
    }),
  );
  return found.filter(([, bytes]) => bytes);
}

const KINDS = [
  ['in memory', 1, (name: string) => `memory:extend-${process.pid}-${name}`],
  ['in a folder', 1, (name: string) => join(folder, name)],
  ['in a folder, of format 2', 2, (name: string) => join(folder, `${name}-2`)],
  ['in a plain Zarr directory', 1, (name: string) => join(folder, `${name}.zarr`)],
] as const;

describe.each(KINDS)('a cube %s', (kind, icechunkFormat, storageOf) => {
  const isPlain = kind.includes('plain');

  test('gets the steps that follow, in one commit, and none of its chunks is touched', async () => {
    const storage = storageOf('chunks');
    const cube = await Cube.create(storage, YEARLY, { pool, icechunkFormat });
    await cube.ingest(WHOLE, { source: yearlySource().source, pool });
    const before = await chunksOf(storage, 3);
    expect(before.length).toBe(2 * 27);
    const commits = (await cube.history()).length;
    const { added, snapshot } = await cube.extend(TO_2022);
    expect(added.map(({ index, start }) => [index, new Date(start).getUTCFullYear()])).toEqual([
      [3, 2021],
      [4, 2022],
    ]);
    expect((await cube.history()).length).toBe(isPlain ? 0 : commits + 1);
    expect(snapshot).toBe(isPlain ? '' : (await cube.history())[0]?.id);
    expect(await chunksOf(storage, 5)).toEqual(before);
    for (const band of ['one', 'two'])
      expect((await documentOf(storage, band)).shape).toEqual([5, 25, 34]);
    expect((await documentOf(storage, 'geocubes/ledger')).shape).toEqual([5, 3, 3]);
    expect((await documentOf(storage, 'geocubes/fetches')).shape).toEqual([5, 3, 3, 3]);
    expect((await documentOf(storage, 'time')).shape).toEqual([5]);
    const session = await (await repositoryAt(storage)).readSession();
    expect(Array.from(await readArray1d(session, 'time'), Number)).toEqual([
      0, 365, 730, 1096, 1461,
    ]);
    // This object, and whoever opens the cube, has the longer axis.
    for (const each of [cube, await Cube.open(storage)]) {
      expect(each.timeAxis?.length).toBe(5);
      expect(each.dataset.time).toMatchObject({ count: 5 });
      expect(await each.countStates(WHOLE)).toMatchObject([
        ...[0, 1, 2].map(() => ({ loaded: 9, missing: 0 })),
        ...[3, 4].map(() => ({ loaded: 0, missing: 9 })),
      ]);
    }
    // The new steps are filled as others are, and the list of smart-geocubes names them.
    const { source, asked } = yearlySource();
    expect(await cube.ingest(WHOLE, { source, pool })).toMatchObject({ committed: 18 });
    expect(asked.every((id) => /^[34]-/.test(id))).toBe(true);
    expect((await documentOf(storage, '')).attributes.loaded_patches).toHaveLength(45);
    const { bands } = await (await Cube.open(storage)).load(WHOLE);
    const pixels = bands.get('two');
    for (let t = 0; t < 5; t++) expect(pixels?.[t * 25 * 34 + 7]).toBe(pixelOf(1, 2018 + t));
    expect((await cube.verify(WHOLE)).damaged).toBe(0);
  });

  test('is extended again and again, and stays as it is where it reaches so far', async () => {
    const storage = storageOf('again');
    const cube = await Cube.create(storage, YEARLY, { pool, icechunkFormat });
    for (const year of [2021, 2022, 2023, 2024, 2025, 2026, 2027]) {
      const { added } = await (await Cube.open(storage)).extend({ time: parseToi(`../${year}`) });
      expect(added.map(({ index }) => index)).toEqual([year - 2018]);
    }
    const commits = (await cube.history()).length;
    expect(await cube.extend({ time: parseToi('2027') })).toMatchObject({ added: [] });
    // What others have added is known to this object now.
    expect(cube.timeAxis?.length).toBe(10);
    expect((await cube.history()).length).toBe(commits);
    const session = await (await repositoryAt(storage)).readSession();
    const times = Array.from(await readArray1d(session, 'time'), Number);
    const days = times.map((day) => new Date(Date.UTC(2018, 0, 1 + day)).toISOString());
    expect(days).toEqual(Array.from({ length: 10 }, (_, i) => `${2018 + i}-01-01T00:00:00.000Z`));
  });

  test('is extended while a process fills it that knows the shorter axis: nothing is lost, and the steps stay', async () => {
    const storage = storageOf('filling');
    await Cube.create(storage, YEARLY, { pool, icechunkFormat });
    const filler = await Cube.open(storage);
    const [written, extended] = [gate(), gate()];
    const { source } = yearlySource({
      before: async ({ id }) => {
        if (id !== '2-2-2') return;
        await extended.opened;
      },
    });
    const filling = filler.ingest(WHOLE, {
      source,
      pool,
      groupSize: 10,
      tilesInFlight: 3,
      onEvent: (event) => {
        // The last group is open by then: two commits of ten, and six of seven written.
        if (event.type === 'written' && event.tile === '2-2-1') written.open();
      },
    });
    await written.opened;
    await (await Cube.open(storage)).extend(TO_2022);
    extended.open();
    expect(await filling).toMatchObject({ committed: 27, failed: [] });
    const cube = await Cube.open(storage);
    expect(cube.timeAxis?.length).toBe(5);
    for (const path of ['one', 'two', 'geocubes/ledger', 'geocubes/fetches', 'time'])
      expect((await documentOf(storage, path)).shape[0]).toBe(5);
    expect((await cube.verify(WHOLE)).damaged).toBe(0);
    expect(await cube.countStates(WHOLE)).toMatchObject([
      ...[0, 1, 2].map(() => ({ loaded: 9 })),
      ...[3, 4].map(() => ({ loaded: 0 })),
    ]);
    expect((await documentOf(storage, '')).attributes.loaded_patches).toHaveLength(27);
    // And on with the new years, by whoever knows them.
    expect(await cube.ingest(CORNER, { source: yearlySource().source, pool })).toMatchObject({
      committed: 8,
    });
  });

  test('is extended while a large tile is open whose bands come one after another', async () => {
    const storage = storageOf('open-tile');
    const cube = await Cube.create(storage, YEARLY, { pool, icechunkFormat });
    const committer = new Committer(await repositoryAt(storage), YEARLY);
    const index = { t: 1, row: 0, col: 0 };
    const tile = await committer.open({ id: '1-0-0', index });
    const counts = { valid: 1, filled: 0, empty: 0 };
    await tile.add([{ band: 0, bytes: Uint8Array.of(1), counts }]);
    await cube.extend(TO_2022);
    await tile.add([{ band: 1, bytes: Uint8Array.of(2), counts }]);
    await tile.end();
    await committer.flush();
    const { store } = await (await repositoryAt(storage)).readSession();
    expect(await new Ledger(store).get(index)).toBe(TileState.loaded);
    expect(Array.from((await store.get('one/c/1/0/0')) ?? [])).toEqual([1]);
    expect(Array.from((await store.get('two/c/1/0/0')) ?? [])).toEqual([2]);
    expect((await documentOf(storage, 'one')).shape[0]).toBe(5);
  });

  test('is extended by two processes at once, once', async () => {
    const storage = storageOf('twice');
    await Cube.create(storage, YEARLY, { pool, icechunkFormat });
    const [one, other] = await Promise.all([Cube.open(storage), Cube.open(storage)]);
    const both = await Promise.all([one.extend(TO_2022), other.extend(TO_2022)]);
    expect(both.map(({ added }) => added.length).sort()).toEqual([0, 2]);
    for (const cube of [one, other, await Cube.open(storage)])
      expect(cube.timeAxis?.length).toBe(5);
  });

  test('refuses a cube without a time axis, an older state, and times that its axis cannot go on to', async () => {
    const flat = await Cube.create(storageOf('flat'), DATASET, { pool, icechunkFormat });
    await expect(flat.extend(TO_2022)).rejects.toThrow('a cube with a time axis');
    const cube = await Cube.create(storageOf('refused'), YEARLY, { pool, icechunkFormat });
    await expect(cube.extend({ time: parseToi('2016/2021') })).rejects.toThrow('first step');
    await expect(cube.extend({ time: parseToi('2023') })).rejects.toThrow('goes on from the end');
    if (isPlain) return;
    const older = await Cube.open(storageOf('refused'), {
      asOf: (await cube.history())[0]?.id ?? '',
    });
    await expect(older.extend(TO_2022)).rejects.toThrow('the newest state');
  });
});

test('readers of older states, and those that opened the cube before, are not disturbed', async () => {
  const storage = join(folder, 'readers');
  const cube = await Cube.create(storage, YEARLY, { pool });
  await cube.ingest(WHOLE, { source: yearlySource().source, pool });
  await cube.tag('three-years');
  const reader = await Cube.open(storage);
  const lazy = await reader.openDataset();
  const before = await reader.load(WHOLE);
  await cube.extend(TO_2022);
  await cube.ingest(WHOLE, { source: yearlySource({ more: 100 }).source, pool });
  expect((await reader.load(WHOLE)).bands).toEqual(before.bands);
  expect((await lazy.bands.one?.read())?.pixels).toEqual(before.bands.get('one'));
  const older = await Cube.open(storage, { asOf: 'three-years' });
  expect(older.timeAxis?.length).toBe(3);
  expect((await older.load(WHOLE)).bands).toEqual(before.bands);
});

test('an extension of a plain directory that died before its last file is completed by the same call', async () => {
  const storage = join(folder, 'half.zarr');
  const cube = await Cube.create(storage, YEARLY, { pool });
  await cube.ingest(WHOLE, { source: yearlySource().source, pool });
  const { store } = await (await repositoryAt(storage)).readSession();
  const record = (await store.get('geocubes/zarr.json')) as Uint8Array;
  const second = (await store.get('two/zarr.json')) as Uint8Array;
  await cube.extend(TO_2022);
  // As it was left by a process that wrote some of the documents.
  const { store: writable } = await (await repositoryAt(storage)).writeSession();
  await writable.set('geocubes/zarr.json', Buffer.from(record));
  await writable.set('two/zarr.json', Buffer.from(second));
  const left = await Cube.open(storage);
  expect(left.timeAxis?.length).toBe(3);
  expect((await left.load(WHOLE)).missingTiles).toBe(0);
  expect(await left.extend(TO_2022)).toMatchObject({ added: [{ index: 3 }, { index: 4 }] });
  expect((await documentOf(storage, 'two')).shape[0]).toBe(5);
  const session = await (await repositoryAt(storage)).readSession();
  expect(Array.from(await readArray1d(session, 'time'), Number)).toEqual([0, 365, 730, 1096, 1461]);
});

test('listed steps whose coordinate counts days take no step that begins within one', async () => {
  const dataset = parseDataset({
    ...{ title: 'listed', collection: 'c', bands: ['one'], dtype: 'uint8' },
    grid: { crs: 'EPSG:3413', bounds: [0, 0, 340, 250], resolution: 10, chunk: [10, 12] },
    time: ['2018-06-01/2018-09-01', '2019-06-01/2019-09-01'],
  });
  const cube = await Cube.create('memory:', dataset, { pool });
  await expect(cube.extend({ time: parseToi('2020-06-01T06') })).rejects.toThrow(
    'steps that begin at whole days',
  );
  const { added } = await cube.extend({ time: parseToi('2020-06-01/2020-08-31,2021-06') });
  expect(
    added.map(({ start, end }) => [start, end].map((at) => new Date(at).toISOString())),
  ).toEqual([
    ['2020-06-01T00:00:00.000Z', '2020-09-01T00:00:00.000Z'],
    ['2021-06-01T00:00:00.000Z', '2021-07-01T00:00:00.000Z'],
  ]);
});

test('a cube of smart-geocubes is extended where it tells, or is told, where its pixels come from', async () => {
  const codec = { name: 'gzip', level: 1 } as const;
  const storage = `memory:extend-seed-${process.pid}`;
  const made = await Cube.create(`${storage}-ours`, YEARLY, { pool });
  const { store: ours } = await (await repositoryAt(made.storage)).readSession();
  const repository = await Repository.create(parseStorage(storage), { format: 1 });
  const session = await repository.writeSession();
  for (const [key, document] of metadataOf(YEARLY, codec, codec)) {
    if (key.startsWith('geocubes/')) continue;
    const attributes = { title: 'Somebody’s', loaded_patches: ['2-0-0'] };
    const json = key === 'zarr.json' ? { ...document, attributes } : document;
    await session.store.set(key, Buffer.from(JSON.stringify(json)));
  }
  await session.store.set('time/zarr.json', Buffer.from((await ours.get('time/zarr.json')) ?? []));
  await session.store.set('time/c/0', Buffer.from((await ours.get('time/c/0')) ?? []));
  await repository.commit(session, 'Initialize empty datacube', async () => {});
  await expect((await Cube.open(storage)).extend(TO_2022)).rejects.toThrow(
    'Open it with a dataset that tells',
  );
  const cube = await Cube.open(storage, { dataset: YEARLY });
  expect(await cube.extend(TO_2022)).toMatchObject({ added: [{ index: 3 }, { index: 4 }] });
  // What was listed is in the ledger, the list is as it was, and the record tells the source from now on.
  const again = await Cube.open(storage);
  expect(again.dataset.source).toEqual(YEARLY.source);
  expect(await again.countStates(FIRST)).toMatchObject(
    [0, 0, 1, 0, 0].map((loaded) => ({ loaded })),
  );
  expect((await documentOf(storage, '')).attributes.loaded_patches).toEqual(['2-0-0']);
  expect((await documentOf(storage, 'one')).shape).toEqual([5, 25, 34]);
});
