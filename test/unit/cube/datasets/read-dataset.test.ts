import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDataset } from '../../../../src/cube/datasets/read-dataset.js';
import { presetDataset } from '../../../../src/dataset/presets.js';
import { InvalidInputError, SetupError } from '../../../../src/errors.js';
import { loadGdal } from '../../../../src/kernel/gdal/load.js';
import { createPool, type Pool } from '../../../../src/pool/pool.js';
import { readText } from '../../../../src/raster/read-text.js';

let folder: string;
let pool: Pool;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-dataset-'));
  pool = createPool({ size: 0 });
});
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
});

const MINE = { title: 'Mine', local: true, bands: ['a'], dtype: 'float32' };

async function written(name: string, grid: object): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify({ ...MINE, grid }));
  return path;
}

interface Raster {
  readonly crs?: string;
  readonly transform?: readonly [number, number, number, number, number, number];
  readonly gcps?: object[];
}

/** 7 columns, 5 rows. */
function raster(name: string, { crs, transform, gcps }: Raster): string {
  const gdal = loadGdal();
  const file = gdal.drivers.get('GTiff').create(join(folder, name), 7, 5, 1, 'Byte');
  if (transform !== undefined) file.geoTransform = [...transform];
  if (crs !== undefined) file.srs = gdal.SpatialReference.fromUserInput(crs);
  if (gcps !== undefined) file.setGCPs(gcps, gdal.SpatialReference.fromEPSG(27700).toWKT());
  file.close();
  return name;
}

test('a preset is read by its name', async () => {
  expect(await readDataset('demo', { pool })).toBe(presetDataset('demo'));
  await expect(readDataset('unknown', { pool })).rejects.toThrow('TCTrend2024, AlphaEarth, demo');
});

test.skipIf(process.platform === 'win32')(
  'what never ends is read up to a bound, and refused with it',
  async () => {
    await expect(readText('/dev/zero', 'the dataset')).rejects.toThrow(
      'Expected at most 256 MiB for the dataset but received "/dev/zero with more".',
    );
  },
);

test('a dataset is read from a JSON file, and what its bounds became is told', async () => {
  const told: object[] = [];
  const grid = { crs: 'EPSG:3413', bounds: [0, 0, 105, 100], resolution: 10, chunk: 5 };
  const path = await written('mine.json', grid);
  expect(await readDataset(path, { pool, onSnap: (snap) => told.push(snap) })).toMatchObject({
    title: 'Mine',
    dtype: 'float32',
  });
  expect(told).toEqual([
    {
      asked: { west: 0, south: 0, east: 105, north: 100 },
      became: { west: 0, south: 0, east: 110, north: 100 },
    },
  ]);
});

test('a file that is not there, is no JSON or is no dataset is refused by what is wrong', async () => {
  const missing = join(folder, 'missing.json');
  await expect(readDataset(missing, { pool })).rejects.toThrow(`received "${missing}" (ENOENT)`);
  const broken = join(folder, 'broken.json');
  for (const [text, message] of [
    ['{"title": ', 'Expected JSON for the dataset'],
    ['{"title": "x"}', '"bands" of the dataset'],
    ['null', 'an object for the dataset'],
    ['{"grid": {"like": 3}}', 'of the dataset'],
  ] as const) {
    await writeFile(broken, text);
    await expect(readDataset(broken, { pool })).rejects.toThrow(message);
    await expect(readDataset(broken, { pool })).rejects.toThrow(InvalidInputError);
  }
});

describe('like', () => {
  const transform = [400_000.25, 30.5, 0, 200_000.75, 0, -20.125] as const;
  const geobox = {
    crs: 'EPSG:27700',
    shape: [5, 7],
    affine: [30.5, 0, 400_000.25, 0, -20.125, 200_000.75],
  };

  test('takes CRS, transform and shape of a raster beside the dataset file, and not its path', async () => {
    await mkdir(join(folder, 'rasters'));
    raster('rasters/dem.tif', { crs: 'EPSG:27700', transform });
    const path = await written('like.json', { like: 'rasters/dem.tif', chunk: [2, 4] });
    const dataset = await readDataset(path, { pool });
    expect(dataset.grid).toEqual({ geobox, chunk: [2, 4] });
    expect(JSON.stringify(dataset)).not.toContain('dem.tif');
  });

  test('may be given beside what agrees with it, and nothing else', async () => {
    raster('dem.tif', { crs: 'EPSG:27700', transform });
    const like = { like: 'dem.tif', chunk: 4 };
    const agreeing = { ...like, crs: 'EPSG:27700', resolution: [30.5, 20.125], shape: [5, 7] };
    expect((await readDataset(await written('a.json', agreeing), { pool })).grid.geobox).toEqual(
      geobox,
    );
    for (const [field, value] of [
      ['crs', 'EPSG:32630'],
      ['resolution', 30.5],
      ['shape', [7, 5]],
      ['bounds', [400_000, 199_900, 400_213, 200_000]],
      ['origin', [400_001, 200_000.75]],
      ['anchor', 'edge'],
    ] as const)
      await expect(
        readDataset(await written('b.json', { ...like, [field]: value }), { pool }),
      ).rejects.toThrow(`for "grid.${field}" of the dataset but received`);
  });

  test('counts rows from the north where the file has them from the south', async () => {
    raster('south.tif', { crs: 'EPSG:27700', transform: [0, 10, 0, 100, 0, 10] });
    const { grid } = await readDataset(await written('s.json', { like: 'south.tif', chunk: 4 }), {
      pool,
    });
    expect(grid.geobox).toEqual({
      crs: 'EPSG:27700',
      shape: [5, 7],
      affine: [10, 0, 0, 0, -10, 150],
    });
  });

  test.each<[string, string, Raster | undefined]>([
    [
      'an existing raster file for "grid.like" of the dataset but received "x.tif"',
      'absent',
      undefined,
    ],
    [
      'a raster without rotation for "grid.like" of the dataset',
      'rotated',
      { crs: 'EPSG:27700', transform: [0, 30, 5, 0, 5, -30] },
    ],
    ['"x.tif" has no CRS', 'without CRS', { transform }],
    [
      '"x.tif" has ground control points',
      'of control points',
      {
        gcps: [
          { dfGCPPixel: 0, dfGCPLine: 0, dfGCPX: 0, dfGCPY: 5 },
          { dfGCPPixel: 7, dfGCPLine: 0, dfGCPX: 9, dfGCPY: 5 },
          { dfGCPPixel: 0, dfGCPLine: 5, dfGCPX: 0, dfGCPY: 0 },
        ],
      },
    ],
    ['"x.tif" has none', 'that lies nowhere', {}],
  ])('is refused in one line, "%s", for a raster %s', async (message, _, file) => {
    await rm(join(folder, 'x.tif'), { force: true });
    if (file !== undefined) raster('x.tif', file);
    const path = await written('x.json', { like: 'x.tif', chunk: 4 });
    const error = await readDataset(path, { pool }).catch((caught: Error) => caught);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).not.toContain('\n');
  });

  test('goes before the grid of the dataset where it is an option, whose path is from here', async () => {
    raster('own.tif', { crs: 'EPSG:27700', transform });
    const like = join(folder, 'own.tif');
    const grid = { crs: 'EPSG:3413', bounds: [0, 0, 105, 100], resolution: 10, chunk: 5 };
    const path = await written('other.json', grid);
    expect((await readDataset(path, { pool, like })).grid).toEqual({ geobox, chunk: [5, 5] });
    const preset = await readDataset('demo', { pool, like });
    expect(preset).toMatchObject({ title: 'Demo', grid: { geobox, chunk: [1200, 1200] } });
  });

  test('needs GDAL, and says so', async () => {
    raster('own.tif', { crs: 'EPSG:27700', transform });
    const js = createPool({ size: 0, kernel: 'js' });
    const path = await written('js.json', { like: 'own.tif', chunk: 4 });
    await expect(readDataset(path, { pool: js })).rejects.toThrow(SetupError);
  });

  test('leads to no other file or service unless it is trusted', async () => {
    await writeFile(
      join(folder, 'lead.vrt'),
      '<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename>/etc/passwd</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>',
    );
    for (const like of ['lead.vrt', '/vsicurl/http://127.0.0.1:9/x.tif', '../../etc/passwd'])
      await expect(
        readDataset(await written('t.json', { like, chunk: 4 }), { pool }),
      ).rejects.toThrow(InvalidInputError);
  });
});
