/** What create and load print for scripts, and that they can be told to be quiet. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { runCommand } from '../command.js';
import {
  createCube,
  environmentFor,
  refuseRequests,
  SMALL_BBOX,
  SMALL_DATASET,
  TINY_DATASET,
  temporaryFolder,
} from '../loopback-cubes.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startLoopback();
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

async function json(args: readonly string[]) {
  const { code, stdout, stderr } = await runCommand([...args, '--format', 'json']);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

test('create tells what it made as a record, or nothing', async () => {
  const dataset = join(folder.path, 'annual.json');
  const time = { start: '2019', step: '1 year', count: 2 };
  const collection = 'projects/geocubes/assets/demo_annual';
  await writeFile(dataset, JSON.stringify({ ...SMALL_DATASET, collection, time }));
  const create = (store: string) => ['create', '--store', store, '--dataset', dataset];
  const store = join(folder.path, 'annual');
  expect(await json(create(store))).toEqual({
    store,
    title: 'Small',
    bands: ['TCB_slope', 'TCG_slope', 'TCW_slope'],
    dtype: 'uint8',
    geobox: { crs: 'EPSG:4326', shape: [600, 1000], affine: [0.01, 0, 120, 0, -0.01, 76] },
    tiles: [6, 10],
    chunk: [100, 100],
    steps: [
      { start: '2019-01-01', end: '2020-01-01' },
      { start: '2020-01-01', end: '2021-01-01' },
    ],
  });
  const quiet = await runCommand([...create(join(folder.path, 'quiet')), '--quiet']);
  expect(quiet).toEqual({ code: 0, stdout: '', stderr: '' });

  const out = join(folder.path, 'step.tif');
  const load = ['load', '--store', store, '--bbox', '125,72,125.1,72.1', '--out', out];
  expect(await json([...load, '--time', '2020'])).toMatchObject({
    time: { start: '2020-01-01', end: '2021-01-01' },
    missingTiles: 1,
  });
});

test('load tells what it wrote as a record that agrees with the file, or nothing', async () => {
  const store = await createCube(folder.path, 'loaded', SMALL_DATASET);
  const part = '125,71,127,73';
  await runCommand(['ingest', '--store', store, '--bbox', part, '-q'], environmentFor(server));
  const [out, png] = [join(folder.path, 'delta.tif'), join(folder.path, 'delta.png')];
  const load = ['load', '--store', store, '--bbox', '126,72,128,73', '--out', out];
  const record = await json([...load, '--png', png, '--cog']);
  expect(record).toEqual({
    files: [
      { path: out, format: 'cog' },
      { path: png, format: 'png' },
    ],
    geobox: { crs: 'EPSG:4326', shape: [100, 200], affine: [0.01, 0, 126, 0, -0.01, 73] },
    bounds: { west: 126, south: 72, east: 128, north: 73 },
    bands: ['TCB_slope', 'TCG_slope', 'TCW_slope'],
    dtype: 'uint8',
    nodata: null,
    missingTiles: 1,
    lostTiles: [],
  });
  const raster = loadGdal().open(out);
  const [x0 = 0, dx = 0, , y0 = 0, , dy = 0] = raster.geoTransform ?? [];
  const { affine, shape } = record.geobox;
  for (const [i, value] of [dx, 0, x0, 0, dy, y0].entries())
    expect(affine[i]).toBeCloseTo(value, 12);
  expect([raster.rasterSize.y, raster.rasterSize.x]).toEqual(shape);
  expect(raster.bands.map(({ noDataValue }) => noDataValue)).toEqual([null, null, null]);
  raster.close();

  const text = await runCommand([...load, '--overwrite']);
  expect(text.stdout).toBe(
    `Wrote ${out}: 200 x 100 px of EPSG:4326 at 126,72,128,73; 1 tile of it is not loaded\n`,
  );
  expect(await runCommand([...load, '--overwrite', '-q'])).toEqual({
    ...{ code: 0, stdout: '', stderr: '' },
  });
});

test('load names the nodata of float cubes as GDAL does', async () => {
  const store = await createCube(folder.path, 'float', { ...TINY_DATASET, dtype: 'float32' });
  const out = join(folder.path, 'float.tif');
  const load = ['load', '--store', store, '--bbox', '126,72,127,73', '--out', out];
  expect(await json(load)).toMatchObject({ dtype: 'float32', nodata: 'nan', missingTiles: 1 });
});

test('status draws tiles that failed in their own colour, and only while they are not loaded', async () => {
  const store = await createCube(folder.path, 'drawn', TINY_DATASET);
  const faulty = await startLoopback({ faults: refuseRequests(1, 2, 3, 30) });
  const list = join(folder.path, 'drawn.ndjson');
  const ingest = ['ingest', '--store', store, '--bbox', SMALL_BBOX, '-q', '--failed', list];
  expect(await runCommand(ingest, environmentFor(faulty))).toMatchObject({ code: 3 });
  await faulty.close();
  const draw = async (name: string, ...more: string[]) => {
    const png = join(folder.path, name);
    const args = ['status', '--store', store, '--png', png, ...more];
    expect(await runCommand(args)).toMatchObject({ code: 0, stderr: '' });
    return reddishShare(png);
  };
  expect(await draw('without.png')).toBeLessThan(0.001);
  expect(await draw('with.png', '--failed', list)).toBeGreaterThan(0.005);
  const copy = join(folder.path, 'copy.ndjson');
  await writeFile(copy, await readFile(list));
  expect(await runCommand(ingest, environmentFor(server))).toMatchObject({ code: 0 });
  expect(await draw('again.png', '--failed', copy)).toBeLessThan(0.001);
});

/** Share of the picture's pixels that are near the colour of failed tiles. */
async function reddishShare(png: string): Promise<number> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  let count = 0;
  for (let i = 0; i < data.length; i += 3) {
    const [red = 0, green = 0, blue = 0] = data.subarray(i, i + 3);
    if (red > 160 && green < 120 && blue < 120) count++;
  }
  return count / (info.width * info.height);
}
