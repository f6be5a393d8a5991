import { describe, expect, test } from 'vitest';
import { parseDataset } from '../../../src/dataset/parse.js';
import { MASK_NAMES, NAMED_MASKS } from '../../../src/dataset/recipe/named-masks.js';
import { parseComparison } from '../../../src/dataset/recipe/parse-comparison.js';

const FILE = {
  title: 'Monthly',
  collection: 'COPERNICUS/S2_SR_HARMONIZED',
  bands: ['B4'],
  dtype: 'uint16',
  grid: { crs: 'EPSG:32652', bounds: [0, 0, 640, 640], resolution: 10, chunk: 64 },
};
const recipeOf = (change: object) => {
  const { source } = parseDataset({ ...FILE, ...change });
  return source.kind === 'collection' ? source.recipe : undefined;
};

describe('a comparison', () => {
  test.each([
    ['CLOUDY_PIXEL_PERCENTAGE < 60', 'CLOUDY_PIXEL_PERCENTAGE', '<', 60],
    ['CLOUD_COVER<=1.5e1', 'CLOUD_COVER', '<=', 15],
    ['a>-2', 'a', '>', -2],
    ['WRS_ROW>=9', 'WRS_ROW', '>=', 9],
    ['MGRS_TILE = 52XDF', 'MGRS_TILE', '=', '52XDF'],
    ['WRS == "012"', 'WRS', '=', '012'],
    ["name != 'two words'", 'name', '!=', 'two words'],
    ['system:index = 20240101T0_T5', 'system:index', '=', '20240101T0_T5'],
    ['S in [LANDSAT_8, LANDSAT_9]', 'S', 'in', ['LANDSAT_8', 'LANDSAT_9']],
    ['S in ["a, b", 3]', 'S', 'in', ['a, b', 3]],
    ['inside = in', 'inside', '=', 'in'],
  ])('%s', (text, property, is, value) => {
    expect(parseComparison(text, 'x')).toEqual({ property, is, value });
  });

  test.each([
    '',
    'CLOUD_COVER',
    'CLOUD_COVER <',
    '< 60',
    'a in 3',
    'a in []',
    'a < [1, 2]',
    'a = two words',
    'a in [1, null]',
    'a in [[1]]',
    'a ~ 3',
  ])('is refused: "%s"', (text) => {
    expect(() => recipeOf({ filter: [text] })).toThrow(/Expected/);
  });
});

describe('the recipe of a dataset file', () => {
  test('is kept as plain data in the source, names of masks written out', () => {
    expect(
      recipeOf({
        filter: 'CLOUDY_PIXEL_PERCENTAGE < 60',
        mask: ['s2-cloud-score', { band: 'SCL', onlyClasses: [4, 5] }],
        reduce: { percentile: 90 },
      }),
    ).toEqual({
      filter: [{ property: 'CLOUDY_PIXEL_PERCENTAGE', is: '<', value: 60 }],
      mask: [
        { band: 'cs', atLeast: 0.6, collection: 'GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED' },
        { band: 'SCL', onlyClasses: [4, 5] },
      ],
      reduce: { percentile: 90 },
    });
  });

  test('is absent where nothing of it is said, so that such datasets stay as they were', () => {
    expect(parseDataset(FILE).source).toEqual({ kind: 'collection', id: FILE.collection });
  });

  test('names masks by published tables: bits of QA_PIXEL, classes of SCL', () => {
    expect(MASK_NAMES).toEqual([
      'landsat-c2',
      'landsat-c2-keep-snow',
      's2-scl',
      's2-scl-keep-snow',
      's2-cloud-score',
    ]);
    expect(NAMED_MASKS['landsat-c2'].withoutBits).toEqual([0, 1, 2, 3, 4, 5]);
    expect(NAMED_MASKS['s2-scl'].withoutClasses).toEqual([1, 3, 8, 9, 10, 11]);
  });

  const { collection: _, ...WITHOUT } = FILE;
  const local = { ...WITHOUT, local: true };
  const image = { ...WITHOUT, image: 'users/me/x' };
  test.each<[string, object, RegExp]>([
    [
      'a filter of files',
      { ...local, filter: 'a < 1' },
      /"collection" or an "image" for a dataset with "filter"/,
    ],
    ['a scaled band of files', { ...local, bands: [{ name: 'a', scale: 2 }] }, /band "a"/],
    [
      'a reduction of an image',
      { ...image, reduce: 'median' },
      /"collection" for a dataset with "reduce" but received "an image"/,
    ],
    ['a link of an image', { ...image, mask: 's2-cloud-score' }, /linked collection/],
    [
      'a mask that says nothing',
      { ...FILE, mask: { band: 'QA' } },
      /exactly one of withoutBits.*received "none"/,
    ],
    [
      'a mask that says two things',
      { ...FILE, mask: { band: 'QA', atLeast: 1, atMost: 2 } },
      /received "atLeast, atMost"/,
    ],
    ['an unknown mask', { ...FILE, mask: 's2' }, /one of landsat-c2.*for "mask" of the dataset/],
    [
      'an unknown field of a mask',
      { ...FILE, mask: { band: 'QA', bits: [1] } },
      /no fields but band, withoutBits/,
    ],
    ['an unknown reduction', { ...FILE, reduce: 'avg' }, /one of mosaic, median.*received "avg"/],
    ['a percentile of 101', { ...FILE, reduce: { percentile: 101 } }, /at most 100/],
    [
      'a scale of 0',
      { ...FILE, bands: [{ name: 'a', scale: 0 }] },
      /other than 0 for "scale" of band "a"/,
    ],
    [
      'a difference of one band',
      { ...FILE, bands: [{ name: 'a', normalizedDifference: ['x'] }] },
      /normalizedDifference/,
    ],
  ])('is refused with the field that is wrong: %s', (_, file, message) => {
    expect(() => parseDataset(file)).toThrow(message);
  });
});
