import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Resampling } from '../../../src/dataset/dataset.js';
import { Cube, createPool, defineDataset, type Pool } from '../../../src/index.js';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { positionsIn } from '../../../src/kernel/gdal/proj/positions.js';
import { spatialReference } from '../../../src/kernel/gdal/proj/srs.js';
import { latticeOf } from '../../../src/kernel/resample/lattice.js';
import { scaleOf } from '../../../src/kernel/resample/scale.js';
import { levelFor } from '../../../src/local/overviews.js';
import { type LocalFilesOptions, localFiles } from '../../../src/local/source.js';
import { gdalwarp } from '../../e2e/gdalwarp.js';
import { seedOfRun } from '../../seed.js';
import { random, writeRaster } from './rasters.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool({ size: 0 });
});
afterAll(() => pool.close());

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-overviews-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Odd, so that an overview is not quite half as wide, and neither is its grid. */
const [HEIGHT, WIDTH, SIZE] = [397, 511, 10];
const [LEFT, TOP] = [500_010, 5_000_130];

/** Of noise, so that every level has other pixels. */
function writeScene(next: () => number, kind = 'NEAREST'): string {
  const path = writeRaster(join(folder, 'scene.tif'), {
    dtype: 'uint16',
    bands: [
      Array.from({ length: HEIGHT * WIDTH }, () =>
        next() < 0.02 ? 0 : 1 + Math.floor(9999 * next()),
      ),
    ],
    width: WIDTH,
    transform: [LEFT, SIZE, 0, TOP, 0, -SIZE],
    nodata: [0],
  });
  const dataset = loadGdal().open(path, 'r+');
  dataset.buildOverviews(kind, [2, 4, 8]);
  dataset.close();
  return path;
}

/** Some metres within the scene, in degrees and metres. */
const GRIDS = {
  'EPSG:4326': { bounds: [15.002, 45.121, 15.062, 45.152], metre: 1 / 95_000 },
  'EPSG:32633': { bounds: [500_100, 4_996_300, 505_000, 5_000_000], metre: 1 },
} as const;

async function cubeFor(crs: keyof typeof GRIDS, pixel: number): Promise<Cube> {
  const { bounds, metre } = GRIDS[crs];
  const definition = defineDataset({
    ...{ title: 'overviews', local: true, bands: ['v'], dtype: 'uint16', nodata: 0 },
    grid: { crs, bounds: [...bounds], resolution: pixel * metre, chunk: 23 },
  } as Parameters<typeof defineDataset>[0]);
  return Cube.create('memory:', definition, { pool });
}

async function imported(cube: Cube, path: string, options: LocalFilesOptions) {
  const source = await localFiles(cube.dataset, [path], options);
  const { failed } = await cube.ingest(cube.grid.geobox, { source, pool });
  expect(failed).toEqual([]);
  const { bands } = await cube.load(cube.grid.geobox);
  return { pixels: [...(bands.get('v') ?? [])], overviews: source.overviews };
}

describe.each(['EPSG:4326', 'EPSG:32633'] as const)('overviews of files, onto %s', (crs) => {
  // Where GDAL 3.6 and later ones agree.
  test.each([17, 26, 31, 43, 77, 110])(
    'pixels of %i m are of the level that gdalwarp -ovr AUTO takes',
    async (pixel) => {
      const next = random(seedOfRun());
      const path = writeScene(next);
      const cube = await cubeFor(crs, pixel);
      const { pixels } = await imported(cube, path, { overviews: 'auto' });
      const options = { nodata: '0', ovr: 'AUTO' } as const;
      const [theirs = []] = gdalwarp([path], join(folder, 'w.tif'), cube, options);
      expect(pixels).toEqual([...theirs]);
    },
  );

  test.each(['bilinear', 'average', 'mode'] as const)(
    'by %s pixels are those of gdalwarp -ovr AUTO -et 0 with the same kernel scale',
    async (resampling: Resampling) => {
      const next = random(seedOfRun());
      const path = writeScene(next, 'AVERAGE');
      const cube = await cubeFor(crs, 57);
      const { pixels, overviews } = await imported(cube, path, { overviews: 'auto', resampling });
      expect(overviews).toEqual([{ path, level: 1, shape: [100, 128] }]);
      const { geobox } = cube.grid;
      const affine = [SIZE * (WIDTH / 128), 0, LEFT, 0, -SIZE * (HEIGHT / 100), TOP] as const;
      const positions = positionsIn(
        { srs: spatialReference('EPSG:32633'), lattice: { affine } },
        { srs: spatialReference(crs), lattice: latticeOf(geobox) },
      );
      const [x, y] = scaleOf({ row: 0, col: 0, ...geobox.shape }, positions, undefined);
      const [theirs = []] = gdalwarp([path], join(folder, 'w.tif'), cube, {
        ...{ nodata: '0', resampling, ovr: 'AUTO' },
        more: ['-wo', `XSCALE=${x}`, '-wo', `YSCALE=${y}`],
      });
      const worst = pixels.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - (theirs[i] as number))),
        0,
      );
      expect(worst).toBeLessThanOrEqual(resampling === 'bilinear' ? 1 : 0);
      expect(pixels.filter((value) => value !== 0).length).toBeGreaterThan(1000);
    },
  );
});

test('overviews are left alone where nobody asks for them', async () => {
  const path = writeScene(random(seedOfRun()));
  const cube = await cubeFor('EPSG:4326', 57);
  const { pixels, overviews } = await imported(cube, path, {});
  expect(overviews).toEqual([]);
  const [theirs = []] = gdalwarp([path], join(folder, 'w.tif'), cube, { nodata: '0' });
  expect(pixels).toEqual([...theirs]);
});

test("files whose pixels are as large as the cube's, or that have no overviews, are read themselves", async () => {
  const next = random(seedOfRun());
  const path = writeScene(next);
  const { overviews } = await imported(await cubeFor('EPSG:32633', 10), path, {
    overviews: 'auto',
  });
  expect(overviews).toEqual([]);
  const bare = writeRaster(join(folder, 'bare.tif'), {
    bands: [Array.from({ length: 100 * 100 }, next)],
    ...{ dtype: 'uint16', width: 100, transform: [LEFT, SIZE, 0, TOP, 0, -SIZE] },
  });
  const other = await imported(await cubeFor('EPSG:32633', 57), bare, { overviews: 'auto' });
  expect(other.overviews).toEqual([]);
});

test('an overview that says another "no value" than its file does not stand for it, and that is told', async () => {
  const path = writeScene(random(seedOfRun()));
  // As somebody leaves it who changes a file and not the overviews beside it.
  const gdal = loadGdal();
  const file = gdal.open(path, 'r+');
  file.buildOverviews('NEAREST', []);
  file.close();
  const whole = gdal.open(path);
  whole.buildOverviews('NEAREST', [2, 4]);
  whole.close();
  const beside = gdal.open(`${path}.ovr`, 'r+');
  beside.bands.get(1).noDataValue = 7;
  beside.close();
  const cube = await cubeFor('EPSG:32633', 31);
  const { pixels, overviews } = await imported(cube, path, { overviews: 'auto' });
  expect(overviews).toMatchObject([{ path, problem: expect.stringContaining('"no value"') }]);
  const [theirs = []] = gdalwarp([path], join(folder, 'w.tif'), cube, { nodata: '0' });
  expect(pixels).toEqual([...theirs]);
});

test.each([
  [0.5, undefined],
  [1, undefined],
  [1.05, undefined],
  [1.89, undefined],
  [1.91, 0],
  [2, 0],
  [3.89, 0],
  [3.91, 1],
  [7.8, 1],
  [8, 2],
  [500, 2],
  [Number.NaN, undefined],
] as const)(
  'of levels 2, 4 and 8 times as coarse, GDAL takes for %f the one of index %s',
  (target, level) => {
    expect(levelFor([2, 4, 8], target)).toBe(level);
  },
);
