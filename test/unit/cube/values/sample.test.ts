import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { numberAt, numberedCube, WIDTH } from './numbered-cube.js';

interface Sample {
  readonly points: [number, number][];
  readonly values: (number | null)[];
}
const { samples } = JSON.parse(readFileSync(new URL('expected.json', import.meta.url), 'utf8')) as {
  samples: Record<'polar' | 'world' | 'across', Sample>;
};

/** None outside, and none where the pixel has the code for it. */
const wanted = ({ values }: Sample) =>
  values.map((value) => (value === null || value === -9999 ? Number.NaN : value));

describe('values at points', () => {
  test.each([
    ['rasterio, of a polar cube and points around it', 'polar', undefined],
    ['xarray, of a cube around the world', 'world', { bounds: [-180, -61, 180, 61] }],
    ['xarray, of a cube across the antimeridian', 'across', { bounds: [170, -61, 253, 61] }],
  ] as const)('are those of %s', async (_, name, bounds) => {
    const place = bounds === undefined ? {} : { place: { crs: 'EPSG:4326', ...bounds } };
    const filled = await numberedCube('int16', { ...place, isWhole: true });
    try {
      const sample = samples[name];
      const { bands, outside, notLoaded, points } = await filled.cube.sample(sample.points);
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
});
