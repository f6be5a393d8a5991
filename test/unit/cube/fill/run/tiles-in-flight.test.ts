import { expect, test } from 'vitest';
import {
  defaultTilesInFlight,
  isLargeTile,
} from '../../../../../src/cube/fill/run/tiles-in-flight.js';

/** A plan of 100 tiles of so many bytes, two requests each. */
const plan = (bytesOfTile: number) => ({ pending: 100, requests: 200, bytes: 100 * bytesOfTile });

test('tiles of usual size are one for each thread and one more, at least', () => {
  expect(defaultTilesInFlight(plan(500e6), 8)).toBe(9);
  expect(defaultTilesInFlight(plan(1e6), 2)).toBeGreaterThan(3);
});

test('of tiles of gigabytes, such as 3600 x 3600 pixels of 64 float32 bands, one is in memory at a time', () => {
  expect(defaultTilesInFlight(plan(3600 * 3600 * 64 * 5), 8)).toBe(1);
});

test('tiles are large by their own pixels too, where nothing is asked of a service', () => {
  const tile = (bands: number) => ({
    bands: Array.from({ length: bands }, (_, i) => ({ name: `b${i}` })),
    dtype: 'float32' as const,
    grid: {
      chunk: [3600, 3600] as const,
      geobox: { crs: '', shape: [1, 1], affine: [1, 0, 0, 0, 1, 0] } as const,
    },
  });
  expect([isLargeTile(tile(64)), isLargeTile(tile(3))]).toEqual([true, false]);
});
