import { expect, test } from 'vitest';
import { contains, intersect, overlap } from '../../../src/grid/window.js';

const window = { row: 2, col: 3, height: 4, width: 5 };

test('intersect gives the common rows and columns', () => {
  expect(intersect(window, { row: 0, col: 6, height: 3, width: 10 })).toEqual({
    row: 2,
    col: 6,
    height: 1,
    width: 2,
  });
});

test('windows that share only an edge or a corner have nothing in common', () => {
  expect(intersect(window, { row: 6, col: 3, height: 1, width: 5 })).toBeUndefined();
  expect(intersect(window, { row: 2, col: 8, height: 4, width: 1 })).toBeUndefined();
  expect(intersect(window, { row: 6, col: 8, height: 1, width: 1 })).toBeUndefined();
});

test('a window contains itself and what lies inside, and nothing that sticks out by one pixel', () => {
  expect(contains(window, window)).toBe(true);
  expect(contains(window, { row: 3, col: 4, height: 1, width: 1 })).toBe(true);
  for (const out of [
    { ...window, row: 1 },
    { ...window, col: 2 },
    { ...window, height: 5 },
    { ...window, width: 6 },
  ])
    expect(contains(window, out)).toBe(false);
});

test('windows overlap when two of them have a pixel in common, not when they touch', () => {
  const beside = { row: 2, col: 8, height: 4, width: 5 };
  expect(overlap([window, beside])).toBe(false);
  expect(overlap([beside, window, { ...beside, col: 7 }])).toBe(true);
  expect(overlap([window])).toBe(false);
});
