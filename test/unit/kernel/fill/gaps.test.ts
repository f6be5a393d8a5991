import { describe, expect, test } from 'vitest';
import {
  addAround,
  addMasked,
  addUncovered,
  findMasked,
  GapList,
} from '../../../../src/kernel/fill/gaps.js';
import { addInvalid } from '../../../../src/kernel/fill/invalid.js';
import type { PixelArray } from '../../../../src/raster/dtype.js';
import fc from '../../../fast-check.js';
import { seedOfRun } from '../../../seed.js';
import { random } from '../../warp/rasters.js';

function listed(add: (gaps: GapList) => void): number[] {
  const gaps = new GapList();
  add(gaps);
  return [...gaps.indices()];
}

function invalid(pixels: PixelArray, value: number | undefined): number[] {
  const window = { row: 0, col: 0, height: 1, width: pixels.length };
  return listed((gaps) => addInvalid(gaps, pixels, pixels.length, window, value));
}

describe('a list of gaps', () => {
  test('is ascending and holds each gap once, however they were added, and grows as needed', () => {
    const order = Array.from({ length: 3000 }, (_, i) => (i * 7919) % 3000);
    const expected = Array.from({ length: 3000 }, (_, i) => i);
    const add = (gaps: GapList) => {
      for (const i of [...order, ...order]) gaps.add(i);
    };
    expect(listed(add)).toEqual(expected);
  });

  test('is ascending too where whole lists were added, before, behind and among its own', () => {
    const lists = [[40, 41], [], [7, 42], [1, 2, 3, 99]].map((list) => Int32Array.from(list));
    const add = (gaps: GapList) => {
      gaps.add(5);
      for (const list of lists) gaps.addAll(list);
      gaps.add(100);
    };
    expect(listed(add)).toEqual([1, 2, 3, 5, 7, 40, 41, 42, 99, 100]);
    const many = Int32Array.from({ length: 5000 }, (_, i) => 2 * i);
    expect(listed((gaps) => gaps.addAll(many))).toEqual([...many]);
  });

  test('is that of a set, whatever was added: single pixels, runs and marks, in any order', () => {
    const index = fc.integer({ min: 0, max: 60 });
    const step = fc.oneof(
      index.map((one) => [one]),
      fc.tuple(index, fc.integer({ min: 0, max: 9 })).map(([start, length]) => ({ start, length })),
      fc
        .tuple(index, fc.array(fc.boolean(), { maxLength: 9 }))
        .map(([start, marks]) => ({ start, marks })),
    );
    const list = new GapList();
    const check = (steps: (number[] | { start: number; length?: number; marks?: boolean[] })[]) => {
      list.clear();
      const set = new Set<number>();
      for (const added of steps) {
        if (Array.isArray(added)) {
          for (const one of added) list.add(one);
          for (const one of added) set.add(one);
          continue;
        }
        const { start, length = 0, marks } = added;
        if (marks === undefined) list.addRun(start, start + length);
        // Behind marks of others.
        else
          list.addMarked(Uint8Array.from([1, ...marks.map(Number), 1]), 1, marks.length + 1, start);
        const own = marks ?? new Array<boolean>(length).fill(true);
        for (const [k, is] of own.entries()) if (is) set.add(start + k);
      }
      expect([...list.indices()]).toEqual([...set].sort((one, other) => one - other));
    };
    fc.assert(fc.property(fc.array(step, { maxLength: 4 }), check));
  });

  test('is empty after it was cleared', () => {
    const gaps = new GapList();
    gaps.add(5);
    gaps.add(1);
    gaps.clear();
    gaps.add(2);
    expect([...gaps.indices()]).toEqual([2]);
  });
});

describe('invalid pixels', () => {
  test('pixels equal to the sentinel are gaps', () => {
    expect(invalid(Int16Array.of(1, -1, 2, -1), -1)).toEqual([1, 3]);
  });

  test('NaN is a gap with and without a sentinel', () => {
    const pixels = Float32Array.of(Number.NaN, 1, -9999);
    expect(invalid(pixels, undefined)).toEqual([0]);
    expect(invalid(pixels, -9999)).toEqual([0, 2]);
  });

  test('a raster whose pixels are all valid has none', () => {
    expect(invalid(Uint8Array.of(1, 2, 3), 0)).toEqual([]);
    expect(invalid(Uint8Array.of(0), undefined)).toEqual([]);
  });

  test('infinities are values', () => {
    expect(invalid(Float64Array.of(Number.POSITIVE_INFINITY), undefined)).toEqual([]);
  });

  test.each([
    Uint8Array,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
  ])(
    '$name: a gap is found wherever it lies among pixels that are looked at together',
    (Pixels) => {
      const isFloat = Pixels === Float32Array || Pixels === Float64Array;
      for (const value of isFloat ? [7, Number.NaN] : [7])
        for (let length = 1; length <= 20; length++)
          for (let gap = 0; gap < length; gap++) {
            const pixels = new Pixels(length).fill(9);
            pixels[gap] = value;
            expect(invalid(pixels, 7)).toEqual([gap]);
          }
    },
  );

  test('a gap is found between the largest floats and infinities of either sign', () => {
    const lowest = -3.4028234663852886e38;
    const pixels = Float32Array.of(-lowest, lowest, -lowest, Infinity, -Infinity, 0, 0, 0, lowest);
    expect(invalid(pixels, lowest)).toEqual([1, 8]);
    expect(invalid(pixels, 0)).toEqual([5, 6, 7]);
    expect(invalid(pixels, undefined)).toEqual([]);
  });

  test('only those of the window count', () => {
    const window = { row: 1, col: 1, height: 2, width: 2 };
    const pixels = new Uint8Array(4 * 4);
    expect(listed((gaps) => addInvalid(gaps, pixels, 4, window, 0))).toEqual([5, 6, 9, 10]);
  });
});

describe('mask bits', () => {
  const window = { row: 0, col: 0, height: 1, width: 4 };
  const bits = Uint8Array.of(0b101, 0b010, 0b111, 0b000);

  test('a pixel is a gap of the bands whose bit is 0', () => {
    const masked = findMasked(bits, 3, 4, window);
    const gapsOf = (bit: number) => listed((gaps) => addMasked(gaps, masked, bit));
    expect([0, 1, 2].map(gapsOf)).toEqual([
      [1, 3],
      [0, 3],
      [1, 3],
    ]);
  });

  test('bits above the bands of the group mean nothing', () => {
    expect([...findMasked(Uint8Array.of(0xff, 0x03, 0xfb), 2, 3, window).indices]).toEqual([]);
  });

  test('every pixel is found that has a bit missing, wherever it lies among the words that are looked at together and in the tile', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.nat(143), { maxLength: 20 }),
        (bands, height, width, gaps) => {
          const full = 2 ** bands - 1;
          const raster = new Uint8Array(height * width).fill(full);
          const wanted = new Set<number>();
          for (const gap of gaps)
            if (gap < raster.length) {
              raster[gap] = full - 1;
              wanted.add((2 + Math.floor(gap / width)) * 20 + 3 + (gap % width));
            }
          const found = findMasked(raster, bands, 20, { row: 2, col: 3, height, width });
          expect([...found.indices]).toEqual([...wanted].sort((a, b) => a - b));
          expect(listed((list) => addMasked(list, found, 0))).toEqual([...found.indices]);
        },
      ),
    );
  });
});

test('pixels that no part covers are gaps', () => {
  const shape = { height: 3, width: 3 };
  const part = { row: 0, col: 0, height: 3, width: 2 };
  expect(listed((gaps) => addUncovered(gaps, shape, [part]))).toEqual([2, 5, 8]);
  expect(listed((gaps) => addUncovered(gaps, shape, []))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const whole = { row: 0, col: 0, ...shape };
  expect(listed((gaps) => addUncovered(gaps, shape, [whole]))).toEqual([]);
});

describe('marks of gaps', () => {
  test('are listed in their order, few or many, whatever lies around the window', () => {
    const seed = seedOfRun();
    const next = random(seed);
    for (let round = 0; round < 40; round++) {
      const whole = (most: number) => Math.floor(next() * most);
      const [height, width] = [1 + whole(9), 1 + whole(9000)];
      const [row, col] = [whole(height), whole(width)];
      const window = { row, col, height: 1 + whole(height - row), width: 1 + whole(width - col) };
      // Runs of some length, from single pixels to whole rows.
      const length = 10 ** (4 * next());
      let mark = 0;
      const isGap = new Uint8Array(height * width);
      const expected: number[] = [];
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          if (next() * length < 1) mark = next() < 0.5 ? 1 : 0;
          const isIn = y >= row && y < row + window.height && x >= col && x < col + window.width;
          // What lies outside was marked for another window.
          isGap[y * width + x] = isIn ? mark : whole(2);
          if (!isIn || mark === 1) expected.push(y * width + x);
        }
      const found = listed((gaps) => addAround(gaps, { height, width }, window, isGap));
      expect({ seed, round, isEqual: found.join() === expected.join() }).toMatchObject({
        isEqual: true,
      });
    }
  });
});
