import { describe, expect, test } from 'vitest';
import { storedAs } from '../../../../src/dataset/choose/pixel-type.js';
import {
  computedValues,
  type PixelDataType,
  reducedValues,
  storedValues,
} from '../../../../src/dataset/choose/values.js';
import type { BandRecipe, Reduction } from '../../../../src/dataset/recipe/recipe.js';

const int = (min: number, max: number): PixelDataType => ({ precision: 'INT', min, max });

function chosen(
  type: PixelDataType,
  { reduce, recipe = {} }: { reduce?: Reduction; recipe?: BandRecipe } = {},
) {
  const { dtype, nodata } = storedAs([
    reducedValues(computedValues(storedValues(type), recipe), reduce),
  ]);
  return [dtype, nodata];
}

describe('the smallest type, and a code that is none of the values:', () => {
  test.each([
    ['a byte of which all is used', int(0, 255), ['uint8', undefined]],
    ['classes from 0', int(0, 8), ['uint8', 255]],
    ['values above 0', int(1, 255), ['uint8', 0]],
    ['16 bits of which all is used', int(0, 65_535), ['uint16', undefined]],
    ['NDVI of MODIS', int(-2000, 10_000), ['int16', -32_768]],
    ['signed 16 bits of which all is used', int(-32_768, 32_767), ['int16', undefined]],
    ['a range that two bytes hold with a sign only', int(-1, 255), ['int16', -32_768]],
    ['a little more than 16 bits', int(0, 65_536), ['uint32', 4_294_967_295]],
    ['negative 32 bits', int(-40_000, 5), ['int32', -2_147_483_648]],
    ['64 bits', int(-(2 ** 63), 2 ** 63), ['float64', undefined]],
    [
      'whole numbers of no range that is told',
      { precision: 'INT' } as const,
      ['float64', undefined],
    ],
    ['floats', { precision: 'FLOAT' } as const, ['float32', undefined]],
    ['doubles', { precision: 'DOUBLE', min: 0, max: 1 } as const, ['float64', undefined]],
  ])('%s', (_, type, wanted) => {
    expect(chosen(type)).toEqual(wanted);
  });
});

describe('what reductions and scales make of it:', () => {
  test.each([
    ['a median of many values is rounded', int(1, 10_000), { reduce: 'median' }, ['uint16', 0]],
    ['a mean of percents has fractions', int(0, 100), { reduce: 'mean' }, ['float32', undefined]],
    [
      'a percentile of a byte too',
      int(0, 255),
      { reduce: { percentile: 90 } },
      ['float32', undefined],
    ],
    ['the mode of a byte is one of them', int(0, 200), { reduce: 'mode' }, ['uint8', 255]],
    [
      'a count of doubles is whole',
      { precision: 'DOUBLE' },
      { reduce: 'count' },
      ['uint16', 65_535],
    ],
    [
      'kelvins in hundredths of a degree Celsius',
      { precision: 'DOUBLE', min: 180, max: 340 },
      { recipe: { scale: 100, offset: -27_315 } },
      ['int16', -32_768],
    ],
    [
      'doubles of no range stay floats when scaled',
      { precision: 'DOUBLE' },
      { recipe: { scale: 100 } },
      ['float32', undefined],
    ],
    ['reflectances as such', int(0, 65_535), { recipe: { scale: 0.0001 } }, ['float32', undefined]],
    [
      'whole numbers times two, plus one',
      int(0, 100),
      { recipe: { scale: 2, offset: 1 } },
      ['uint8', 0],
    ],
    [
      'a normalised difference',
      int(0, 65_535),
      { recipe: { normalizedDifference: [{ name: 'a' }, { name: 'b' }] } },
      ['float32', undefined],
    ],
    [
      'a normalised difference times 10000, its median',
      int(0, 65_535),
      {
        reduce: 'median',
        recipe: { normalizedDifference: [{ name: 'a' }, { name: 'b' }], scale: 10_000 },
      },
      ['int16', -32_768],
    ],
    [
      'a normalised difference times 100 has too few steps to be rounded',
      int(0, 65_535),
      { recipe: { normalizedDifference: [{ name: 'a' }, { name: 'b' }], scale: 100 } },
      ['float32', undefined],
    ],
  ] as const)('%s', (_, type, rest, wanted) => {
    expect(chosen(type, rest)).toEqual(wanted);
  });

  test('classes stay whole when they are averaged, and are told', () => {
    const classes = storedValues(int(0, 255), { valid: [0, 11], areClasses: true });
    const { kind, reasons } = reducedValues(classes, 'median');
    expect(kind).toBe('whole');
    expect(reasons.join()).toContain('reduce by mode');
  });
});

describe('bands together', () => {
  const values = (...types: PixelDataType[]) => types.map((type) => storedValues(type));

  test('get a type that holds all, and a code that none of them has', () => {
    expect(storedAs(values(int(0, 8), int(1, 10_000)))).toMatchObject({
      ...{ dtype: 'uint16', nodata: 65_535 },
    });
    expect(storedAs(values(int(0, 65_535), int(-1, 1)))).toMatchObject({
      ...{ dtype: 'int32', nodata: -2_147_483_648 },
    });
  });

  test('get floats where one has them, of 64 bits where whole numbers have more than 24', () => {
    expect(storedAs(values(int(0, 255), { precision: 'FLOAT' })).dtype).toBe('float32');
    expect(storedAs(values(int(0, 2 ** 31), { precision: 'FLOAT' })).dtype).toBe('float64');
  });

  test('are told what a type that was asked for does to them', () => {
    const told = (dtype: 'uint8' | 'float32', nodata?: number) =>
      storedAs(values(int(0, 10_000)), {
        dtype,
        ...(nodata === undefined ? {} : { nodata }),
      }).reasons.join(' ');
    expect(told('uint8')).toContain('outside 0 to 255 is stored as the nearest end');
    expect(told('uint8', 7)).toContain('nodata 7, as asked for, lies among the values');
    expect(told('float32')).toContain('NaN');
    expect(storedAs(values(int(0, 255))).reasons.join(' ')).toContain('--dtype uint16');
  });
});
