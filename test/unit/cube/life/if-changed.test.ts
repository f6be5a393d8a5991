/** A refresh of what was changed at the service alone, by its own listing of images. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import type { IngestOptions } from '../../../../src/cube/fill/ingest-options.js';
import { earthEngine } from '../../../../src/cube/sources/earth-engine.js';
import type { Dataset } from '../../../../src/dataset/dataset.js';
import { originOf } from '../../../../src/dataset/origin.js';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import { type LoopbackServer, startLoopback } from '../../../../src/loopback/index.js';
import { createPool } from '../../../../src/pool/pool.js';
import { readDocument, writeDocument } from '../../../../src/store/metadata/documents.js';
import { Repository } from '../../../../src/store/repository.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import { FETCHES_PATH, FetchRecords } from '../../../../src/store/tiles/fetch-records.js';
import { writeGeoTiff } from '../../kernel/geotiff.js';
import { CORNER, YEARLY, yearlySource } from './yearly-cube.js';

/** 2 x 8 tiles of two degrees for each of two years; images in the west and in the east. */
const DATASET = parseDataset({
  title: 'Scenes',
  collection: 'users/test/scenes',
  bands: ['v'],
  dtype: 'uint8',
  nodata: 0,
  grid: { crs: 'EPSG:4326', bounds: [0, 0, 16, 4], resolution: 0.25, chunk: 8 },
  time: { start: '2018', step: '1 year', count: 2 },
});
const WHOLE = parseBoundingBox('0,0,16,4');
const LONG_AGO = '2020-01-01T00:00:00Z';

const pool = createPool({ size: 0 });
const servers: LoopbackServer[] = [];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-changed-'));
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await pool.close();
  await rm(folder, { recursive: true });
});

/** @param updated when an image was changed, by its name; `undefined` is not told */
async function sourceWith(updated: Readonly<Record<string, string | undefined>>) {
  const rasters = await mkdtemp(join(folder, 'rasters-'));
  await mkdir(rasters, { recursive: true });
  const images = [];
  for (const year of [2018, 2019])
    for (const [side, west] of [
      ['west', 0],
      ['east', 12],
    ] as const) {
      const name = `${side}${year}`;
      const geobox = {
        crs: 'EPSG:4326',
        shape: [16, 16],
        affine: [0.25, 0, west, 0, -0.25, 4],
      } as const;
      const bands = [new Uint8Array(256).fill(7)];
      await writeFile(
        join(rasters, `${name}.tif`),
        writeGeoTiff({ geobox, dtype: 'uint8', bands }),
      );
      const at = name in updated ? updated[name] : LONG_AGO;
      images.push({
        ...{ file: `${name}.tif`, bands: ['v'], start: `${year}-06-01` },
        ...(at === undefined ? {} : { updated: at }),
      });
    }
  const assets = [{ id: 'users/test/scenes', type: 'IMAGE_COLLECTION', images }];
  await writeFile(join(rasters, 'manifest.json'), JSON.stringify({ assets }));
  const server = await startLoopback({ folder: rasters });
  servers.push(server);
  const account = { endpoint: server.url, token: 'loopback', project: 'test' };
  return { server, source: await earthEngine(DATASET, account) };
}

async function refreshed(cube: Cube, updated: Readonly<Record<string, string | undefined>>) {
  const { server, source } = await sourceWith(updated);
  const tiles: string[] = [];
  await cube.ingest(WHOLE, {
    ...{ source, pool, refreshBefore: new Date(), ifChanged: true },
    onEvent: (event) => {
      if (event.type === 'fetched') tiles.push(event.tile);
    },
  });
  await source.close();
  return { tiles: tiles.sort(), lists: server.requests.list };
}

const tilesOf = (t: number, cols: readonly number[]) =>
  [0, 1].flatMap((row) => cols.map((col) => `${t}-${row}-${col}`));

test('takes the tiles of a time step that lie where one of its images was changed since they were fetched', async () => {
  const cube = await Cube.create('memory:', DATASET, { pool });
  const { source } = await sourceWith({});
  expect(await cube.ingest(WHOLE, { source, pool })).toMatchObject({ committed: 32, failed: [] });
  await source.close();
  // One question for each year, and nothing to fetch.
  expect(await refreshed(cube, {})).toEqual({ tiles: [], lists: 2 });
  // Half an image's side around it counts as its place.
  const now = new Date().toISOString();
  const { tiles } = await refreshed(cube, { west2019: now });
  expect(tiles).toEqual(tilesOf(1, [0, 1, 2, 3]));
  // Up to an hour before its fetch a tile may lack a change.
  const minutesAgo = new Date(Date.now() - 30 * 60_000).toISOString();
  expect((await refreshed(cube, { east2018: minutesAgo })).tiles).toEqual(tilesOf(0, [4, 5, 6, 7]));
  const hoursAgo = new Date(Date.now() - 3 * 3_600_000).toISOString();
  expect((await refreshed(cube, { east2018: hoursAgo })).tiles).toEqual([]);
  // What does not tell may have been changed at any time.
  expect((await refreshed(cube, { east2019: undefined })).tiles).toEqual(tilesOf(1, [4, 5, 6, 7]));
  expect((await cube.verify(WHOLE)).damaged).toBe(0);
});

test('notes what the dataset said of the source with each tile', async () => {
  const cube = await Cube.create('memory:', DATASET, { pool });
  const { source } = await sourceWith({});
  await cube.ingest(WHOLE, { source, pool });
  await source.close();
  expect(await cube.tileRecord('0-0-0')).toMatchObject({
    source: 'users/test/scenes',
    sourceHash: originOf(DATASET.source).hash,
  });
});

describe('of an image', () => {
  const { time: _, source: __, ...rest } = DATASET;
  const ONE: Dataset = { ...rest, source: { kind: 'image', id: 'users/test/one' } };
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

  /** What a refresh of what was changed fetches, where the service says that the image was changed then. */
  async function run(cube: Cube, updated: string, more: Partial<IngestOptions>) {
    const rasters = await mkdtemp(join(folder, 'one-'));
    const geobox = {
      ...({ crs: 'EPSG:4326', shape: [16, 64], affine: [0.25, 0, 0, 0, -0.25, 4] } as const),
    };
    const bands = [new Uint8Array(1024).fill(7)];
    await writeFile(join(rasters, 'one.tif'), writeGeoTiff({ geobox, dtype: 'uint8', bands }));
    const images = [{ file: 'one.tif', bands: ['v'], updated }];
    const assets = [{ id: 'users/test/one', type: 'IMAGE', images }];
    await writeFile(join(rasters, 'manifest.json'), JSON.stringify({ assets }));
    const server = await startLoopback({ folder: rasters });
    servers.push(server);
    const account = { endpoint: server.url, token: 'loopback', project: 'test' };
    const source = await earthEngine(ONE, account);
    const before = server.requests.list;
    const { committed } = await cube.ingest(WHOLE, { source, pool, ...more });
    await source.close();
    return { committed, lists: server.requests.list - before };
  }
  const refresh = () => ({ refreshBefore: new Date(), ifChanged: true });

  test('is noted with each tile, and another time than that is a change, whatever the clocks say', async () => {
    const cube = await Cube.create('memory:', ONE, { pool });
    const first = daysAgo(9);
    expect(await run(cube, first, {})).toEqual({ committed: 16, lists: 0 });
    expect(await cube.tileRecord('1-3')).toMatchObject({
      source: 'users/test/one',
      sourceUpdatedAt: new Date(first),
    });
    expect((await run(cube, first, refresh())).committed).toBe(0);
    // Both are long before the tiles were fetched, by this machine's clock.
    const second = daysAgo(5);
    expect((await run(cube, second, refresh())).committed).toBe(16);
    expect(await cube.tileRecord('1-3')).toMatchObject({ sourceUpdatedAt: new Date(second) });
    expect((await run(cube, second, refresh())).committed).toBe(0);
    // An older version that was put back is another one too.
    expect((await run(cube, first, refresh())).committed).toBe(16);
  });

  test('is not known where the array was made before it was kept; nothing else is lost of it', async () => {
    const storage = join(folder, 'two-fields');
    const cube = await Cube.create(storage, ONE, { pool });
    const repository = await Repository.open(parseStorage(storage));
    const session = await repository.writeSession();
    await repository.commit(session, 'As it was', async (newest) => {
      await new FetchRecords(newest).set([{ row: 0, col: 0 }], {
        ...{ fetchedAt: 1, origin: { name: 'x' } },
      });
      const document = (await readDocument(newest, FETCHES_PATH)) ?? {};
      await writeDocument(newest, FETCHES_PATH, {
        ...document,
        shape: [2, 2, 8],
        chunk_grid: { name: 'regular', configuration: { chunk_shape: [2, 64, 64] } },
      });
    });
    await run(cube, daysAgo(9), {});
    const record = await cube.tileRecord('1-3');
    expect(record).toMatchObject({ source: 'users/test/one', fetchedAt: expect.any(Date) });
    expect(record).not.toHaveProperty('sourceUpdatedAt');
    expect((await run(cube, daysAgo(5), refresh())).committed).toBe(0);
  });
});

test('is refused where nothing is refreshed, and where the source does not tell of changes', async () => {
  const cube = await Cube.create('memory:', YEARLY, { pool });
  const { source } = yearlySource();
  await cube.ingest(CORNER, { source, pool });
  await expect(cube.ingest(CORNER, { source, pool, ifChanged: true })).rejects.toThrow('a refresh');
  const refresh = { source, pool, refreshBefore: new Date(), ifChanged: true };
  await expect(cube.ingest(CORNER, refresh)).rejects.toThrow('a source that tells when');
});
