import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  Cube,
  createPool,
  type Dataset,
  defineDataset,
  earthEngine,
  earthEngineExpression,
  type Pool,
  parseBoundingBox,
  parseToi,
  type Toi,
} from '../../../src/index.js';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { runCommand } from '../command.js';
import { environmentFor, temporaryFolder } from '../loopback-cubes.js';

/** 2 x 3 tiles of 50 x 50 pixels at the Lena delta; the loopback server has images of 2017 to 2025. */
const FILE = {
  title: 'Years',
  collection: 'projects/geocubes/assets/demo_annual',
  bands: ['TCB_slope', 'TCG_slope', 'TCW_slope'],
  dtype: 'uint8',
  nodata: 0,
  grid: { crs: 'EPSG:4326', bounds: [124, 72, 127, 74], resolution: 0.02, chunk: 50 },
  time: { start: '2016', end: '2025', step: '1 year' },
} as const;
const ROI = parseBoundingBox('124,72,127,74');

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
let pool: Pool;
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startLoopback();
  pool = createPool({ size: 0 });
});
afterAll(async () => {
  await pool.close();
  await server.close();
  await folder.remove();
});

const account = () => ({ endpoint: server.url, token: 'loopback', project: 'test' });

test('each step of a temporal cube holds the pixels of a cube made of that year alone', async () => {
  const { collection, time: _, ...rest } = FILE;
  const both = await bandOf(defineDataset(FILE), parseToi('2018,2021'));
  expect(both).toHaveLength(2 * 100 * 150);
  for (const [i, year] of [2018, 2021].entries()) {
    const image = `${collection}/world_${year}`;
    const alone = await bandOf(defineDataset({ ...rest, image }));
    expect(both.slice(i * alone.length, (i + 1) * alone.length)).toEqual(alone);
  }
});

/** The band TCG_slope of a new cube. */
async function bandOf(dataset: Dataset, time?: Toi): Promise<number[]> {
  const cube = await Cube.create('memory:', dataset, { pool });
  const source = await earthEngine(dataset, account());
  const { failed } = await cube.ingest(ROI, { source, pool, time });
  await source.close();
  expect(failed).toEqual([]);
  return [...((await cube.load(ROI, { time })).bands.get('TCG_slope') ?? [])];
}

test("a step holds the pixels that the official client's filterDate gives", async () => {
  const { collection, time: _, ...rest } = FILE;
  const image = `${collection}/world_2018`;
  const source = await earthEngineExpression(
    (ee) => ee.ImageCollection(collection).filterDate('2018-01-01', '2019-01-01').mosaic(),
    account(),
  );
  const filtered = await bandOf({ ...defineDataset({ ...rest, image }), source });
  expect(await bandOf(defineDataset(FILE), parseToi('2018'))).toEqual(filtered);
  expect(new Set(filtered).size).toBeGreaterThan(10);
});

test('a step without images fails tile by tile, after one request, and the others are committed', async () => {
  const dataset = defineDataset(FILE);
  const cube = await Cube.create('memory:', dataset, { pool });
  const source = await earthEngine(dataset, account());
  const before = server.requests.pixels;
  const time = parseToi('2016/2017');
  const summary = await cube.ingest(ROI, { source, pool, time, tilesInFlight: 1 });
  await source.close();
  expect(summary.committed).toBe(6);
  expect(summary.failed.map(({ id }) => id.slice(0, 2))).toEqual(Array(6).fill('0-'));
  for (const { error } of summary.failed)
    expect(error).toMatchObject({
      kind: 'no-images',
      message:
        'Expected images of projects/geocubes/assets/demo_annual from 2016-01-01 up to 2017-01-01 but there are none. Leave this time step out.',
    });
  expect(server.requests.pixels - before).toBe(1 + 6);
});

test('the command creates, fills, counts and draws a temporal cube from a dataset file, step by step', async () => {
  const env = environmentFor(server);
  const file = join(folder.path, 'years.json');
  const store = join(folder.path, 'years');
  await writeFile(file, JSON.stringify({ $schema: './dataset.schema.json', ...FILE }));
  const created = await runCommand(['create', '--store', store, '--dataset', file]);
  expect(created.stdout).toContain('10 steps of 1 year, 2016-01-01 to 2026-01-01');
  const region = ['--store', store, '--bbox', '124,72,127,74'];
  const filled = await runCommand(['ingest', ...region, '--time', '2019/2020', '-q'], env);
  expect(filled).toMatchObject({ code: 0 });
  expect(filled.stdout).toContain('12 tiles committed');
  const status = await runCommand(['status', '--store', store, '--time', '2020/2021']);
  expect(status.stdout.split('\n').slice(0, 2)).toEqual([
    `Years at ${store}, 2020-01-01: 6 tiles loaded, 0 loaded and empty, 0 of 6 not loaded (100.0 % done)`,
    `Years at ${store}, 2021-01-01: 0 tiles loaded, 0 loaded and empty, 6 of 6 not loaded (0.0 % done)`,
  ]);
  const png = join(folder.path, 'region.png');
  const drawn = await runCommand(['load', ...region, '--time', '2019-07-01', '--png', png]);
  expect(drawn.stdout).toContain('2019-01-01 to 2020-01-01');
  const several = await runCommand(['load', ...region, '--png', png, '--overwrite']);
  expect(several.code).toBe(2);
  expect(several.stderr).toContain('A picture shows one step;');
  const outside = await runCommand(['ingest', ...region, '--time', '2030', '-q'], env);
  expect(outside.code).toBe(2);
  expect(outside.stderr).toBe(
    `geocubes: Expected a time on the cube's axis (10 steps of 1 year, 2016-01-01 to 2026-01-01) for the time of interest but received "2030". The nearest step is 2025-01-01.\n`,
  );
});
