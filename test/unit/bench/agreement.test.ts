import { expect, test } from 'vitest';
import { checkEqual, checkNearest } from '../../../native-bench/agreement.mjs';

/** One gap, at the centre: 20 above, 40 to the left and 60 to the right are equally near, 80 below too. */
const SOURCE = {
  pixels: Uint8Array.of(10, 20, 30, 40, 0, 60, 70, 80, 90),
  mask: Uint8Array.of(1, 1, 1, 1, 0, 1, 1, 1, 1),
  shape: [3, 3] as [number, number],
};

const filledWith = (value: number) => SOURCE.pixels.with(4, value);

test.each([20, 40, 60, 80])('any of the equally near values agrees: %d', (value) => {
  expect(checkNearest('a contender', filledWith(value), SOURCE)).toBe(1);
});

test.each([10, 30, 70, 90, 0])('a value further away, or none, does not: %d', (value) => {
  expect(() => checkNearest('a contender', filledWith(value), SOURCE)).toThrow(
    'Expected one of 20, 40, 60, 80 at the gap pixel 4 of a contender',
  );
});

test('a changed valid pixel does not agree', () => {
  expect(() => checkNearest('a contender', filledWith(20).with(0, 11), SOURCE)).toThrow(
    'Expected 10 at pixel 0 of a contender but received 11',
  );
});

test('a distance along a row is told from one across a corner', () => {
  const pixels = Uint8Array.of(1, 2, 3, 4, 5, 0, 0, 0, 6);
  const mask = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1);
  const shape = [3, 3] as [number, number];
  // Pixel 1 is 1 from the first and sqrt(5) from the last; pixel 4 is as far from both.
  const right = Uint8Array.of(1, 1, 1, 1, 6, 6, 1, 6, 6);
  expect(checkNearest('a contender', right, { pixels, mask, shape })).toBe(7);
  expect(() => checkNearest('a contender', right.with(1, 6), { pixels, mask, shape })).toThrow(
    'Expected one of 1 at the gap pixel 1',
  );
});

test('pixels are equal within a tolerance, where they are looked at, and NaN equals NaN', () => {
  const one = Float32Array.of(1, Number.NaN, 3);
  expect(() => checkEqual('it', one, [1.05, Number.NaN, 3], { tolerance: 0.1 })).not.toThrow();
  expect(() => checkEqual('it', one, [1, Number.NaN, 9], { where: [1, 1, 0] })).not.toThrow();
  expect(() => checkEqual('it', one, [1.2, Number.NaN, 3], { tolerance: 0.1 })).toThrow('pixel 0');
  expect(() => checkEqual('it', one, [1, 2, 3])).toThrow('pixel 1');
  expect(() => checkEqual('it', one, [1, 2])).toThrow('Expected 2 pixels of it but received 3');
});
