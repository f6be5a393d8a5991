import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import { createPool } from '../../../../src/pool/pool.js';
import { DATASET, fakeSource } from '../fake-source.js';

const pool = createPool({ size: 0 });
afterAll(() => pool.close());

const WHOLE = parseBoundingBox('0,0,340,250', parseCrs('EPSG:3413'));

let store: string;
let cube: Cube;
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'geocubes-lost-'));
  store = join(folder, 'cube.zarr');
  cube = await Cube.create(store, DATASET, { pool });
  await cube.ingest(WHOLE, { source: fakeSource(), pool });
});
afterEach(() => rm(join(store, '..'), { recursive: true, force: true }));

describe('a chunk of a plain Zarr directory that is lost', () => {
  test('is an error that names the tile, on the own grid and another, for the bands that are read', async () => {
    await rm(join(store, 'one', 'c', '1', '1'));
    await expect(cube.load(WHOLE)).rejects.toThrow(
      /Expected the chunks that tile 1-1 was loaded with but .* --repair.*allowMissing/,
    );
    const other = cube.grid.geobox.pad(3);
    await expect(cube.load(WHOLE, { like: other })).rejects.toThrow('tile 1-1');
    await expect(cube.load(WHOLE, { bands: ['one'] })).rejects.toThrow('tile 1-1');
    expect((await cube.load(WHOLE, { bands: ['two'] })).lostTiles).toBeUndefined();
  });

  test('is read as nodata where that is allowed, and listed', async () => {
    for (const key of ['one/c/1/1', 'two/c/2/0']) await rm(join(store, key));
    const region = await cube.load(WHOLE, { allowMissing: true });
    expect(region).toMatchObject({ lostTiles: ['1-1', '2-0'], missingTiles: 0 });
  });

  test('is told from one that was never written, which verify reopens like any other', async () => {
    await rm(join(store, 'two', 'c', '0', '2'));
    expect(await cube.verify(WHOLE, { repair: true })).toMatchObject({ damaged: 1, repaired: 1 });
    expect(await cube.load(WHOLE)).toMatchObject({ missingTiles: 1 });
    await cube.ingest(WHOLE, { source: fakeSource(), pool });
    expect(await cube.load(WHOLE)).toMatchObject({ missingTiles: 0 });
  });
});

test('a store that was deleted since it was opened is not read as an empty one', async () => {
  await rm(store, { recursive: true });
  await expect(cube.load(WHOLE)).rejects.toThrow(/that was opened but it is there no longer/);
});
