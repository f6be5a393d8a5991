import { cpSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import type { GeoBoxRecord } from '../../../../src/grid/geobox.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import { createPool } from '../../../../src/pool/pool.js';
import { readBand } from '../../../../src/store/read.js';
import { Repository } from '../../../../src/store/repository.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import type { PlannedTile } from '../../../../src/tile.js';
import { writeGeoTiff } from '../../kernel/geotiff.js';
import { FIRST, pixelOf, WHOLE, YEARLY, yearlySource } from '../life/yearly-cube.js';

/** Five by five cells of the tiles' 10 x 12 pixels: some lie in several tiles. One chunk of each band and step. */
const FACTORS = [2, 5];
const TIME = { kind: 'at', time: '2019' } as const;
const NOTHING = { damaged: 0, companions: [] };

const pool = createPool({ size: 0 });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-levels-'));
  for (const name of ['whole', 'whole.zarr']) {
    const cube = await Cube.create(join(folder, name), YEARLY, {
      pool,
      overviews: { factors: FACTORS, reduction: { two: 'near' } },
    });
    await cube.ingest(WHOLE, { source: yearlySource().source, pool, time: TIME });
    await cube.updateOverviews({ pool });
  }
});
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
});

/** A place of its own: readers remember where chunks lie. */
async function copyOf(name: string): Promise<string> {
  const store = join(await mkdtemp(join(folder, 'copy-')), name);
  cpSync(join(folder, name), store, { recursive: true, preserveTimestamps: true });
  return store;
}

async function expectLevels(store: string): Promise<void> {
  const session = await (await Repository.open(parseStorage(store))).readSession();
  for (const [band, name] of ['one', 'two'].entries())
    for (const [factor, height, width] of [
      [2, 13, 17],
      [5, 5, 7],
    ] as const) {
      const whole = { row: 0, col: 0, height, width };
      const cells = await readBand(session, `overviews/${factor}/${name}`, whole, 1);
      const holds = new Set(Array.from(cells));
      // Of an even side the pixel right below the middle, which the last row lacks.
      if (name === 'two' && factor === 2) holds.delete(0);
      expect([...holds], `${name} at 1/${factor}`).toEqual([pixelOf(band, 2019)]);
    }
}

test.each(['whole', 'whole.zarr'])(
  'the levels of %s are looked at, and nothing is found',
  async (name) => {
    const cube = await Cube.open(await copyOf(name));
    for (const quick of [false, true])
      expect(await cube.verify(WHOLE, { pool, quick })).toMatchObject({
        ...NOTHING,
        levelChunks: 10,
      });
    expect(await cube.verify(FIRST, { time: TIME })).toMatchObject({ ...NOTHING, levelChunks: 4 });
  },
);

test.each(['cube', 'cube.zarr'])(
  'in %s, levels of steps that were added, and of tiles loaded or taken out since, are not damaged',
  async (name) => {
    const store = join(await mkdtemp(join(folder, 'later-')), name);
    const cube = await Cube.create(store, YEARLY, { pool, overviews: { factors: FACTORS } });
    const { source } = yearlySource();
    await cube.ingest(WHOLE, { source, pool, time: TIME });
    expect(await cube.verify(WHOLE)).toMatchObject({ ...NOTHING, levelChunks: 0 });
    await cube.updateOverviews({ pool });
    await cube.extend({ time: { kind: 'at', time: '2021' } });
    await cube.ingest(WHOLE, { source, pool, time: { kind: 'at', time: '2021' } });
    await cube.drop(WHOLE, { time: TIME });
    expect(await (await Cube.open(store)).verify(WHOLE)).toMatchObject(NOTHING);
    await cube.updateOverviews({ pool });
    expect(await (await Cube.open(store)).verify(WHOLE)).toMatchObject(NOTHING);
  },
);

describe('in a plain Zarr directory', () => {
  const spoil = (file: string) => writeFileSync(file, 'no chunk');
  test.each([
    // Of the four tiles that have cells in it.
    ['overviews/2/one/c/1/0/0', 'is spoilt', spoil, false, 4],
    ['overviews/2/one/c/1/0/0', 'is cut off', (file: string) => truncateSync(file, 20), false, 4],
    ['overviews/5/one/c/1/0/0', 'is gone', rmSync, true, 9],
    ['overviews/5/two/c/1/0/0', 'is gone', rmSync, false, 9],
    ['geocubes/overviews/c/1/0/0/0', 'is spoilt', spoil, true, 9],
    ['overviews/2/one/zarr.json', 'is gone', rmSync, true, 0],
    ['overviews/5/zarr.json', 'is spoilt', spoil, true, 0],
    ['overviews/5/x/c/0', 'is spoilt', spoil, true, 0],
    ['overviews/5/y/c/0', 'is gone', rmSync, true, 0],
    ['overviews/2/time/zarr.json', 'is spoilt', spoil, true, 0],
  ] as const)(
    '%s that %s is told, mended and made anew',
    async (key, _what, damage, quick, stale) => {
      const store = await copyOf('whole.zarr');
      damage(join(store, key));
      const path =
        key.startsWith('overviews') && !/\/\d\/\d\/\d$/.test(key)
          ? key.replace(/\/(?:zarr\.json|c\/0)$/, '')
          : key;
      for (const how of quick ? [false, true] : [false]) {
        const { damaged, companions } = await (await Cube.open(store)).verify(WHOLE, {
          quick: how,
        });
        expect({ damaged, paths: companions.map((each) => each.path) }).toEqual({
          damaged: 0,
          paths: [path],
        });
      }
      const cube = await Cube.open(store);
      expect(await cube.verify(WHOLE, { repair: true })).toMatchObject({
        ...{ damaged: 0, companionsMended: 1, overviewsStale: stale },
      });
      const mended = await Cube.open(store);
      expect((await mended.verify(WHOLE)).companions).toEqual([]);
      expect(await mended.updateOverviews({ pool })).toMatchObject({ updated: stale });
      await expectLevels(store);
    },
  );

  test('a record of the levels that is gone is told, and the next pass makes all of them anew', async () => {
    const store = await copyOf('whole.zarr');
    rmSync(join(store, 'geocubes/overviews/zarr.json'));
    const cube = await Cube.open(store);
    const { companions, companionsMended } = await cube.verify(WHOLE, { repair: true });
    expect(companions).toEqual([
      {
        path: 'geocubes/overviews',
        message: 'is not there, but levels are listed; "geocubes overviews" makes all of them anew',
      },
    ]);
    expect(companionsMended).toBe(0);
  });

  test('a chunk of notes that is damaged stops a pass with a line that says what mends it', async () => {
    const store = await copyOf('whole.zarr');
    writeFileSync(join(store, 'geocubes/overviews/c/1/0/0/0'), 'no numbers');
    await expect((await Cube.open(store)).updateOverviews({ pool })).rejects.toThrow(
      'Expected what the overviews hold of 64 x 64 tiles at geocubes/overviews/c/1/0/0/0 but received other bytes. The file is damaged: without it these tiles count as not being in them. "geocubes verify --repair" removes it.',
    );
  });
});

/** Noise, which no codec makes so small that Icechunk puts it into a manifest. */
const NOISY = parseDataset({
  ...{ title: 'noise', collection: 'c', bands: ['v'], dtype: 'uint8', nodata: 0 },
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 800, 800], resolution: 10, chunk: 40 },
});
const ALL_OF_IT = parseBoundingBox('0,0,800,800', parseCrs('EPSG:3413'));
const noiseAt = (row: number, col: number) =>
  1 + ((row * 7919 + col * 104_729 + row * col * 31) % 255);

function noisySource() {
  const { source } = yearlySource();
  return {
    ...source,
    planRequests: (geobox: GeoBoxRecord) =>
      source.planRequests(geobox).map((each) => ({ ...each, bands: [0] })),
    fetch: async (tile: PlannedTile) => {
      const parts = tile.requests.map((request) => {
        const [height, width] = request.geobox.shape;
        const pixels = Array.from({ length: height * width }, (_, i) =>
          noiseAt(tile.index.row * 40 + Math.floor(i / width), tile.index.col * 40 + (i % width)),
        );
        return {
          request,
          bytes: writeGeoTiff({ geobox: request.geobox, dtype: 'uint8', bands: [pixels] }),
        };
      });
      const { id, index, geobox } = tile;
      return { state: 'fetched' as const, id, index, geobox, parts };
    },
  };
}

test('in an Icechunk repository, the file of a level that is gone is told, mended and made anew', async () => {
  const store = join(folder, 'noise');
  const made = await Cube.create(store, NOISY, {
    pool,
    overviews: { factors: [2], reduction: 'near' },
  });
  await made.ingest(ALL_OF_IT, { source: noisySource(), pool });
  const before = new Set(readdirSync(join(store, 'chunks')));
  await made.updateOverviews({ pool });
  const [file = '', ...more] = readdirSync(join(store, 'chunks')).filter(
    (name) => !before.has(name),
  );
  expect(more).toEqual([]);
  rmSync(join(store, 'chunks', file));
  for (const quick of [false, true]) {
    const { damaged, companions } = await (await Cube.open(store)).verify(ALL_OF_IT, { quick });
    expect({ damaged, paths: companions.map(({ path }) => path) }).toEqual({
      ...{ damaged: 0, paths: ['overviews/2/v/c/0/0'] },
    });
  }
  const cube = await Cube.open(store);
  expect(await cube.verify(ALL_OF_IT, { repair: true })).toMatchObject({
    ...{ companionsMended: 1, overviewsStale: 4 },
  });
  expect(await cube.updateOverviews({ pool })).toMatchObject({ updated: 4 });
  const mended = await Cube.open(store);
  expect(await mended.verify(ALL_OF_IT)).toMatchObject({ ...NOTHING, levelChunks: 1 });
  const session = await (await Repository.open(parseStorage(store))).readSession();
  const whole = { row: 0, col: 0, height: 40, width: 40 };
  expect(Array.from(await readBand(session, 'overviews/2/v', whole))).toEqual(
    Array.from({ length: 1600 }, (_, i) => noiseAt(2 * Math.floor(i / 40) + 1, 2 * (i % 40) + 1)),
  );
});
