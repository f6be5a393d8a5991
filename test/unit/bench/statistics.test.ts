import { expect, test } from 'vitest';
import { median, ratio, slope, spread } from '../../../native-bench/statistics.mjs';

test('the median is the middle value, or the mean of the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 10, 1, 2])).toBe(3);
  expect(() => median([])).toThrow('at least one value');
});

test('a spread is the median, the smallest and the largest', () => {
  expect(spread([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
});

test('ratios are taken within rounds, not between medians', () => {
  // The second round was disturbed for both; the medians alone would say 4.
  expect(ratio([2, 30, 4], [1, 10, 1])).toEqual({ median: 3, min: 2, max: 4 });
});

test('rounds that one contender left out do not count', () => {
  expect(ratio([50], [10, 1, 1])).toEqual({ median: 5, min: 5, max: 5 });
});

test('the slope is that of the least-squares line', () => {
  expect(
    slope([
      [0, 1],
      [1, 3],
      [2, 5],
    ]),
  ).toBeCloseTo(2, 12);
  // By hand: x - 1.5 times y, summed, is 4; (x - 1.5)^2 is 5.
  expect(
    slope([
      [0, 1],
      [1, 2],
      [2, 2],
      [3, 2.25 + 1 / 12],
    ]),
  ).toBeCloseTo(0.4, 12);
  expect(() => slope([[1, 1]])).toThrow('two different x');
});
