import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import type { VerifyOptions } from '../../../../src/cube/state/verify.js';
import type { DamagedTile } from '../../../../src/cube/state/verify-tiles.js';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import type { TileIndex } from '../../../../src/grid/tiling.js';
import { createPool } from '../../../../src/pool/pool.js';
import { Repository } from '../../../../src/store/repository.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import { Ledger, TileState } from '../../../../src/store/tiles/ledger.js';
import { fakeSource } from '../fake-source.js';

/** 2 x 3 tiles of 100 x 100 pixels, whose chunks are too large to be kept inside a manifest. */
const DATASET = parseDataset({
  title: 'verify',
  collection: 'c',
  bands: ['one', 'two'],
  dtype: 'uint8',
  nodata: 0,
  grid: { crs: 'EPSG:3413', bounds: [0, -1750, 3000, 250], resolution: 10, chunk: 100 },
});
const WHOLE = parseBoundingBox('0,-1750,3000,250', parseCrs('EPSG:3413'));
/** The upper left tile. */
const CORNER = parseBoundingBox('0,-740,990,250', parseCrs('EPSG:3413'));

const pool = createPool({ size: 0 });
afterAll(() => pool.close());
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-verify-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Pixels come and go as by chance, so that they cannot be compressed; tile 0-1 has none, and 0-2 none in band two. */
const source = () =>
  fakeSource({
    isMasked: (band, row, col) => {
      if (row < 100 && col >= 100 && col < 200) return true;
      if (row < 100 && col >= 200 && band === 1) return true;
      return ((row * 7919 + col * 104_729 + band * 31) ^ ((row * col) >> 3)) % 7 < 3;
    },
  });

async function filledCube(name: string): Promise<Cube> {
  const cube = await Cube.create(join(folder, name), DATASET, { pool });
  const { failed } = await cube.ingest(WHOLE, { source: source(), pool });
  expect(failed).toEqual([]);
  return cube;
}

async function check(cube: Cube, options: VerifyOptions = {}) {
  const damages: DamagedTile[] = [];
  const report = await cube.verify(WHOLE, { ...options, onDamage: (tile) => damages.push(tile) });
  expect(report.damaged).toBe(damages.length);
  return { report, found: damages.map(({ id, kind }) => `${id} ${kind}`), damages };
}

const pixelsOf = async (cube: Cube) => [...(await cube.load(WHOLE)).bands.values()];

/** After a repair and another ingest everything is as it was. */
async function expectMended(cube: Cube, before: Awaited<ReturnType<typeof pixelsOf>>) {
  const { committed } = await cube.ingest(WHOLE, { source: source(), pool });
  expect((await check(cube)).found).toEqual([]);
  expect(await pixelsOf(cube)).toEqual(before);
  return committed;
}

/** The largest file with the bytes of a chunk in an Icechunk repository. */
async function chunkFile(name: string): Promise<string> {
  const files = (await readdir(join(folder, name, 'chunks'))).map((file) =>
    join(folder, name, 'chunks', file),
  );
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return files[sizes.indexOf(Math.max(...sizes))] ?? '';
}

/** The ledger's word alone counts: the list for smart-geocubes is emptied. */
async function markLedger(name: string, index: TileIndex, state: TileState): Promise<void> {
  const repository = await Repository.open(parseStorage(join(folder, name)));
  const session = await repository.writeSession();
  await repository.commit(session, 'mark', async (newest) => {
    const ledger = new Ledger(newest);
    await ledger.set(index, state);
    await ledger.flush();
    const root = JSON.parse(Buffer.from((await newest.get('zarr.json')) ?? []).toString());
    Object.assign(root.attributes, { loaded_patches: [], loaded_tiles: [] });
    await newest.set('zarr.json', Buffer.from(JSON.stringify(root)));
  });
}

describe.each(['cube', 'cube.zarr'])('a cube at %s', (name) => {
  test('that is whole has nothing to tell of, empty tiles and bands without pixels included', async () => {
    const cube = await filledCube(name);
    for (const quick of [true, false]) {
      const { report, found } = await check(cube, { quick });
      expect(found).toEqual([]);
      expect(report).toMatchObject({ tiles: 6, loaded: 5, empty: 1, notLoaded: 0, chunks: 9 });
      expect(report.bytes > 0).toBe(!quick);
    }
  });

  test('whose ledger says loaded of a tile without chunks is found out, repaired, and filled again', async () => {
    const cube = await filledCube(name);
    const before = await pixelsOf(cube);
    await markLedger(name, { row: 0, col: 1 }, TileState.loaded);
    expect((await check(cube, { quick: true })).found).toEqual(['0-1 missing']);
    const { report, damages } = await check(cube, { repair: true });
    expect(damages[0]?.message).toBe('has 0 of the 2 chunks it was loaded with');
    expect(report).toMatchObject({ damaged: 1, repaired: 1, byKind: { missing: 1 } });
    expect(await expectMended(cube, before)).toBe(1);
  });

  test.each([TileState.notLoaded, TileState.empty])(
    'whose ledger says %i of tiles with chunks is found out, and repaired',
    async (state) => {
      const cube = await filledCube(name);
      const before = await pixelsOf(cube);
      await markLedger(name, { row: 1, col: 1 }, state);
      await markLedger(name, { row: 1, col: 2 }, state);
      const { found } = await check(cube, { quick: true, repair: true });
      expect(found).toEqual(['1-1 unknown-chunk', '1-2 unknown-chunk']);
      expect((await check(cube)).found).toEqual([]);
      expect((await cube.load(WHOLE)).missingTiles).toBe(2);
      expect(await expectMended(cube, before)).toBe(2);
    },
  );

  test('is checked in the region asked for alone', async () => {
    const cube = await filledCube(name);
    await markLedger(name, { row: 0, col: 1 }, TileState.loaded);
    expect(await cube.verify(CORNER)).toMatchObject({ tiles: 1, damaged: 0 });
  });

  test('is not changed without being told to', async () => {
    const cube = await filledCube(name);
    await markLedger(name, { row: 0, col: 1 }, TileState.loaded);
    const commits = await cube.history();
    expect((await check(cube)).report.repaired).toBe(0);
    expect(await cube.history()).toEqual(commits);
  });
});

describe('a file of a plain Zarr directory', () => {
  const file = (key: string) => join(folder, 'cube.zarr', ...key.split('/'));

  test('that is gone is missed, though its tile has other bands', async () => {
    const cube = await filledCube('cube.zarr');
    const before = await pixelsOf(cube);
    await rm(file('two/c/1/0'));
    expect((await check(cube, { quick: true })).found).toEqual(['1-0 missing']);
    const { damages } = await check(cube, { repair: true });
    expect(damages).toMatchObject([{ id: '1-0', bands: ['two'] }]);
    expect(await expectMended(cube, before)).toBe(1);
  });

  test('that was cut short is found by decoding it, not by a quick look', async () => {
    const cube = await filledCube('cube.zarr');
    const before = await pixelsOf(cube);
    await truncate(file('one/c/0/0'), 200);
    expect((await check(cube, { quick: true })).found).toEqual([]);
    expect((await check(cube, { repair: true })).found).toEqual(['0-0 unreadable']);
    expect(await expectMended(cube, before)).toBe(1);
  });

  test.each([
    ['of its header', 0],
    ['of its length', 5],
  ])('with a changed byte %s is found by decoding it', async (_, offset) => {
    const cube = await filledCube('cube.zarr');
    const before = await pixelsOf(cube);
    const bytes = await readFile(file('one/c/1/2'));
    bytes[offset] = (bytes[offset] ?? 0) ^ 0x7f;
    await writeFile(file('one/c/1/2'), bytes);
    expect((await check(cube, { repair: true })).found).toEqual(['1-2 unreadable']);
    expect(await expectMended(cube, before)).toBe(1);
  });

  test('that a killed ingest left is told of, and removed', async () => {
    const cube = await filledCube('cube.zarr');
    const before = await pixelsOf(cube);
    await writeFile(file('two/c/0/1'), 'left behind');
    expect((await check(cube, { repair: true })).found).toEqual(['0-1 unknown-chunk']);
    await expect(stat(file('two/c/0/1'))).rejects.toThrow('ENOENT');
    expect(await expectMended(cube, before)).toBe(1);
  });

  test('with states of the ledger that is damaged is named, and nothing is guessed', async () => {
    const cube = await filledCube('cube.zarr');
    await truncate(file('geocubes/ledger/c/0/0'), 10);
    await expect(cube.verify(WHOLE)).rejects.toThrow(
      /states .* geocubes\/ledger\/c\/0\/0 .* damaged/,
    );
  });
});

test('threads find the damage that this thread finds', async () => {
  const cube = await filledCube('cube.zarr');
  const file = (key: string) => join(folder, 'cube.zarr', ...key.split('/'));
  await truncate(file('one/c/0/0'), 300);
  await truncate(file('two/c/0/0'), 10);
  await writeFile(file('one/c/1/2'), Buffer.alloc(500, 1));
  await writeFile(file('two/c/1/1'), await readFile(file('x/c/0')));
  const bytes = await readFile(file('one/c/1/0'));
  bytes.writeUInt32LE(9_999, 4);
  await writeFile(file('one/c/1/0'), bytes);
  const threads = createPool({ size: 2 });
  const withThreads = await check(cube, { pool: threads });
  await threads.close();
  expect(withThreads.found).toEqual(['0-0', '1-0', '1-1', '1-2'].map((id) => `${id} unreadable`));
  expect(withThreads.found).toEqual((await check(cube)).found);
  expect(withThreads.damages[0]?.bands).toEqual(['one', 'two']);
});

describe('an object of an Icechunk repository', () => {
  test('that is gone is missed, by a quick look too', async () => {
    const cube = await filledCube('cube');
    const before = await pixelsOf(cube);
    await rm(await chunkFile('cube'));
    // A cube that is open may still have it in memory.
    const fresh = await Cube.open(join(folder, 'cube'));
    const { found } = await check(fresh, { quick: true });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/ missing$/);
    expect((await check(fresh, { repair: true })).found).toEqual(found);
    expect(await expectMended(fresh, before)).toBe(1);
  });

  test('that was cut short or changed is found by reading it', async () => {
    const cube = await filledCube('cube');
    const before = await pixelsOf(cube);
    const file = await chunkFile('cube');
    const bytes = await readFile(file);
    const damages = [bytes.subarray(0, 100), Buffer.concat([Buffer.alloc(16), bytes.subarray(16)])];
    for (const damaged of damages) {
      await writeFile(file, damaged);
      const fresh = await Cube.open(join(folder, 'cube'));
      const { found } = await check(fresh);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(/ (missing|unreadable)$/);
    }
    const fresh = await Cube.open(join(folder, 'cube'));
    await check(fresh, { repair: true });
    expect(await expectMended(fresh, before)).toBe(1);
  });
});
