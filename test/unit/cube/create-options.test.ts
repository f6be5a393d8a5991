import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Cube } from '../../../src/cube/cube.js';
import { parseDataset } from '../../../src/dataset/parse.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../src/grid/roi.js';
import { createPool } from '../../../src/pool/pool.js';
import { Repository } from '../../../src/store/repository.js';
import { parseStorage } from '../../../src/store/storage-url.js';
import { DATASET, fakeSource, pixelAt } from './fake-source.js';

const pool = createPool({ size: 0 });
afterAll(() => pool.close());

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-create-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const WHOLE = parseBoundingBox('0,0,340,250', parseCrs('EPSG:3413'));
const CORNER = parseBoundingBox('0,240,10,250', parseCrs('EPSG:3413'));

/** Another title, one band less, larger tiles. */
const OTHER = parseDataset({
  title: 'other',
  collection: 'c',
  bands: ['two'],
  dtype: 'int16',
  nodata: -1,
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 340, 250], resolution: 10, chunk: 20 },
});

const PLACES = [
  ['an Icechunk repository', 'cube'],
  ['a plain Zarr directory', 'cube.zarr'],
] as const;

async function loadedCube(path: string) {
  const cube = await Cube.create(path, DATASET, { pool });
  await cube.ingest(CORNER, { source: fakeSource(), pool });
  return cube;
}

describe('create with overwrite', () => {
  test.each(PLACES)('replaces %s by an empty cube of the new dataset', async (_, name) => {
    const path = join(folder, name);
    await loadedCube(path);
    await Cube.create(path, OTHER, { pool, overwrite: true });
    const cube = await Cube.open(path);
    expect(cube.dataset).toEqual(OTHER);
    expect((await cube.currentState()).features).toEqual([]);
    expect([...(await cube.openZarr()).arrays.keys()]).toEqual(['two']);
    const session = await (await Repository.open(parseStorage(path))).readSession();
    expect((await session.store.list('')).filter((node) => node === 'one')).toEqual([]);
    expect(await readdir(folder)).toEqual([name]);
  });

  test.each(PLACES)('leaves %s that can be filled and read', async (_, name) => {
    const path = join(folder, name);
    await loadedCube(path);
    const cube = await Cube.create(path, DATASET, { pool, overwrite: true });
    const source = fakeSource();
    expect(await cube.ingest(WHOLE, { source, pool })).toMatchObject({ committed: 9, failed: [] });
    const { bands } = await (await Cube.open(path)).load(CORNER);
    expect([...(bands.get('one') ?? [])]).toEqual([pixelAt(0, 0, 0)]);
  });

  test('is one commit, after which the history still has the old ones', async () => {
    const path = join(folder, 'cube');
    const old = (await (await loadedCube(path)).history()).map(({ id }) => id);
    const cube = await Cube.create(path, OTHER, { pool, overwrite: true });
    const history = await cube.history();
    expect(history.slice(1).map(({ id }) => id)).toEqual(old);
    expect(history[0]?.message).toBe('Replace by an empty datacube');
  });

  test.each(PLACES)('makes %s where none is', async (_, name) => {
    const path = join(folder, name);
    await Cube.create(path, DATASET, { pool, overwrite: true });
    expect((await Cube.open(path)).title).toBe('small');
  });

  test.each(['cube', 'cube.zarr'])('never touches a folder %s of other files', async (name) => {
    const path = join(folder, name);
    await mkdir(path);
    await writeFile(join(path, 'thesis.txt'), 'years of work');
    await expect(Cube.create(path, OTHER, { pool, overwrite: true })).rejects.toMatchObject({
      tag: 'store',
      kind: 'exists',
    });
    expect(await readFile(join(path, 'thesis.txt'), 'utf8')).toBe('years of work');
  });

  test.each(['thesis.txt', 'one/notes.txt'])(
    'refuses a plain Zarr directory that holds %s beside the cube, and leaves both',
    async (file) => {
      const path = join(folder, 'cube.zarr');
      await loadedCube(path);
      await writeFile(join(path, file), 'years of work');
      await expect(Cube.create(path, OTHER, { pool, overwrite: true })).rejects.toThrow(file);
      expect(existsSync(join(path, file))).toBe(true);
      const { bands } = await (await Cube.open(path)).load(CORNER);
      expect([...(bands.get('one') ?? [])]).toEqual([pixelAt(0, 0, 0)]);
    },
  );

  test('refuses a Zarr group that is no cube, and leaves it', async () => {
    const path = join(folder, 'cube.zarr');
    await mkdir(path);
    const group = JSON.stringify({ zarr_format: 3, node_type: 'group', attributes: {} });
    await writeFile(join(path, 'zarr.json'), group);
    await expect(Cube.create(path, OTHER, { pool, overwrite: true })).rejects.toMatchObject({
      kind: 'exists',
    });
    expect(await readFile(join(path, 'zarr.json'), 'utf8')).toBe(group);
  });
});

describe('create with existsOk', () => {
  test.each(PLACES)('opens %s that is there, with what it holds', async (_, name) => {
    const path = join(folder, name);
    await loadedCube(path);
    const cube = await Cube.create(path, DATASET, { pool, existsOk: true });
    expect((await cube.currentState()).features.map(({ id }) => id)).toEqual(['0-0']);
  });

  test('makes a cube where none is', async () => {
    await Cube.create(join(folder, 'cube'), DATASET, { pool, existsOk: true });
    expect(await Cube.isCreated(join(folder, 'cube'))).toBe(true);
  });

  test.each([
    ['bands', { ...DATASET, bands: DATASET.bands.slice(1) }],
    ['source', { ...DATASET, source: { kind: 'collection', id: 'other' } as const }],
    ['processing', { ...DATASET, processing: { ...DATASET.processing, fill: 'idw' } as const }],
  ])('refuses a cube of other %s', async (what, dataset) => {
    const path = join(folder, 'cube');
    await Cube.create(path, DATASET, { pool });
    const again = Cube.create(path, dataset, { pool, existsOk: true });
    await expect(again).rejects.toMatchObject({ tag: 'invalid-input' });
    await expect(again).rejects.toThrow(`${what} of the dataset`);
  });

  test('cannot be asked for together with overwrite', async () => {
    const both = Cube.create('memory:', DATASET, { pool, existsOk: true, overwrite: true });
    await expect(both).rejects.toThrow('Expected one of overwrite and existsOk');
  });
});

describe('postCreate', () => {
  test('is called with a new or replaced cube, and not with one that was there', async () => {
    const path = join(folder, 'cube');
    const postCreate = vi.fn(async (cube: Cube) => {
      expect(await cube.history()).not.toEqual([]);
    });
    const cube = await Cube.create(path, DATASET, { pool, postCreate });
    expect(postCreate.mock.calls).toEqual([[cube]]);
    await Cube.create(path, DATASET, { pool, existsOk: true, postCreate });
    expect(postCreate).toHaveBeenCalledTimes(1);
    await Cube.create(path, DATASET, { pool, overwrite: true, postCreate });
    expect(postCreate).toHaveBeenCalledTimes(2);
  });
});

describe('whether a cube is created', () => {
  test.each(PLACES)('is told of %s', async (_, name) => {
    const path = join(folder, name);
    expect(await Cube.isCreated(path)).toBe(false);
    const cube = await Cube.create(path, DATASET, { pool });
    expect(await Cube.isCreated(path)).toBe(true);
    await cube.assertCreated();
  });

  test.each(PLACES)('is asserted of %s until it is removed', async (_, name) => {
    const path = join(folder, name);
    const cube = await Cube.create(path, DATASET, { pool });
    await rm(path, { recursive: true });
    await expect(cube.assertCreated()).rejects.toMatchObject({ kind: 'not-a-cube' });
    expect(await Cube.isCreated(path)).toBe(false);
  });
});
