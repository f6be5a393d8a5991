import { describe, expect, test } from 'vitest';
import {
  type Affine,
  alignsWith,
  apply,
  fromGeoTransform,
  invert,
  isAxisAligned,
  isInvertible,
  shift,
  toGeoTransform,
} from '../../../src/grid/affine.js';

// Six different numbers, so that no two of them can be mixed up.
const SHEARED: Affine = [2, 3, 100, 5, -7, 200];
const NORTH_UP: Affine = [30, 0, 500_000, 0, -30, 8_000_000];

describe('affine', () => {
  test('apply takes column before row and gives x before y', () => {
    expect(apply(SHEARED, 1, 0)).toEqual([102, 205]);
    expect(apply(SHEARED, 0, 1)).toEqual([103, 193]);
    expect(apply(NORTH_UP, 0.5, 0.5)).toEqual([500_015, 7_999_985]);
  });

  test("toGeoTransform gives GDAL's order: origin x, pixel width, row shear, origin y, column shear, pixel height", () => {
    expect(toGeoTransform(SHEARED)).toEqual([100, 2, 3, 200, 5, -7]);
    expect(fromGeoTransform([100, 2, 3, 200, 5, -7])).toEqual(SHEARED);
  });

  test('shift moves the origin by whole pixels and keeps the pixel size', () => {
    expect(shift(NORTH_UP, 10, 4)).toEqual([30, 0, 500_300, 0, -30, 7_999_880]);
    expect(shift(SHEARED, 1, 1)).toEqual([2, 3, 105, 5, -7, 198]);
  });

  test('a transform with determinant zero cannot be inverted, and the error shows its numbers', () => {
    expect(() => invert([1, 2, 0, 2, 4, 0])).toThrow(RangeError);
    expect(() => invert([1, 2, 0, 2, 4, 0])).toThrow('[1, 2, 0, 2, 4, 0]');
    expect(() => invert([Number.NaN, 0, 0, 0, 1, 0])).toThrow(RangeError);
  });

  test('a transform that is flat, or holds what is no number, is not invertible', () => {
    expect(isInvertible(SHEARED)).toBe(true);
    expect(isInvertible([1, 2, 0, 2, 4, 0])).toBe(false);
    expect(isInvertible([30, 0, Number.NaN, 0, -30, 0])).toBe(false);
    expect(isInvertible([1e-300, 0, 0, 0, 1e-300, 0])).toBe(false);
  });

  test('only a transform without rotation and shear is axis-aligned', () => {
    expect(isAxisAligned(NORTH_UP)).toBe(true);
    expect(isAxisAligned([30, 0.001, 0, 0, -30, 0])).toBe(false);
    expect(isAxisAligned([30, 0, 0, 0.001, -30, 0])).toBe(false);
  });
});

describe('alignsWith', () => {
  test('a transform aligns with itself, and with one whose origin differs by a rounding', () => {
    expect(alignsWith(NORTH_UP, NORTH_UP, 3600, 3600)).toBe(true);
    expect(alignsWith(NORTH_UP, [30, 0, 500_000.001, 0, -30, 8_000_000], 3600, 3600)).toBe(true);
  });

  test('an origin half a pixel away does not align', () => {
    expect(alignsWith(NORTH_UP, [30, 0, 500_015, 0, -30, 8_000_000], 10, 10)).toBe(false);
    expect(alignsWith(NORTH_UP, [30, 0, 500_000, 0, -30, 8_000_015], 10, 10)).toBe(false);
  });

  test('a pixel size that is off by little is told by the far corner of a wide raster only', () => {
    const stretched: Affine = [30 * (1 + 1e-5), 0, 500_000, 0, -30, 8_000_000];
    expect(alignsWith(NORTH_UP, stretched, 10, 10)).toBe(true);
    expect(alignsWith(NORTH_UP, stretched, 3600, 10)).toBe(false);
  });

  test('a south-up transform of the same bounds does not align', () => {
    expect(alignsWith(NORTH_UP, [30, 0, 500_000, 0, 30, 7_999_700], 10, 10)).toBe(false);
  });

  test('NaN in a transform never aligns', () => {
    expect(alignsWith(NORTH_UP, [30, 0, Number.NaN, 0, -30, 8_000_000], 10, 10)).toBe(false);
  });
});
