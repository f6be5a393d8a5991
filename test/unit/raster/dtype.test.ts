import { describe, expect, test } from 'vitest';
import {
  allocate,
  asBytes,
  bytesOf,
  canHold,
  DTYPES,
  type DType,
  fromBytes,
  isFloat,
  isLossless,
  rangeOf,
} from '../../../src/raster/dtype.js';

describe('dtypes', () => {
  test.each([
    ['uint8', 1, false],
    ['int16', 2, false],
    ['uint16', 2, false],
    ['int32', 4, false],
    ['uint32', 4, false],
    ['float32', 4, true],
    ['float64', 8, true],
  ] as const)('%s has %i bytes', (dtype, size, float) => {
    expect(bytesOf(dtype)).toBe(size);
    expect(isFloat(dtype)).toBe(float);
    expect(allocate(dtype, 3).byteLength).toBe(3 * size);
  });

  test.each(DTYPES)('an array of %s wraps nothing within its range', (dtype) => {
    const [low, high] = rangeOf(dtype);
    const pixels = allocate(dtype, 2);
    pixels.set([low, high]);
    expect([...pixels]).toEqual([low, high]);
  });

  test.each([
    ['uint8', 255, 256],
    ['uint8', 0, -1],
    ['int16', -32_768, -32_769],
    ['int16', 32_767, 32_768],
    ['uint16', 65_535, 65_536],
    ['int32', -2_147_483_648, -2_147_483_649],
    ['uint32', 4_294_967_295, 4_294_967_296],
    ['uint8', 3, 3.5],
    ['int32', 0, Number.NaN],
    ['uint32', 0, Number.POSITIVE_INFINITY],
    ['float32', 0.5, 0.1],
    ['float32', 16_777_216, 16_777_217],
  ] as const)('%s can hold %d and not %d', (dtype: DType, good, bad) => {
    expect(canHold(dtype, good)).toBe(true);
    expect(canHold(dtype, bad)).toBe(false);
  });

  test('floats hold NaN and infinities, float64 any number', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(canHold('float32', value)).toBe(true);
      expect(canHold('float64', value)).toBe(true);
    }
    expect(canHold('float64', 0.1)).toBe(true);
  });
});

test('a type fits into another where the other holds its extremes, and every fraction it has', () => {
  for (const from of DTYPES)
    for (const to of DTYPES) {
      // Two to the power of 24 and one more is the first whole number that float32 has not; a float has thirds.
      const extremes = isFloat(from)
        ? [from === 'float32' ? Math.fround(1 / 3) : 1 / 3]
        : [...rangeOf(from), Math.min(rangeOf(from)[1], 2 ** 24 + 1)];
      expect({ from, to, fits: isLossless(from, to) }).toEqual({
        from,
        to,
        fits: extremes.every((value) => canHold(to, value)),
      });
    }
});

describe('pixels and their bytes', () => {
  test('asBytes shares the memory of a part of an array, and only that part', () => {
    const pixels = Uint16Array.of(1, 2, 3, 4).subarray(1, 3);
    const bytes = asBytes(pixels);
    expect(bytes).toEqual(Uint8Array.of(2, 0, 3, 0));
    bytes[0] = 9;
    expect(pixels[0]).toBe(9);
  });

  test('fromBytes shares aligned memory', () => {
    const bytes = new Uint8Array(16);
    const pixels = fromBytes('float64', bytes.subarray(8));
    pixels[0] = 1;
    expect(pixels).toHaveLength(1);
    expect(bytes[15]).toBe(0x3f);
  });

  test('fromBytes reads memory that starts at an odd byte', () => {
    const bytes = new Uint8Array(9);
    new DataView(bytes.buffer).setInt32(1, -5, true);
    new DataView(bytes.buffer).setInt32(5, 70_000, true);
    expect(fromBytes('int32', bytes.subarray(1))).toEqual(Int32Array.of(-5, 70_000));
  });
});
