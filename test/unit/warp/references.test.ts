import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RESAMPLINGS, type Resampling } from '../../../src/dataset/dataset.js';
import { Cube, createPool, defineDataset, type Pool } from '../../../src/index.js';
import { positionsIn } from '../../../src/kernel/gdal/proj/positions.js';
import { spatialReference } from '../../../src/kernel/gdal/proj/srs.js';
import { latticeOf } from '../../../src/kernel/resample/lattice.js';
import { scaleOf } from '../../../src/kernel/resample/scale.js';
import { localFiles } from '../../../src/local/source.js';
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
  folder = await mkdtemp(join(tmpdir(), 'geocubes-references-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const [HEIGHT, WIDTH, SIZE] = [140, 170, 30];
const [LEFT, TOP] = [500_010, 5_000_130];
const AFFINE = [SIZE, 0, LEFT, 0, -SIZE, TOP] as const;

/** Inside of the raster, where GDAL's versions agree on edges. */
const INSIDE: [number, number, number, number] = [15.003, 45.12, 15.06, 45.15];

async function cubeFor(
  resolution: number,
  dtype: 'float32' | 'uint8',
  bounds = INSIDE,
  crs = 'EPSG:4326',
) {
  const definition = defineDataset({
    title: 'reference',
    local: true,
    bands: ['v'],
    dtype,
    ...(dtype === 'uint8' ? { nodata: 0 } : {}),
    grid: { crs, bounds, resolution, chunk: 19 },
  });
  return Cube.create('memory:', definition, { pool });
}

async function importedInto(cube: Cube, path: string, resampling: Resampling) {
  const source = await localFiles(cube.dataset, [path], { resampling });
  await cube.ingest(cube.grid.geobox, { source, pool });
  const { bands } = await cube.load(cube.grid.geobox);
  return [...(bands.get('v') ?? [])];
}

describe.each(['uint8', 'float32'] as const)('pixels of %s, in chunks of 19 pixels', (dtype) => {
  test.each(
    RESAMPLINGS.flatMap((resampling) =>
      [0.00021, 0.0011].map((size) => [resampling, size] as const),
    ),
  )(
    'by %s to %f degrees are those of gdalwarp -et 0 of the whole with the same kernel scale',
    async (resampling, resolution) => {
      const seed = seedOfRun();
      const next = random(seed);
      const values = Array.from({ length: HEIGHT * WIDTH }, (_, k) => {
        const value = 120 + 70 * Math.sin(k / 17) * Math.cos(k / WIDTH / 3) + 40 * (next() - 0.5);
        if (next() < 0.02) return dtype === 'uint8' ? 0 : -9999;
        return dtype === 'uint8' ? Math.max(1, Math.round(value / 3)) : Math.fround(value);
      });
      const path = writeRaster(join(folder, 'f.tif'), {
        dtype,
        bands: [values],
        width: WIDTH,
        transform: [LEFT, SIZE, 0, TOP, 0, -SIZE],
        nodata: [dtype === 'uint8' ? 0 : -9999],
      });
      const cube = await cubeFor(resolution, dtype);
      const { geobox } = cube.grid;
      const ours = await importedInto(cube, path, resampling);
      const [x, y] = scaleOf(
        { row: 0, col: 0, ...geobox.shape },
        positionsIn(
          {
            srs: spatialReference('EPSG:32633'),
            lattice: { affine: AFFINE },
          },
          { srs: spatialReference('EPSG:4326'), lattice: latticeOf(geobox) },
        ),
        undefined,
      );
      const isWidened = x < 1;
      expect(isWidened).toBe(resolution > 0.001);
      const [theirs = []] = gdalwarp([path], join(folder, 'w.tif'), cube, {
        nodata: dtype === 'uint8' ? '0' : 'nan',
        resampling,
        more: ['-wo', `XSCALE=${x}`, '-wo', `YSCALE=${y}`],
      });
      expect(ours).toHaveLength(theirs.length);
      const off = ours.map((value, i) => {
        const other = theirs[i] as number;
        return Object.is(value, other) ? 0 : Math.abs(value - other);
      });
      const valid = ours.filter((value) => !Number.isNaN(value) && value !== 0).length;
      expect(valid).toBeGreaterThan(isWidened ? 1000 : 30_000);
      // NaN where one of them has a value and the other none.
      const worst = off.reduce(
        (one, other) => (other > one || Number.isNaN(other) ? other : one),
        0,
      );
      const exact = resampling === 'near' || resampling === 'mode' || dtype === 'uint8';
      const allowed = exact ? 0 : 1e-4;
      if (!(worst <= allowed)) throw new Error(`Seed ${seed}: off by ${worst}.`);
    },
  );
});

describe('footprints at the edges of a raster and over gaps, computed one by one', () => {
  test.each(['average', 'mode'] as const)('by %s', async (resampling) => {
    const seed = seedOfRun();
    const next = random(seed);
    const side = 60;
    const values = Array.from({ length: side * side }, () =>
      next() < 0.1 ? Number.NaN : Math.floor(9 * next()),
    );
    // Cut in two; the seam lies within target pixels.
    const half = (name: string, from: number, to: number) =>
      writeRaster(join(folder, name), {
        bands: [values.slice(from * side, to * side)],
        width: side,
        transform: [LEFT, 10, 0, TOP - from * 10, 0, -10],
      });
    const files = [half('upper.tif', 0, 31), half('lower.tif', 31, side)];
    const pixel = 37;
    const cube = await cubeFor(
      pixel,
      'float32',
      [LEFT - 13, TOP - 17 * pixel + 11, LEFT - 13 + 17 * pixel, TOP + 11],
      'EPSG:32633',
    );
    const source = await localFiles(cube.dataset, files, { resampling });
    await cube.ingest(cube.grid.geobox, { source, pool });
    const { bands } = await cube.load(cube.grid.geobox);
    const ours = bands.get('v') ?? [];
    const { affine, height, width } = cube.grid.geobox;
    expect(ours.length).toBe(height * width);
    let compared = 0;
    for (let i = 0; i < ours.length; i++) {
      const x = affine[2] + (i % width) * pixel;
      const y = affine[5] - Math.floor(i / width) * pixel;
      const wanted = footprint(
        values,
        side,
        [x - LEFT, TOP - y].map((v) => v / 10),
        pixel / 10,
      );
      const expected = resampling === 'average' ? wanted.mean : wanted.mode;
      if (!Number.isNaN(expected)) compared++;
      const close = Number.isNaN(expected)
        ? Number.isNaN(ours[i])
        : Math.abs((ours[i] as number) - expected) < 1e-5;
      if (!close) throw new Error(`Seed ${seed}, pixel ${i}: ${ours[i]}, not ${expected}.`);
    }
    expect(compared).toBeGreaterThan(250);
  });
});

/** The mean and the first most frequent value of what a square covers, in pixels of the raster. */
function footprint(values: readonly number[], side: number, [x, y]: number[], length: number) {
  const [left, top] = [x as number, y as number];
  let [sum, weights, most, mode] = [0, 0, 0, Number.NaN];
  const counts = new Map<number, number>();
  for (let j = 0; j < side; j++)
    for (let i = 0; i < side; i++) {
      const across = Math.min(i + 1, left + length) - Math.max(i, left);
      const down = Math.min(j + 1, top + length) - Math.max(j, top);
      const value = values[j * side + i] as number;
      if (across <= 1e-9 || down <= 1e-9 || Number.isNaN(value)) continue;
      sum += value * across * down;
      weights += across * down;
      const count = (counts.get(value) ?? 0) + 1;
      counts.set(value, count);
      if (count > most) [most, mode] = [count, value];
    }
  return { mean: sum / weights, mode };
}
