import { expect, test } from 'vitest';
import {
  addUp,
  checkWarp,
  compareWarps,
  limitsOf,
  steepest,
} from '../../../native-bench/warped-pixels.mjs';

test('pixels are counted that differ, that one alone has, and those without a value in both are left out', () => {
  const ours = Uint16Array.of(0, 5, 7, 0, 9, 12);
  const theirs = Uint16Array.of(0, 5, 10, 3, 0, 11);
  expect(compareWarps(theirs, ours, 0)).toEqual({
    ...{ pixels: 5, different: 4, oneSided: 2, worst: 3 },
  });
  expect(() => compareWarps(ours, ours.subarray(1), 0)).toThrow('Expected 5 pixels but received 6');
});

test('bands are added up, and the worst of them counts', () => {
  expect(
    addUp([
      { pixels: 5, different: 2, oneSided: 1, worst: 3 },
      { pixels: 4, different: 1, oneSided: 0, worst: 8 },
    ]),
  ).toEqual({ pixels: 9, different: 3, oneSided: 1, worst: 8 });
});

test('the steepest step is told for each axis, and not from the end of a row to the next', () => {
  // Rows 1 2 9 and 100 101 102: 7 to the right, 99 down; 9 to 100 is none.
  expect(steepest(Uint16Array.of(1, 2, 9, 100, 101, 102), [2, 3])).toEqual([7, 99]);
});

const WARP = { steps: [30, 50] as const, outline: 40, pixels: 2_000_000 };

test.each([
  // One in a million is a tie.
  ['near', true, { different: 2, worst: 80, oneSided: 2 }],
  // An eighth of a pixel on each of two axes moves a quarter of the pixels to a neighbour.
  ['near', false, { different: 500_000, worst: 80, oneSided: 40 }],
  ['bilinear', true, { different: 2_000_000, worst: 1, oneSided: 40 }],
  ['bilinear', false, { different: 2_000_000, worst: 11, oneSided: 40 }],
] as const)('limits of %s with exact positions: %j', (resampling, isExact, limits) => {
  expect(limitsOf({ ...WARP, resampling, isExact })).toEqual(limits);
});

test.each(['different', 'worst', 'oneSided'] as const)(
  'a run ends where more is off than may be: %s',
  (key) => {
    const limits = { different: 2, worst: 1, oneSided: 40 };
    const found = { pixels: 100, different: 2, worst: 1, oneSided: 40 };
    expect(() => checkWarp('gdalwarp', found, limits)).not.toThrow();
    expect(() => checkWarp('gdalwarp', { ...found, [key]: limits[key] + 1 }, limits)).toThrow(
      'Expected pixels of gdalwarp that differ from those of exact positions by no more than',
    );
  },
);
