import { describe, expect, test } from 'vitest';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { metadataOf } from '../../../../src/store/metadata/zarr-metadata.js';
import { Repository } from '../../../../src/store/repository.js';
import {
  indexReader,
  LIST_LIMIT,
  readLedger,
  updateLedger,
  writeLoadedLists,
} from '../../../../src/store/smart-geocubes/loaded-list.js';
import { Ledger, TileState } from '../../../../src/store/tiles/ledger.js';

/** 3 x 4 tiles. */
const DATASET = parseDataset({
  title: 'small',
  collection: 'c',
  bands: ['one'],
  dtype: 'uint8',
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 40, 30], resolution: 1, chunk: 10 },
});
const ANNUAL = {
  ...DATASET,
  time: { kind: 'regular', start: '2017-01-01', step: '1 year', count: 3 } as const,
};
const CODEC = { name: 'uncompressed' } as const;

type Attributes = Record<string, unknown>;

/** A cube with these attributes at its root; `bare` as smart-geocubes makes it, without a group of ours. */
async function cubeWith(attributes: Attributes, { dataset = DATASET, bare = false } = {}) {
  const repository = await Repository.create({ kind: 'memory' }, { format: 1 });
  const session = await repository.writeSession();
  for (const [key, document] of metadataOf(dataset, CODEC, CODEC)) {
    if (bare && key.startsWith('geocubes')) continue;
    const json = key === 'zarr.json' ? { ...document, attributes } : document;
    await session.store.set(key, Buffer.from(JSON.stringify(json)));
  }
  await repository.commit(session, 'Initialize', async () => {});
  return repository;
}

async function attributesOf(repository: Repository): Promise<Attributes> {
  const bytes = await (await repository.readSession()).store.get('zarr.json');
  return JSON.parse(Buffer.from(bytes ?? []).toString()).attributes;
}

async function stateOf(repository: Repository, row: number, col: number, dataset = DATASET) {
  const { store } = await repository.readSession();
  return (await readLedger(store, dataset)).get({ row, col });
}

describe('ids of tiles', () => {
  test.each([
    ['2-3', { row: 2, col: 3 }],
    ['3-0', undefined],
    ['0-4', undefined],
    ['0-1-2', undefined],
    ['-1-2', undefined],
    ['1', undefined],
    ['36_24_32m_v4.1', undefined],
  ])('%s is %j in a cube of 3 x 4 tiles', (id, index) => {
    expect(indexReader(DATASET)(id)).toEqual(index);
  });

  test.each([
    ['2-1-3', { t: 2, row: 1, col: 3 }],
    ['3-1-3', undefined],
    ['1-3', undefined],
    ['20180101000000-1-3', { t: 1, row: 1, col: 3 }],
    ['20180102000000-1-3', undefined],
  ])('%s is %j in one of three years too', (id, index) => {
    expect(indexReader(ANNUAL)(id)).toEqual(index);
  });
});

describe('the list of smart-geocubes', () => {
  test.each(['loaded_patches', 'loaded_tiles'])(
    'counts as loaded where it is called %s, before and after it is taken over',
    async (name) => {
      const repository = await cubeWith({ title: 'x', [name]: ['0-1', '9-9'] }, { bare: true });
      for (const step of ['before', 'after']) {
        expect([step, await stateOf(repository, 0, 1)]).toEqual([step, TileState.loaded]);
        expect(await stateOf(repository, 1, 0)).toBe(TileState.notLoaded);
        await updateLedger(repository, DATASET, CODEC);
      }
    },
  );

  test('is taken over in one commit, and nothing is committed the second time', async () => {
    const repository = await cubeWith({ title: 'x', loaded_patches: ['0-1'] }, { bare: true });
    await updateLedger(repository, DATASET, CODEC);
    await updateLedger(repository, DATASET, CODEC);
    const messages = (await repository.history()).map(({ message }) => message);
    expect(messages.slice(0, 2)).toEqual(['Take over the list of loaded tiles', 'Initialize']);
  });

  test('does not make an empty tile a loaded one', async () => {
    const repository = await cubeWith({ title: 'x', loaded_patches: ['0-1'] });
    const session = await repository.writeSession();
    await repository.commit(session, 'Write', async (newest) => {
      const ledger = await readLedger(newest, DATASET);
      await ledger.set({ row: 0, col: 1 }, TileState.empty);
      await ledger.flush();
    });
    await updateLedger(repository, DATASET, CODEC);
    expect(await stateOf(repository, 0, 1)).toBe(TileState.empty);
  });

  test('is written back in both names: what was there first, then the rest in order, empty tiles too', async () => {
    const repository = await cubeWith({ title: 'x', other: 1, loaded_tiles: ['2-3'] });
    await updateLedger(repository, DATASET, CODEC);
    const session = await repository.writeSession();
    await repository.commit(session, 'Write', async (newest) => {
      const ledger = await readLedger(newest, DATASET);
      await ledger.set({ row: 1, col: 1 }, TileState.empty);
      await ledger.set({ row: 0, col: 2 }, TileState.loaded);
      await ledger.flush();
    });
    await writeLoadedLists(repository, DATASET);
    const list = ['2-3', '0-2', '1-1'];
    expect(await attributesOf(repository)).toEqual({
      title: 'x',
      other: 1,
      loaded_tiles: list,
      loaded_patches: list,
    });
    const commits = (await repository.history()).length;
    await writeLoadedLists(repository, DATASET);
    expect(await repository.history()).toHaveLength(commits);
  });

  test('keeps ids that mean nothing here, which are another program’s', async () => {
    const repository = await cubeWith({ title: 'x', loaded_patches: ['later', '0-0'] });
    await updateLedger(repository, DATASET, CODEC);
    await writeLoadedLists(repository, DATASET);
    expect((await attributesOf(repository)).loaded_patches).toEqual(['later', '0-0']);
  });

  test('of a temporal cube has t-row-col, and no list for 0.0.x, whose ids are dates', async () => {
    const repository = await cubeWith(
      { title: 'x', loaded_tiles: ['20180101000000-1-3'] },
      { dataset: ANNUAL },
    );
    await updateLedger(repository, ANNUAL, CODEC);
    await writeLoadedLists(repository, ANNUAL);
    expect(await attributesOf(repository)).toMatchObject({
      loaded_tiles: ['20180101000000-1-3'],
      loaded_patches: ['20180101000000-1-3', '1-1-3'],
    });
  });

  test('of a new cube stays as it is while nothing is loaded', async () => {
    const repository = await cubeWith({ title: 'x', loaded_patches: [] });
    await writeLoadedLists(repository, DATASET);
    expect(await repository.history()).toHaveLength(2);
  });
});

describe('in a large cube', () => {
  /** 120 x 100 tiles. */
  const LARGE = parseDataset({
    title: 'large',
    collection: 'c',
    bands: ['one'],
    dtype: 'uint8',
    grid: { crs: 'EPSG:3413', bounds: [0, 0, 100, 120], resolution: 0.1, chunk: 10 },
  });

  async function fill(repository: Repository, tiles: number): Promise<void> {
    const session = await repository.writeSession();
    await repository.commit(session, 'fill', async (newest) => {
      const ledger = new Ledger(newest);
      for (let i = 0; i < tiles; i++)
        await ledger.set({ row: Math.floor(i / 100), col: i % 100 }, TileState.loaded);
      await ledger.flush();
    });
  }

  test('the list does not grow past its limit, so that commits stay quick, and the ledger has the rest', async () => {
    const repository = await cubeWith({ loaded_patches: ['0-0'] }, { dataset: LARGE });
    await fill(repository, LIST_LIMIT);
    await writeLoadedLists(repository, LARGE);
    expect((await attributesOf(repository)).loaded_patches).toHaveLength(LIST_LIMIT);
    await fill(repository, LIST_LIMIT + 1);
    await writeLoadedLists(repository, LARGE);
    expect((await attributesOf(repository)).loaded_patches).toHaveLength(LIST_LIMIT);
    expect(await stateOf(repository, 100, 0, LARGE)).toBe(TileState.loaded);
  });

  test('a list that smart-geocubes made longer is kept up', async () => {
    const ids = Array.from(
      { length: LIST_LIMIT + 5 },
      (_, i) => `${Math.floor(i / 100)}-${i % 100}`,
    );
    const repository = await cubeWith({ loaded_patches: ids }, { dataset: LARGE });
    await fill(repository, LIST_LIMIT + 50);
    await writeLoadedLists(repository, LARGE);
    expect((await attributesOf(repository)).loaded_patches).toHaveLength(LIST_LIMIT + 50);
  });
});
