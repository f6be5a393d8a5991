import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import { parseToi } from '../../../../src/dataset/toi.js';
import { createPool } from '../../../../src/pool/pool.js';
import { readMetadata } from '../../../../src/store/read.js';
import { Repository } from '../../../../src/store/repository.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import { CORNER, WHOLE, YEARLY, yearlySource } from './yearly-cube.js';

const pool = createPool({ size: 0 });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-drop-'));
});
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

const IN_2019 = { time: parseToi('2019') };

async function listOf(storage: string): Promise<string[]> {
  const session = await (await Repository.open(parseStorage(storage))).readSession();
  const { attributes } = (await readMetadata(session, '')) as {
    attributes: { loaded_patches: string[] };
  };
  return attributes.loaded_patches;
}

async function chunksOf(storage: string): Promise<string[]> {
  const { store } = await (await Repository.open(parseStorage(storage))).readSession();
  const keys = [0, 1, 2].flatMap((t) =>
    [0, 1, 2].flatMap((row) => [0, 1, 2].map((col) => `two/c/${t}/${row}/${col}`)),
  );
  const there = await Promise.all(keys.map((key) => store.holds(key)));
  return keys.filter((_, i) => there[i]);
}

describe.each([
  ['in memory', (name: string) => `memory:drop-${process.pid}-${name}`],
  ['in a folder', (name: string) => join(folder, name)],
  ['in a plain Zarr directory', (name: string) => join(folder, `${name}.zarr`)],
] as const)('tiles of a cube %s', (kind, storageOf) => {
  const filled = async (name: string) => {
    const cube = await Cube.create(storageOf(name), YEARLY, { pool });
    await cube.ingest(WHOLE, { source: yearlySource().source, pool });
    return cube;
  };

  test('are taken out of ledger, list and chunks in one commit, and fetched again by the next ingest', async () => {
    const cube = await filled('out');
    const commits = (await cube.history()).length;
    const report = await cube.drop(CORNER, IN_2019);
    expect(report).toMatchObject({ tiles: 4, loaded: 4, empty: 0 });
    const dropped = ['1-0-0', '1-0-1', '1-1-0', '1-1-1'];
    if (!kind.includes('plain')) {
      const [newest] = await cube.history();
      expect(newest).toMatchObject({ id: report.snapshot, message: 'Drop 4 tiles' });
      // The ledger of the cube is up to date: nothing else was to be committed.
      expect((await cube.history()).length).toBe(commits + 1);
    }
    expect(await cube.countStates(WHOLE)).toMatchObject([
      { loaded: 9, missing: 0 },
      { loaded: 5, missing: 4 },
      { loaded: 9, missing: 0 },
    ]);
    const list = await listOf(cube.storage);
    expect(list).toHaveLength(23);
    expect(list.filter((id) => dropped.includes(id))).toEqual([]);
    const chunks = await chunksOf(cube.storage);
    expect(chunks).toHaveLength(23);
    expect(chunks).not.toContain('two/c/1/0/0');
    expect((await cube.verify(WHOLE)).damaged).toBe(0);
    expect(await cube.tileRecord('1-0-0')).toEqual({ id: '1-0-0', state: 'not-loaded' });
    const { source, asked } = yearlySource();
    await (await Cube.open(cube.storage)).ingest(WHOLE, { source, pool });
    expect(asked.sort()).toEqual(dropped);
    expect(await listOf(cube.storage)).toHaveLength(27);
  });

  test('stay where a dry run tells of them, and where none is loaded nothing is committed', async () => {
    const cube = await Cube.create(storageOf('dry'), YEARLY, { pool });
    await cube.ingest(CORNER, {
      source: yearlySource({ masked: [0, 1] }).source,
      pool,
      ...IN_2019,
    });
    const commits = await cube.history();
    const would = await cube.drop(WHOLE, { dryRun: true });
    expect(would).toEqual({ tiles: 27, loaded: 0, empty: 4, snapshot: '' });
    expect(await cube.drop(WHOLE, { time: parseToi('2018') })).toMatchObject({
      loaded: 0,
      empty: 0,
    });
    expect(await cube.history()).toEqual(commits);
    expect(await cube.countStates(WHOLE, IN_2019)).toMatchObject([{ empty: 4 }]);
  });
});

test('what was dropped is in the history, and an older state shows it', async () => {
  const cube = await Cube.create(join(folder, 'history'), YEARLY, { pool });
  await cube.ingest(WHOLE, { source: yearlySource().source, pool });
  const { bands } = await cube.load(WHOLE);
  const [before] = await cube.history();
  await cube.drop(WHOLE);
  expect((await cube.load(WHOLE)).missingTiles).toBe(27);
  const older = await Cube.open(cube.storage, { asOf: before?.id ?? '' });
  expect((await older.load(WHOLE)).bands).toEqual(bands);
  await cube.resetTo(before?.id ?? '');
  expect((await cube.load(WHOLE)).bands).toEqual(bands);
});
