import { describe, expect, test } from 'vitest';
import { countValid, maskOf, unpackBits } from '../../../src/kernel/mask.js';

describe('maskOf', () => {
  test('pixels equal to the sentinel are invalid', () => {
    expect(maskOf(Int16Array.of(1, -1, 2, -1), -1)).toEqual(Uint8Array.of(1, 0, 1, 0));
  });

  test('NaN is invalid with and without a sentinel', () => {
    const pixels = Float32Array.of(Number.NaN, 1, -9999);
    expect(maskOf(pixels, undefined)).toEqual(Uint8Array.of(0, 1, 1));
    expect(maskOf(pixels, -9999)).toEqual(Uint8Array.of(0, 1, 0));
  });

  test('a raster without gaps has no mask', () => {
    expect(maskOf(Uint8Array.of(1, 2, 3), 0)).toBeUndefined();
    expect(maskOf(Uint8Array.of(0), undefined)).toBeUndefined();
  });

  test('infinities are values', () => {
    expect(maskOf(Float64Array.of(Number.POSITIVE_INFINITY), undefined)).toBeUndefined();
  });
});

describe('unpackBits', () => {
  const bits = Uint8Array.of(0b101, 0b010, 0b111, 0b000);

  test('reads one bit of each byte as 1 or 0', () => {
    expect(unpackBits(bits, 0)).toEqual(Uint8Array.of(1, 0, 1, 0));
    expect(unpackBits(bits, 1)).toEqual(Uint8Array.of(0, 1, 1, 0));
    expect(unpackBits(bits, 2)).toEqual(Uint8Array.of(1, 0, 1, 0));
    expect(unpackBits(bits, 7)).toEqual(Uint8Array.of(0, 0, 0, 0));
  });

  test('a bit that is 1 everywhere means no mask', () => {
    expect(unpackBits(Uint8Array.of(0x80, 0xff), 7)).toBeUndefined();
  });
});

test('countValid counts the ones, or every pixel where there is no mask', () => {
  expect(countValid(Uint8Array.of(1, 0, 1), 3)).toBe(2);
  expect(countValid(undefined, 7)).toBe(7);
});
