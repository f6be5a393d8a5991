import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RESAMPLING_RADII, RESAMPLINGS } from '../../../src/dataset/dataset.js';
import { createPool, type Pool } from '../../../src/index.js';
import type { WorkType } from '../../../src/raster/dtype.js';
import { seedOfRun } from '../../seed.js';
import { imported, random, type Written, writeRaster } from './rasters.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool({ size: 0 });
});
afterAll(() => pool.close());

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-validity-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const SIDE = 4;
const TRANSFORM = [500_000, 10, 0, 5_000_040, 0, -10];
const gridOf = (resolution: number, chunk = 8) => ({
  crs: 'EPSG:32633',
  bounds: [500_000, 5_000_000, 500_040, 5_000_040] as [number, number, number, number],
  resolution,
  chunk,
});
const ONE_TO_16 = Array.from({ length: 16 }, (_, i) => i + 1);
const { NaN: NAN, POSITIVE_INFINITY: INFINITE } = Number;

/** Each source pixel four times, as on a grid of half its pixel size. */
const twice = (pixels: readonly number[]) =>
  Array.from(
    { length: 64 },
    (_, i) => pixels[Math.floor(i / 16) * SIDE + Math.floor((i % 8) / 2)] as number,
  );
const gapsOf = (pixels: readonly number[] = []) => pixels.map((value) => Number.isNaN(value));

/** On the file's grid, and on one of half its pixel size by every resampling. */
async function expectValid(path: string, values: readonly number[], dtype: WorkType, options = {}) {
  const copied = await imported(pool, { dtype, grid: gridOf(10) }, [path], options);
  expect(copied).toEqual([values]);
  for (const resampling of RESAMPLINGS) {
    const dataset = { dtype, grid: gridOf(5) };
    const [pixels] = await imported(pool, dataset, [path], { ...options, resampling });
    const fine = twice(values);
    expect({ resampling, gaps: gapsOf(pixels) }).toEqual({ resampling, gaps: gapsOf(fine) });
    if (RESAMPLING_RADII[resampling] === 0) expect(pixels).toEqual(fine);
    // No code for "no value" may blend into what has one.
    else
      for (const value of pixels ?? [])
        if (!Number.isNaN(value)) expect(Math.abs(value - 8.5)).toBeLessThan(9);
  }
}

describe('what one source pixel says of itself', () => {
  test('a file with one NaN and a nodata value keeps both as gaps: 52 of 64 pixels are valid', async () => {
    const values = [...ONE_TO_16];
    values[0] = NAN;
    values[10] = -9999;
    values[15] = -9999;
    const path = writeRaster(join(folder, 'f.tif'), {
      bands: [values],
      width: SIDE,
      transform: TRANSFORM,
      nodata: [-9999],
    });
    const known = values.map((value) => (value === -9999 ? NAN : value));
    expect(gapsOf(twice(known)).filter((isGap) => !isGap)).toHaveLength(52);
    await expectValid(path, known, 'float32');
  });

  test('any mix of NaN, nodata, mask and alpha: each makes gaps, whatever the others are', async () => {
    const seed = seedOfRun();
    const next = random(seed);
    for (let round = 0; round < 16; round++) {
      const has = (bit: number) => ((round >> bit) & 1) === 1;
      const one = () => Array.from({ length: 16 }, () => next() < 0.15);
      const [nans, codes, masked, clear] = [one(), one(), one(), one()];
      const values = ONE_TO_16.map((value, i) =>
        has(0) && nans[i] ? NAN : has(1) && codes[i] ? -9999 : value,
      );
      const path = writeRaster(join(folder, `${round}.tif`), {
        bands: has(3) ? [values, clear.map((is) => (is ? 0 : 1))] : [values],
        width: SIDE,
        transform: TRANSFORM,
        hasAlpha: has(3),
        ...(has(1) ? { nodata: [-9999, -9999] } : {}),
        ...(has(2)
          ? { mask: { values: masked.map((is) => (is ? 0 : 255)), isInside: next() < 0.5 } }
          : {}),
      } satisfies Written);
      const known = values.map((value, i) =>
        value === -9999 || (has(2) && masked[i]) || (has(3) && clear[i]) ? NAN : value,
      );
      try {
        await expectValid(path, known, 'float32');
      } catch (cause) {
        throw new Error(`Seed ${seed}, round ${round}: ${(cause as Error).message}`, { cause });
      }
    }
  });

  test.each([
    ['the lowest float32', 'float32', -3.4028234663852886e38, Math.fround(-3.4028234663852886e38)],
    ['a value that float32 rounds', 'float32', -9999.9, Math.fround(-9999.9)],
    ['a large value that float32 rounds', 'float32', 1e20, Math.fround(1e20)],
    ['the same in float64', 'float64', -9999.9, -9999.9],
    ['an infinite value', 'float32', INFINITE, INFINITE],
    ['NaN', 'float32', NAN, NAN],
  ] as const)('%s as nodata', async (_, dtype, nodata, held) => {
    const values = [...ONE_TO_16];
    values[5] = held;
    values[6] = NAN;
    const written = { dtype, bands: [values], width: SIDE, transform: TRANSFORM };
    const known = values.map((value, i) => (i === 5 || i === 6 ? NAN : value));
    const tagged = writeRaster(join(folder, 'tag.tif'), { ...written, nodata: [nodata] });
    await expectValid(tagged, known, dtype);
    // The same from the user, over another word of the file's.
    const other = writeRaster(join(folder, 'user.tif'), { ...written, nodata: [16] });
    if (Number.isFinite(nodata)) await expectValid(other, known, dtype, { nodata });
  });

  test.each([
    ['no pixel can hold', -9999],
    ['is no whole number', 0.5],
    ['is NaN', NAN],
  ])('a nodata value of a byte file that %s makes no gaps', async (_, nodata) => {
    const values = ONE_TO_16.map((value) => value - 1);
    const written = { dtype: 'uint8' as const, bands: [values], width: SIDE, transform: TRANSFORM };
    const path = writeRaster(join(folder, 'f.tif'), { ...written, nodata: [nodata] });
    for (const resolution of [10, 5]) {
      const dataset = { grid: gridOf(resolution) };
      expect(await imported(pool, dataset, [path], { resampling: 'near' })).toEqual([
        resolution === 10 ? values : twice(values),
      ]);
    }
  });

  test('an infinite value is a value', async () => {
    const values = [...ONE_TO_16];
    values[3] = INFINITE;
    values[9] = -INFINITE;
    const path = writeRaster(join(folder, 'f.tif'), {
      bands: [values],
      width: SIDE,
      transform: TRANSFORM,
      nodata: [4],
    });
    expect(await imported(pool, { grid: gridOf(5) }, [path], { resampling: 'near' })).toEqual([
      twice(values),
    ]);
  });
});
