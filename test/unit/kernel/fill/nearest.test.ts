import { expect, test } from 'vitest';
import { nearest } from './fills.js';

test('a filled pixel is never the source of another: with a limit of 1 a gap is filled from its rim only', () => {
  const pixels = Uint8Array.of(7, 0, 0, 0, 9);
  const mask = Uint8Array.of(1, 0, 0, 0, 1);
  expect(nearest(pixels, mask, { height: 1, width: 5 }, 1)).toEqual([2]);
  expect([...pixels]).toEqual([7, 7, 0, 9, 9]);
});

test('distance is Euclidean: a limit of 1 does not reach over a corner, one of 1.5 does', () => {
  const fill = (limit: number) => {
    const pixels = Uint8Array.of(5, 0, 0, 0);
    nearest(pixels, Uint8Array.of(1, 0, 0, 0), { height: 2, width: 2 }, limit);
    return [...pixels];
  };
  expect(fill(1)).toEqual([5, 5, 5, 0]);
  expect(fill(1.5)).toEqual([5, 5, 5, 5]);
});

test('a pixel exactly at the limit is filled', () => {
  const pixels = Uint8Array.of(5, 0, 0, 0);
  nearest(pixels, Uint8Array.of(1, 0, 0, 0), { height: 4, width: 1 }, 3);
  expect([...pixels]).toEqual([5, 5, 5, 5]);
});

test('without one valid pixel nothing is filled', () => {
  const pixels = Float32Array.of(1, 2);
  expect(nearest(pixels, Uint8Array.of(0, 0), { height: 1, width: 2 }, null)).toEqual([0, 1]);
  expect([...pixels]).toEqual([1, 2]);
});
