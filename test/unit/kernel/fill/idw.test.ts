import { expect, test } from 'vitest';
import fc from '../../../fast-check.js';
import { gdalFill, idw } from './fills.js';

/** Gaps of `fill` in the result; valid pixels mean nothing there. */
function gapsOf(values: Float32Array, mask: Uint8Array): number[] {
  return Array.from(values).filter((_, i) => mask[i] === 0);
}

test("fills bit for bit what GDAL's fillNodata fills, over masks, distances and types", () => {
  const cases = fc
    .record({ height: fc.integer({ min: 1, max: 30 }), width: fc.integer({ min: 1, max: 30 }) })
    .chain(({ height, width }) =>
      fc.record({
        height: fc.constant(height),
        width: fc.constant(width),
        values: fc.array(fc.integer({ min: -30_000, max: 30_000 }), {
          minLength: height * width,
          maxLength: height * width,
        }),
        /** Part of a hundred that is valid. */
        share: fc.integer({ min: 0, max: 100 }),
        draws: fc.array(fc.integer({ min: 0, max: 99 }), {
          minLength: height * width,
          maxLength: height * width,
        }),
        distance: fc.oneof(
          fc.integer({ min: 1, max: 50 }),
          fc.double({ min: 1, max: 12, noNaN: true }),
        ),
        make: fc.constantFrom(
          (values: number[]) => Int16Array.from(values),
          (values: number[]) => Int32Array.from(values, (value) => value * 65_537),
          (values: number[]) => Float32Array.from(values, (value) => value / 7),
          (values: number[]) => Float64Array.from(values, (value) => value / 7),
        ),
      }),
    );
  fc.assert(
    fc.property(cases, ({ height, width, values, share, draws, distance, make }) => {
      const mask = Uint8Array.from(draws, (draw) => (draw < share ? 1 : 0));
      const pixels = make(values);
      const shape = { height, width };
      const wanted = gdalFill(pixels, mask, shape, distance);
      expect(gapsOf(idw(pixels, mask, shape, distance), mask)).toEqual(gapsOf(wanted, mask));
    }),
    { numRuns: 150, seed: 20_261_122 },
  );
});

test('a gap takes the mean of its four neighbours, and nothing beyond them', () => {
  const pixels = Float32Array.of(9, 1, 9, 2, 0, 4, 9, 5, 9);
  const mask = Uint8Array.of(1, 1, 1, 1, 0, 1, 1, 1, 1);
  // Upper left: left and above are equally near, and one of them is taken; so in every quadrant.
  const value = idw(pixels, mask, { height: 3, width: 3 }, 10)[4] ?? Number.NaN;
  expect(value).toBeGreaterThanOrEqual(1);
  expect(value).toBeLessThanOrEqual(5);
});

test('weights are the inverse of the distance', () => {
  const pixels = Float32Array.of(10, 0, 0, 40);
  const mask = Uint8Array.of(1, 0, 0, 1);
  const filled = idw(pixels, mask, { height: 1, width: 4 }, 10);
  expect(filled[1]).toBe((10 / 1 + 40 / 2) / (1 / 1 + 1 / 2));
  expect(filled[2]).toBe((10 / 2 + 40 / 1) / (1 / 2 + 1 / 1));
});

test('a gap with no valid pixel within the distance stays one', () => {
  const filled = idw(
    Float32Array.of(7, 0, 0, 0),
    Uint8Array.of(1, 0, 0, 0),
    { height: 1, width: 4 },
    2,
  );
  expect([...filled.subarray(1)]).toEqual([7, 7, Number.NaN]);
});
