import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { type GeoJsonRegion, parseBoundingBox, type Roi } from '../../../../src/grid/roi.js';
import type { Cube, GeoBox } from '../../../../src/index.js';
import { createPool } from '../../../../src/pool/pool.js';
import type { DType } from '../../../../src/raster/dtype.js';
import type { FilledCube } from '../filled-cube.js';
import { numberedCube } from './numbered-cube.js';

interface Expected {
  readonly pixels: number;
  readonly valid: number;
  readonly nodata: number;
  readonly missing: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly std: number;
  readonly quantiles: readonly number[];
}

const EXPECTED = JSON.parse(readFileSync(new URL('expected.json', import.meta.url), 'utf8')) as {
  quantiles: number[];
  shapes: Record<string, GeoJsonRegion>;
  degrees: [number, number][];
  stats: Record<DType, Record<string, Expected>>;
};

const crs = { type: 'name', properties: { name: 'EPSG:3413' } };
const REGIONS: Readonly<Record<string, (whole: GeoBox) => Roi>> = {
  whole: (whole) => whole,
  // Its edges lie within pixels: those that it touches are meant.
  box: () => ({
    ...{ west: -880_000 + 3, south: -2_440_000 + 5, east: -290_000 - 2, north: -2_070_000 - 7 },
    crs: parseCrs('EPSG:3413'),
  }),
  triangle: () => ({ ...EXPECTED.shapes.triangle, crs }) as GeoJsonRegion,
  overlapping: () => ({ ...EXPECTED.shapes.overlapping, crs }) as GeoJsonRegion,
  degrees: () => ({ type: 'Polygon', coordinates: [EXPECTED.degrees] }),
};

const DTYPES = Object.keys(EXPECTED.stats) as DType[];

describe.each(DTYPES)('of %s, count, extremes, mean, std and quantiles', (dtype) => {
  let filled: FilledCube;
  let cube: Cube;
  beforeAll(async () => {
    filled = await numberedCube(dtype);
    cube = filled.cube as Cube;
  });
  afterAll(() => filled.remove());

  test.each(Object.keys(REGIONS))('of the region "%s" are those of numpy', async (name) => {
    const roi = (REGIONS[name] as (typeof REGIONS)[string])(cube.grid.geobox);
    const { quantiles } = EXPECTED;
    const { each, scaled } = await cube.stats(roi, { quantiles });
    expect(scaled).toBe(false);
    expect(each).toHaveLength(1);
    const { mean, std, quantiles: found = [], ...rest } = each[0] ?? ({} as never);
    const {
      mean: wantedMean,
      std: wantedStd,
      quantiles: wanted,
      ...others
    } = EXPECTED.stats[dtype][name] as Expected;
    expect(rest).toEqual({ band: 'value', dtype, ...others });
    // To the last bits: sums in another order.
    const { max, min } = others;
    const digits = 1e-13 * Math.max(Math.abs(max), Math.abs(min));
    expect(Math.abs((mean ?? Number.NaN) - wantedMean)).toBeLessThan(digits);
    expect(Math.abs((std ?? Number.NaN) - wantedStd)).toBeLessThan(digits);
    expect(found.map(({ q }) => q)).toEqual(quantiles);
    expect(found.map(({ value }) => value)).toEqual(wanted);
  });
});

describe('statistics', () => {
  test('are the same by threads, of small pieces, and without quantiles', async () => {
    const filled = await numberedCube('float32');
    const pool = createPool({ size: 2, kernel: 'js' });
    try {
      const whole = filled.cube.grid.geobox;
      const alone = await filled.cube.stats(whole);
      expect(await filled.cube.stats(whole, { pool, pixelBytes: 1 })).toEqual(alone);
      const { quantiles: _, ...rest } = alone.each[0] ?? ({} as never);
      expect((await filled.cube.stats(whole, { quantiles: [] })).each).toEqual([
        { ...rest, quantiles: [] },
      ]);
      expect(alone.missingTiles).toBe(3);
    } finally {
      await pool.close();
      filled.remove();
    }
  });

  test.each([
    [0.5, 10],
    [-0.5, 10],
  ])(
    'of values are those of the numbers times %d plus %d, in the units of the band',
    async (scale, offset) => {
      const attributes = { scale_factor: scale, add_offset: offset, units: 'K' };
      const filled = await numberedCube('uint16', { attributes });
      try {
        const whole = filled.cube.grid.geobox;
        const quantiles = [0, 0.25, 1];
        const [numbers] = (await filled.cube.stats(whole, { quantiles: [0, 0.25, 0.75, 1] })).each;
        const { each, scaled } = await filled.cube.stats(whole, { quantiles, scaled: true });
        const [stats] = each;
        expect(scaled).toBe(true);
        const of = (number = Number.NaN) => number * scale + offset;
        const ends = [of(numbers?.min), of(numbers?.max)].sort((one, other) => one - other);
        expect([stats?.min, stats?.max]).toEqual(ends);
        expect(stats?.mean).toBe(of(numbers?.mean));
        expect(stats?.std).toBe((numbers?.std ?? 0) / 2);
        expect(stats?.units).toBe('K');
        const quarter = numbers?.quantiles?.[scale > 0 ? 1 : 2]?.value;
        expect(stats?.quantiles?.map(({ value }) => value)).toEqual([
          ends[0],
          expect.closeTo(of(quarter), 9),
          ends[1],
        ]);
      } finally {
        filled.remove();
      }
    },
  );

  test('of a region without a valid pixel tell that there is none, and of no region that it is outside', async () => {
    const filled = await numberedCube('uint8');
    try {
      const { cube } = filled;
      // The tile 1-2 is not loaded.
      const missing = cube.grid.tileGeoBox({ row: 1, col: 2 });
      expect(await cube.stats(missing)).toEqual({
        scaled: false,
        missingTiles: 1,
        each: [{ band: 'value', dtype: 'uint8', pixels: 460, valid: 0, nodata: 0, missing: 460 }],
      });
      await expect(cube.stats(parseBoundingBox('100,10,101,11'))).rejects.toThrow(
        'Expected a region',
      );
      const [x, y] = [-999_000, -2_001_000];
      const tiny = [
        [x, y],
        [x + 100, y],
        [x, y + 100],
        [x, y],
      ];
      await expect(
        cube.stats({ type: 'Polygon', coordinates: [tiny], crs } as GeoJsonRegion),
      ).rejects.toThrow('Expected a region that holds the centre of one pixel at least');
      await expect(cube.stats(missing, { quantiles: [2] })).rejects.toThrow('from 0 to 1');
      await expect(cube.stats(missing, { bands: ['x'] })).rejects.toThrow('Expected one of value');
    } finally {
      filled.remove();
    }
  });
});
