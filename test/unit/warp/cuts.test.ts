import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RESAMPLINGS } from '../../../src/dataset/dataset.js';
import { createPool, type Pool } from '../../../src/index.js';
import type { DType } from '../../../src/raster/dtype.js';
import { seedOfRun } from '../../seed.js';
import { imported, random, writeRaster } from './rasters.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool({ size: 0 });
});
afterAll(() => pool.close());

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-cuts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Bounds = [west: number, south: number, east: number, north: number];
const [HEIGHT, WIDTH] = [83, 97];
const [LEFT, TOP, SIZE] = [500_012.3, 5_000_123.7, 29.7];

/** Sides of pieces that make a whole: at least one pixel each. */
function cutsOf(length: number, next: () => number): number[] {
  const inner = Array.from({ length: Math.floor(next() * 4) }, () =>
    Math.floor(1 + next() * (length - 1)),
  );
  return [...new Set([0, ...inner, length])].sort((one, other) => one - other);
}

const GRIDS = {
  'finer, of the same CRS': { crs: 'EPSG:32633', resolution: 17.3, least: 500 },
  'coarser, of the same CRS': { crs: 'EPSG:32633', resolution: 101.9, least: 40 },
  'finer, of another CRS': { crs: 'EPSG:4326', resolution: 0.00021, least: 500 },
  'coarser, of another CRS': { crs: 'EPSG:4326', resolution: 0.00133, least: 40 },
} as const;

describe.each(Object.entries(GRIDS))('a raster on a grid that is %s', (_, grid) => {
  test.each(RESAMPLINGS)(
    'by %s, has the same pixels however files and tiles are cut',
    async (resampling) => {
      const seed = seedOfRun();
      const next = random(seed);
      for (const dtype of ['float32', 'uint8'] as const satisfies DType[]) {
        const rows = cutsOf(HEIGHT, next);
        const columns = cutsOf(WIDTH, next);
        const pieces = rows.slice(0, -1).flatMap((row, j) =>
          columns.slice(0, -1).map((col, i) => ({
            row,
            col,
            height: (rows[j + 1] as number) - row,
            width: (columns[i + 1] as number) - col,
            // Some are not there; what is in the corners says where the raster ends.
            isThere:
              next() < 0.8 ||
              ((j === 0 || j === rows.length - 2) && (i === 0 || i === columns.length - 2)),
          })),
        );
        const values = Array.from({ length: HEIGHT * WIDTH }, (_, k) => {
          const value =
            100 + 60 * Math.sin(k / 11) + 40 * Math.cos(k / WIDTH / 5) + 50 * (next() - 0.5);
          return next() < 0.03 ? 0 : dtype === 'uint8' ? Math.round(value / 9) : Math.fround(value);
        });
        for (const { row, col, height, width, isThere } of pieces)
          if (!isThere)
            for (let y = row; y < row + height; y++)
              values.fill(0, y * WIDTH + col, y * WIDTH + col + width);
        const write = (name: string, { row, col, height, width } = whole) =>
          writeRaster(join(folder, name), {
            dtype,
            bands: [
              Array.from(
                { length: height * width },
                (_, k) => values[(row + Math.floor(k / width)) * WIDTH + col + (k % width)],
              ) as number[],
            ],
            width,
            transform: [LEFT + col * SIZE, SIZE, 0, TOP - row * SIZE, 0, -SIZE],
            nodata: [0],
          });
        const uncut = write(`${dtype}.tif`);
        // Some with a collar, whose pixels two of them have in common.
        const collar = next() < 0.5 ? 0 : Math.floor(1 + next() * 3);
        const files = pieces
          .filter(({ isThere }) => isThere)
          .map((piece, i) => write(`${dtype}-${i}.tif`, withCollar(piece, collar)));
        const bounds = inset(
          grid.crs === 'EPSG:4326'
            ? [14.9995, 45.1292, 15.0378, 45.1537]
            : [LEFT - 40, TOP - HEIGHT * SIZE - 40, LEFT + WIDTH * SIZE + 40, TOP + 40],
          // Some grids end within the raster, so that files lie beside them.
          next() < 0.5 ? () => 0 : next,
        );
        const cube = (chunk: number) => ({
          dtype,
          ...(dtype === 'uint8' ? { nodata: 0 } : {}),
          grid: { crs: grid.crs, bounds, resolution: grid.resolution, chunk },
        });
        const [expected = []] = await imported(pool, cube(512), [uncut], { resampling });
        const valid = expected.filter((value) => !Number.isNaN(value) && value !== 0);
        expect(valid.length).toBeGreaterThan(grid.least / 3);
        const chunk = 7 + Math.floor(next() * 60);
        files.sort(() => next() - 0.5);
        const [actual = []] = await imported(pool, cube(chunk), files, { resampling });
        const different = actual.filter((value, i) => !Object.is(value, expected[i])).length;
        const what = { seed, dtype, chunk, collar, files: files.length };
        expect({ ...what, different }).toEqual({ ...what, different: 0 });
      }
    },
  );
});

function withCollar({ row, col, height, width }: typeof whole, collar: number): typeof whole {
  const [top, left] = [Math.max(row - collar, 0), Math.max(col - collar, 0)];
  const bottom = Math.min(row + height + collar, HEIGHT);
  const right = Math.min(col + width + collar, WIDTH);
  return { row: top, col: left, height: bottom - top, width: right - left };
}

/** Bounds with up to a fifth cut off at each side. */
function inset([west, south, east, north]: Bounds, next: () => number): Bounds {
  const [across, down] = [(east - west) / 5, (north - south) / 5];
  return [
    west + next() * across,
    south + next() * down,
    east - next() * across,
    north - next() * down,
  ];
}

const whole = { row: 0, col: 0, height: HEIGHT, width: WIDTH };

test.each(['bilinear', 'cubic', 'average'] as const)(
  'files beside the cube give its edges what the uncut raster has there, by %s',
  async (resampling) => {
    const value = (row: number, col: number) => (row * 37 + col * col * 11) % 101;
    const write = (name: string, row: number, col: number, height: number, width: number) =>
      writeRaster(join(folder, name), {
        bands: [
          Array.from({ length: height * width }, (_, k) =>
            value(row + Math.floor(k / width), col + (k % width)),
          ),
        ],
        width,
        transform: [500_000 + col * 10, 10, 0, 5_000_000 - row * 10, 0, -10],
      });
    const pieces = [0, 8, 16].flatMap((row) =>
      [0, 8, 16].map((col) => write(`${row}-${col}.tif`, row, col, 8, 8)),
    );
    // Pixels of 7 m, and the middle one of the nine files.
    const bounds: Bounds = [500_080, 5_000_000 - 160, 500_157, 5_000_000 - 83];
    const dataset = { grid: { crs: 'EPSG:32633', bounds, resolution: 7, chunk: 16 } };
    const uncut = write('uncut.tif', 0, 0, 24, 24);
    const alone = pieces[4] as string;
    const expected = await imported(pool, dataset, [uncut], { resampling });
    expect(await imported(pool, dataset, pieces, { resampling })).toEqual(expected);
    if (resampling !== 'average')
      expect(await imported(pool, dataset, [alone], { resampling })).not.toEqual(expected);
  },
);

describe('rasters of several grids', () => {
  const [x, y, size] = [500_000, 5_000_000, 10];
  const piece = (name: string, value: number, at: number, shift = 0) =>
    writeRaster(join(folder, name), {
      bands: [Array<number>(64).fill(value)],
      width: 8,
      transform: [x + at * size + shift, size, 0, y, 0, -size],
    });
  const dataset = {
    grid: {
      crs: 'EPSG:32633',
      bounds: [x, y - 80, x + 240, y] as [number, number, number, number],
      resolution: 4,
      chunk: 16,
    },
  };
  const row = (pixels: readonly number[] = []) => [...new Set(pixels.slice(600, 660))];

  test('lie over one another in their order, though two of one grid would be one raster', async () => {
    // One over the middle, on a grid of its own; below it the first, above it the last.
    const files = [piece('a.tif', 1, 0), piece('b.tif', 2, 4, 3), piece('c.tif', 3, 8)];
    for (const resampling of ['near', 'mode'] as const) {
      const [last] = await imported(pool, dataset, files, { resampling });
      // 3 covers 80..160 m and 2 43..123 m, of which 3 leaves the part up to 80 m.
      expect(row(last)).toEqual([1, 2, 3, Number.NaN]);
      const [first] = await imported(pool, dataset, files, { resampling, order: 'first' });
      const widthOf2 = (pixels: readonly number[] = []) =>
        pixels.slice(600, 660).filter((value) => value === 2).length;
      expect(widthOf2(last)).toBeLessThan(widthOf2(first) + 3);
      expect(row(first)).toEqual([1, 2, 3, Number.NaN]);
    }
  });
});
