import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { RESAMPLINGS } from '../../../src/dataset/dataset.js';
import { createPool, type Pool } from '../../../src/index.js';
import { imported, writeRaster } from './rasters.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool({ size: 0 });
});
afterAll(() => pool.close());

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-packed-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const [HEIGHT, WIDTH, SIZE] = [20, 24, 10];
const [LEFT, TOP] = [500_000, 5_000_000];
const GRID = {
  crs: 'EPSG:32633',
  bounds: [LEFT - 20, TOP - 220, LEFT + 260, TOP + 20],
  resolution: 7,
  chunk: 16,
} as const;

/** A window of the columns from one up to another. */
function columns(values: readonly number[], from: number, to: number): number[] {
  return values.filter((_, k) => k % WIDTH >= from && k % WIDTH < to);
}

const at = (col: number) => [LEFT + col * SIZE, SIZE, 0, TOP, 0, -SIZE];

/** Quarters from -70 to 50: exact by any scale that is a power of two. */
const VALUES = Array.from({ length: HEIGHT * WIDTH }, (_, k) => ((k * 37) % 480) / 4 - 70);

test.each(RESAMPLINGS)(
  'files of one grid whose scale and offset differ are one raster of values, by %s',
  async (resampling) => {
    const dataset = { dtype: 'float64', grid: GRID } as const;
    const file = (name: string, from: number, to: number, scale: number, offset: number) =>
      writeRaster(join(folder, name), {
        dtype: 'int16',
        bands: [columns(VALUES, from, to).map((value) => (value - offset) / scale)],
        width: to - from,
        transform: at(from),
        packing: { scale, offset },
      });
    const whole = writeRaster(join(folder, 'whole.tif'), {
      dtype: 'float64',
      bands: [VALUES],
      width: WIDTH,
      transform: at(0),
    });
    const pieces = [file('left.tif', 0, 11, 0.25, -4), file('right.tif', 11, WIDTH, 0.125, 100.5)];
    const [expected] = await imported(pool, dataset, [whole], { resampling });
    const [found] = await imported(pool, dataset, pieces, { resampling, unscale: true });
    expect(expected?.filter((value) => !Number.isNaN(value)).length).toBeGreaterThan(800);
    expect(found).toEqual(expected);
  },
);

test('files that overlap with equal numbers and other scales are not taken for one raster', async () => {
  const numbers = VALUES.map((_, k) => k % 50);
  const file = (name: string, scale: number) =>
    writeRaster(join(folder, name), {
      dtype: 'int16',
      bands: [numbers],
      width: WIDTH,
      transform: at(0),
      packing: { scale, offset: 0 },
    });
  const files = [file('lower.tif', 0.5), file('upper.tif', 2)];
  const grid = { ...GRID, bounds: [LEFT, TOP - HEIGHT * SIZE, LEFT + WIDTH * SIZE, TOP] as const };
  const dataset = { dtype: 'float64', grid: { ...grid, resolution: SIZE } } as const;
  for (const [order, scale] of [
    ['last', 2],
    ['first', 0.5],
  ] as const) {
    const [found] = await imported(pool, dataset as never, files, { unscale: true, order });
    expect(found).toEqual(numbers.map((number) => number * scale));
  }
});

test.each(RESAMPLINGS)(
  'int8 in pieces, with negative numbers and a nodata value, is resampled as int16 is, by %s',
  async (resampling) => {
    const numbers = VALUES.map((value, k) => (k % 17 === 0 ? -128 : Math.round(value)));
    const dataset = { dtype: 'int16', nodata: -32768, grid: GRID } as const;
    const piece = (name: string, from: number, to: number, isSigned: boolean) =>
      writeRaster(join(folder, name), {
        dtype: isSigned ? 'uint8' : 'int16',
        bands: [columns(numbers, from, to).map((number) => (isSigned ? number & 255 : number))],
        width: to - from,
        transform: at(from),
        nodata: [-128],
        isSigned,
      });
    const whole = piece('whole.tif', 0, WIDTH, false);
    const pieces = [piece('left.tif', 0, 9, true), piece('right.tif', 9, WIDTH, true)];
    const [expected] = await imported(pool, dataset, [whole], { resampling });
    const [found] = await imported(pool, dataset, pieces, { resampling });
    expect(expected?.filter((number) => number < 0 && number > -129).length).toBeGreaterThan(200);
    expect(found).toEqual(expected);
  },
);
