import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cube, createPool, earthEngine, type Pool, parseDataset } from '../../src/index.js';
import { loadGdal } from '../../src/kernel/gdal/load.js';
import { GDAL_TYPES } from '../../src/kernel/gdal/raw-dataset.js';
import { type LoopbackServer, startLoopback } from '../../src/loopback/index.js';
import { allocate, WORK_TYPES, type WorkType } from '../../src/raster/dtype.js';
import { temporaryFolder } from './loopback-cubes.js';

const SIDE = 24;
const MASKED = 3 * SIDE + 4;
const VALID_ZERO = 10 * SIDE + 12;
/** Everywhere else. */
const USUAL = 5;
/** How the source file marks its masked pixel; the cube's dataset does not know of it. */
const FILE_NODATA = 77;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
let pool: Pool;

beforeAll(async () => {
  folder = await temporaryFolder();
  const rasters = join(folder.path, 'rasters');
  await mkdir(rasters);
  for (const dtype of WORK_TYPES) writeRaster(join(rasters, `${dtype}.tif`), dtype);
  const assets = WORK_TYPES.map((dtype) => ({
    id: `users/test/${dtype}`,
    type: 'IMAGE',
    images: [{ file: `${dtype}.tif`, bands: ['value'] }],
  }));
  await writeFile(join(rasters, 'manifest.json'), JSON.stringify({ assets }));
  server = await startLoopback({ folder: rasters });
  pool = createPool({ size: 1 });
});

afterAll(async () => {
  await pool.close();
  await server.close();
  await folder.remove();
});

function writeRaster(path: string, dtype: WorkType): void {
  const gdal = loadGdal();
  const dataset = gdal.drivers.get('GTiff').create(path, SIDE, SIDE, 1, GDAL_TYPES[dtype]);
  dataset.geoTransform = [10, 0.5, 0, 50, 0, -0.5];
  dataset.srs = gdal.SpatialReference.fromEPSG(4326);
  const pixels = allocate(dtype, SIDE * SIDE).fill(USUAL);
  pixels[VALID_ZERO] = 0;
  pixels[MASKED] = FILE_NODATA;
  const band = dataset.bands.get(1);
  band.noDataValue = FILE_NODATA;
  band.pixels.write(0, 0, SIDE, SIDE, pixels);
  dataset.close();
}

async function load(dtype: WorkType, more: { fill: 'none' | 'nearest'; nodata?: number }) {
  const dataset = parseDataset({
    title: dtype,
    image: `users/test/${dtype}`,
    bands: ['value'],
    dtype,
    grid: { crs: 'EPSG:4326', bounds: [10, 38, 22, 50], resolution: 0.5, chunk: SIDE },
    ...more,
  });
  const cube = await Cube.create('memory:', dataset, { pool });
  const source = await earthEngine(dataset, {
    endpoint: server.url,
    token: 'loopback',
    project: 'test',
  });
  const { failed } = await cube.ingest(cube.grid.geobox, { source, pool });
  await source.close();
  expect(failed).toEqual([]);
  const pixels = (await cube.load(cube.grid.geobox)).bands.get('value');
  return { masked: pixels?.[MASKED], zero: pixels?.[VALID_ZERO], usual: pixels?.[0] };
}

describe.each(WORK_TYPES)('a masked pixel and a valid zero, as %s,', (dtype) => {
  const isFloat = dtype.startsWith('float');

  test('are told apart where filling closes the gap and leaves the zero', async () => {
    expect(await load(dtype, { fill: 'nearest' })).toEqual({
      masked: USUAL,
      zero: 0,
      usual: USUAL,
    });
  });

  test('are told apart in the cube where gaps stay', async () => {
    const found = await load(dtype, isFloat ? { fill: 'none' } : { fill: 'none', nodata: 9 });
    expect(found).toEqual({ masked: isFloat ? Number.NaN : 9, zero: 0, usual: USUAL });
  });
});
