import { expect, test } from 'vitest';
import fc from '../fast-check.js';
import { nearest as fillNearest } from '../unit/kernel/fill/fills.js';

/** Squared distance from (row, col) to the nearest valid pixel, and the values found at that distance. */
function nearest(
  pixels: ArrayLike<number>,
  mask: ArrayLike<number>,
  width: number,
  row: number,
  col: number,
): { distance: number; values: Set<number> } {
  let distance = Number.POSITIVE_INFINITY;
  let values = new Set<number>();
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    const own = (Math.floor(i / width) - row) ** 2 + ((i % width) - col) ** 2;
    if (own < distance) values = new Set();
    if (own <= distance) values.add(pixels[i] ?? Number.NaN);
    distance = Math.min(distance, own);
  }
  return { distance, values };
}

const side = fc.integer({ min: 1, max: 26 });
const cases = fc
  .tuple(side, side, fc.constantFrom(2, 10, 50, 90, 100))
  .chain(([height, width, percent]) =>
    fc.record({
      shape: fc.constant({ height, width }),
      // From nearly full to nearly empty, so that gaps reach every edge and corner.
      mask: fc
        .array(fc.integer({ min: 0, max: 99 }), {
          minLength: height * width,
          maxLength: height * width,
        })
        .map((rolls) => rolls.map((roll) => (roll < percent ? 1 : 0))),
      limit: fc.oneof(
        fc.constant(null),
        fc.constantFrom(1, Math.SQRT2, 2, 3, 5),
        fc.double({ min: 0.5, max: 12, noNaN: true }),
      ),
    }),
  );

test('each gap gets the value of a nearest valid pixel within the limit, exactly as a search of all pixels finds it', () => {
  fc.assert(
    fc.property(cases, ({ shape, mask: valid, limit }) => {
      const original = Uint16Array.from(valid, (_, i) => i + 1);
      const pixels = original.slice();
      const left = fillNearest(pixels, Uint8Array.from(valid), shape, limit);
      const wantedLeft: number[] = [];
      for (let i = 0; i < pixels.length; i++) {
        const [row, col] = [Math.floor(i / shape.width), i % shape.width];
        const { distance, values } = nearest(original, valid, shape.width, row, col);
        const isGap = valid[i] === 0;
        const reachable = distance <= (limit === null ? Number.POSITIVE_INFINITY : limit * limit);
        if (isGap && reachable && values.size > 0) {
          expect(values.has(pixels[i] ?? Number.NaN)).toBe(true);
        } else {
          if (isGap) wantedLeft.push(i);
          expect(pixels[i]).toBe(original[i]);
        }
      }
      expect(left).toEqual(wantedLeft);
    }),
    { numRuns: 300 },
  );
});
