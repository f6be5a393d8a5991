import { copyFileSync, cpSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import { createPool } from '../../../../src/pool/pool.js';
import { fakeSource } from '../fake-source.js';

/** 2 x 3 tiles. */
const INPUT = {
  title: 'beside',
  collection: 'c',
  bands: ['one', 'two'],
  dtype: 'uint8',
  nodata: 0,
  grid: { crs: 'EPSG:3413', bounds: [0, -1750, 3000, 250], resolution: 10, chunk: 100 },
} as const;
const DATASET = parseDataset(INPUT);
const WHOLE = parseBoundingBox('0,-1750,3000,250', parseCrs('EPSG:3413'));

/** The upper left tile. */
const CORNER = parseBoundingBox('0,-740,990,250', parseCrs('EPSG:3413'));

const pool = createPool({ size: 0 });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-beside-'));
  for (const name of ['whole', 'whole.zarr']) {
    const cube = await Cube.create(join(folder, name), DATASET, { pool });
    // Two commits, so that there is an older state.
    for (const [roi, committed] of [
      [CORNER, 1],
      [WHOLE, 5],
    ] as const)
      expect(await cube.ingest(roi, { source: fakeSource(), pool })).toMatchObject({
        committed,
        failed: [],
      });
    const { damaged, companions } = await cube.verify(WHOLE);
    expect({ damaged, companions }).toEqual({ damaged: 0, companions: [] });
  }
});
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
});

/** A place of its own: readers remember where chunks lie. */
function copyOf(name: string, to: string): string {
  const store = join(folder, to + (name.endsWith('.zarr') ? '.zarr' : ''));
  cpSync(join(folder, name), store, { recursive: true, preserveTimestamps: true });
  return store;
}

/** @param file a chunk of the array */
function overwriteDocument(file: string): void {
  writeFileSync(file.replace(/c[/\\]0$/, 'zarr.json'), '{"shape":');
}

describe('in a plain Zarr directory', () => {
  test.each([
    ['x', 'is gone', (file: string) => rmSync(file)],
    ['y', 'is empty', (file: string) => truncateSync(file)],
    ['x', 'is there, and its document overwritten', overwriteDocument],
    ['spatial_ref', 'is there, and its document overwritten', overwriteDocument],
    ['x', 'is that of y', (file: string) => copyFileSync(file.replace('/x/', '/y/'), file)],
  ])('a coordinate %s whose chunk %s is found, and written again', async (path, what, damage) => {
    const store = copyOf('whole.zarr', `${path}-${what.replaceAll(' ', '-')}`);
    damage(join(store, path, 'c', '0'));
    const cube = await Cube.open(store);
    const { companions } = await cube.verify(WHOLE);
    expect(companions.map((each) => each.path)).toEqual([path]);
    expect(await cube.verify(WHOLE, { repair: true })).toMatchObject({ companionsMended: 1 });
    expect((await (await Cube.open(store)).verify(WHOLE)).companions).toEqual([]);
  });

  test('a time coordinate that is gone is found, where all steps would be of one day, and written again', async () => {
    const store = join(folder, 'times.zarr');
    const time = { start: '2020-01', end: '2020-03', step: '1 month' } as const;
    await Cube.create(store, parseDataset({ ...INPUT, time }), { pool });
    rmSync(join(store, 'time', 'c', '0'));
    const { companions } = await (await Cube.open(store)).verify(CORNER, { repair: true });
    expect(companions).toEqual([{ path: 'time', message: 'has 0 where the grid has 31' }]);
    expect((await (await Cube.open(store)).verify(CORNER)).companions).toEqual([]);
  });

  test.each([
    ['cut off', (file: string) => truncateSync(file, 20)],
    ['overwritten', (file: string) => writeFileSync(file, 'something else')],
  ])(
    'a record of fetches that is %s is found, and forgotten, so that tiles can be committed again',
    async (how, damage) => {
      const store = copyOf('whole.zarr', `fetches-${how.replace(' ', '-')}`);
      damage(join(store, 'geocubes', 'fetches', 'c', '0', '0', '0'));
      const cube = await Cube.open(store);
      const { companions } = await cube.verify(WHOLE);
      expect(companions.map(({ path }) => path)).toEqual(['geocubes/fetches/c/0/0/0']);
      expect((await cube.verify(WHOLE, { repair: true })).companionsMended).toBe(1);
      expect((await cube.verify(WHOLE)).companions).toEqual([]);
      await cube.drop([{ row: 0, col: 0 }]);
      const { committed, failed } = await cube.ingest(WHOLE, {
        source: fakeSource(),
        pool,
      });
      expect({ committed, failed }).toEqual({ committed: 1, failed: [] });
    },
  );
});

describe('in an Icechunk repository', () => {
  test('whichever manifest of the newest commit is gone, it is told without a repair, and mended by going back where that can be', async () => {
    const manifests = readdirSync(join(folder, 'whole', 'manifests'));
    let told = 0;
    for (const [i, name] of manifests.entries()) {
      const store = copyOf('whole', `manifest-${i}`);
      rmSync(join(store, 'manifests', name));
      const before = await stateOf(store);
      const rolledBack = await Cube.rollBack(store).catch((error: Error) => error.message);
      // Others belong to older states alone.
      const isTold = before !== 'whole';
      expect({ name, isTold }).toEqual({ name, isTold: rolledBack !== undefined });
      if (isTold) told++;
      // Where every state lacks it there is nothing to go back to, and tiles are not given up for that.
      if (typeof rolledBack === 'string')
        expect(rolledBack).toMatch(/^Expected one commit at least .* Bring it back from a copy\.$/);
      else expect(await stateOf(store)).toBe('whole');
    }
    // Of each array: the band, its coordinates, ledger and fetches.
    expect(told).toBeGreaterThanOrEqual(4);
    expect(told).toBeLessThan(manifests.length);
  });
});

test('of a branch it is the newest commit of that branch that is looked at', async () => {
  const store = copyOf('whole', 'branch');
  const before = new Set(readdirSync(join(store, 'manifests')));
  const cube = await Cube.open(store);
  await cube.openBranch('night');
  await cube.drop([{ row: 0, col: 0 }]);
  for (const name of readdirSync(join(store, 'manifests')))
    if (!before.has(name)) rmSync(join(store, 'manifests', name));
  expect(await stateOf(store)).toBe('damaged');
  expect(await stateOf(store, 'night')).toBe('whole');
});

/** Whether `verify` finds anything, or the cube cannot be opened at all. */
async function stateOf(store: string, branch?: string): Promise<'whole' | 'damaged'> {
  try {
    const { damaged, companions } = await (await Cube.open(store, { branch })).verify(WHOLE);
    return damaged + companions.length === 0 ? 'whole' : 'damaged';
  } catch {
    return 'damaged';
  }
}
