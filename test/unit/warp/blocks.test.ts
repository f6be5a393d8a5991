import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RESAMPLINGS, type Resampling } from '../../../src/dataset/dataset.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { Cube, createPool, defineDataset, type Pool } from '../../../src/index.js';
import { localFiles } from '../../../src/local/source.js';
import { seedOfRun } from '../../seed.js';
import { random, writeRaster } from './rasters.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool({ size: 0 });
});
afterAll(() => pool.close());

const [HEIGHT, WIDTH, SIZE] = [90, 110, 30];
const [LEFT, TOP] = [500_010, 5_000_130];

const TARGETS = {
  'finer, of another CRS': new GeoBox(
    parseCrs('EPSG:4326'),
    { height: 150, width: 190 },
    [0.00022, 0, 14.9998, 0, -0.00022, 45.1541],
  ),
  'coarser, of another CRS': new GeoBox(
    parseCrs('EPSG:3035'),
    { height: 31, width: 43 },
    [83.3, 0, 4_714_413.1, 0, -83.3, 2_462_441.7],
  ),
  'coarser, of the same CRS': new GeoBox(parseCrs('EPSG:32633'), { height: 25, width: 31 }, [
    107.3,
    0,
    LEFT - 11,
    0,
    -107.3,
    TOP + 23,
  ]),
};

describe.each(Object.entries(TARGETS))('a load onto a grid that is %s', (_, target) => {
  test.each(RESAMPLINGS)(
    'by %s, has the same pixels whatever the chunks are',
    async (resampling) => {
      const seed = seedOfRun();
      const next = random(seed);
      const values = Array.from({ length: HEIGHT * WIDTH }, () =>
        next() < 0.04 ? Number.NaN : Math.fround(100 * next()),
      );
      const whole = await pixelsOf(await cubeOf(256, values), target, resampling);
      expect(whole.filter((value) => !Number.isNaN(value)).length).toBeGreaterThan(300);
      const chunk = 9 + Math.floor(40 * next());
      const other = await pixelsOf(await cubeOf(chunk, values), target, resampling);
      const different = other.filter((value, i) => !Object.is(value, whole[i])).length;
      expect({ seed, chunk, different }).toEqual({ seed, chunk, different: 0 });
    },
  );
});

async function pixelsOf(cube: Cube, target: GeoBox, resampling: Resampling) {
  const { bands } = await cube.loadLike(target, { resampling, pool });
  return [...(bands.get('v') ?? [])];
}

async function cubeOf(chunk: number, values: readonly number[]): Promise<Cube> {
  const folder = await mkdtemp(join(tmpdir(), 'geocubes-blocks-'));
  try {
    const path = writeRaster(join(folder, 'f.tif'), {
      bands: [values],
      width: WIDTH,
      transform: [LEFT, SIZE, 0, TOP, 0, -SIZE],
    });
    const definition = defineDataset({
      title: 'blocks',
      local: true,
      bands: ['v'],
      dtype: 'float32',
      grid: {
        crs: 'EPSG:32633',
        bounds: [LEFT, TOP - HEIGHT * SIZE, LEFT + WIDTH * SIZE, TOP],
        resolution: SIZE,
        chunk,
      },
    });
    const cube = await Cube.create('memory:', definition, { pool });
    const source = await localFiles(cube.dataset, [path]);
    await cube.ingest(cube.grid.geobox, { source, pool });
    return cube;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
