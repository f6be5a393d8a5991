import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { DatasetFile } from '../../../../src/dataset/file/dataset-file.js';
import { parseToi } from '../../../../src/dataset/toi.js';
import { filledCube } from '../filled-cube.js';
import { numberAt, numberedCube, WIDTH } from './numbered-cube.js';

interface Sample {
  readonly points: [number, number][];
  readonly values: (number | null)[];
}
const { samples } = JSON.parse(readFileSync(new URL('expected.json', import.meta.url), 'utf8')) as {
  samples: Record<string, Sample>;
};

/** None outside, and none where the pixel has the code for it. */
const wanted = ({ values }: Sample) =>
  values.map((value) => (value === null || value === -9999 ? Number.NaN : value));

describe('values at points', () => {
  test.each([
    ['rasterio, of a polar cube and points around it', 'polar', undefined],
    ['pyproj, of a polar cube and points in UTM', 'EPSG:32622', undefined],
    ['pyproj, of a polar cube and points in UTM of another datum', 'EPSG:3182', undefined],
    ['xarray, of a cube around the world', 'world', { bounds: [-180, -61, 180, 61] }],
    ['xarray, of a cube across the antimeridian', 'across', { bounds: [170, -61, 253, 61] }],
  ] as const)('are those of %s', async (_, name, bounds) => {
    const place = bounds === undefined ? {} : { place: { crs: 'EPSG:4326', ...bounds } };
    const filled = await numberedCube('int16', { ...place, isWhole: true });
    try {
      const sample = samples[name] as Sample;
      const { bands, outside, notLoaded, points } = await filled.cube.sample(
        sample.points,
        name.startsWith('EPSG') ? { crs: name } : {},
      );
      expect([...(bands.get('value') ?? [])]).toEqual(wanted(sample));
      expect(points).toBe(sample.points.length);
      expect(outside).toBe(sample.values.filter((value) => value === null).length);
      expect(notLoaded).toBe(0);
    } finally {
      filled.remove();
    }
  });

  test('in tiles that are not loaded are none, and counted; in the CRS of the grid and scaled too', async () => {
    const attributes = { scale_factor: 0.5, add_offset: 10 };
    const filled = await numberedCube('uint16', { attributes });
    try {
      const at = (row: number, col: number): [number, number] => [
        -1e6 + (col + 0.5) * 1e4,
        -2e6 - (row + 0.5) * 1e4,
      ];
      // The tile 1-2 is not loaded; the last is on the far corner, the one before outside.
      const points = [
        at(0, 0),
        at(25, 70),
        at(60, WIDTH - 1),
        at(-1, 0),
        [-0.17e6, -2.61e6],
      ] as const;
      const found = await filled.cube.sample(points, { crs: 'EPSG:3413', scaled: true });
      expect(found).toMatchObject({ outside: 1, notLoaded: 1 });
      const corner = numberAt('uint16', 60, WIDTH - 1) * 0.5 + 10;
      expect([...(found.bands.get('value') ?? [])]).toEqual([
        10,
        Number.NaN,
        corner,
        Number.NaN,
        corner,
      ]);
      // Latitudes that are none, and the other side of the earth.
      const none = await filled.cube.sample([
        [-45, 91],
        [135, -66],
        [Number.NaN, 1],
      ]);
      expect(none.outside).toBe(3);
      await expect(filled.cube.sample([['a', 1]] as never)).rejects.toThrow('two numbers x and y');
    } finally {
      filled.remove();
    }
  });

  test('come of each step and of bands of several types, each with its own code for "no value"', async () => {
    const file = {
      title: 'typed',
      local: true,
      bands: [
        { name: 'codes', dtype: 'uint8', nodata: 255 },
        { name: 'plain', dtype: 'uint16', nodata: 7 },
        { name: 'values', dtype: 'float32' },
      ],
      dtype: 'uint16',
      nodata: 7,
      grid: { crs: 'EPSG:4326', bounds: [0, 0, 4, 3], resolution: 1, chunk: 2 },
      time: { start: '2019', step: '1 year', end: '2021' },
    } as DatasetFile;
    const numbers = [
      (col: number, t: number) => (t === 1 ? 255 : 10 * t + col),
      (col: number, t: number) => (col === 3 ? 7 : 1000 * t + 255),
      (col: number, t: number) => (t === 0 ? Number.NaN : col / 4),
    ];
    const filled = await filledCube(
      file,
      (band, _, col, t) => numbers[band]?.(col, t) ?? Number.NaN,
      { isLoaded: ({ t, col }) => !(t === 2 && col === 1) },
    );
    try {
      const { cube } = filled;
      const points = [
        [0.5, 0.5],
        [3.5, 2.5],
      ] as const;
      const all = await cube.sample(points);
      const none = Number.NaN;
      expect(all.steps?.map(({ index }) => index)).toEqual([0, 1, 2]);
      expect(Object.fromEntries([...all.bands].map(([name, found]) => [name, [...found]]))).toEqual(
        {
          codes: [0, 3, none, none, 20, none],
          plain: [255, none, 1255, none, 2255, none],
          values: [none, none, 0, 0.75, 0, none],
        },
      );
      expect(all.notLoaded).toBe(1);
      const one = await cube.sample(points, { time: parseToi('2021'), bands: ['plain'] });
      expect([...one.bands]).toEqual([['plain', Float64Array.of(2255, none)]]);
    } finally {
      filled.remove();
    }
  });
});
