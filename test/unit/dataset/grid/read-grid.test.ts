import { describe, expect, test } from 'vitest';
import type { BoundsSnap } from '../../../../src/dataset/grid/snapped.js';
import { defineDataset, parseDataset } from '../../../../src/dataset/parse.js';
import { InvalidInputError } from '../../../../src/errors.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../../src/grid/geobox.js';

const REST = { title: 'Grid', local: true, bands: ['v'], dtype: 'uint8' } as const;
const parse = (grid: object, options?: Parameters<typeof parseDataset>[1]) =>
  parseDataset({ ...REST, grid: { chunk: 64, ...grid } }, options).grid.geobox;
const crs = 'EPSG:27700';

describe('a grid is said', () => {
  test('by bounds and a resolution, square or [x, y]', () => {
    const bounds = [0, 0, 100, 60];
    expect(parse({ crs, bounds, resolution: 10 })).toEqual({
      ...{ crs, shape: [6, 10], affine: [10, 0, 0, 0, -10, 60] },
    });
    expect(parse({ crs, bounds, resolution: [10, 20] })).toEqual({
      ...{ crs, shape: [3, 10], affine: [10, 0, 0, 0, -20, 60] },
    });
  });

  test('with edges held by an origin, which may be any corner, far away or inside', () => {
    const bounds = [1003, 2003, 1097, 2051];
    for (const origin of [
      [1001, 2004],
      [1041, 2044],
      [-8999, 100_004],
    ])
      expect(parse({ crs, bounds, resolution: [10, 20], origin })).toEqual({
        ...{ crs, shape: [4, 10], affine: [10, 0, 1001, 0, -20, 2064] },
      });
  });

  test('with edges held by an anchor, fractions of a pixel right of and above multiples', () => {
    const bounds = [3, 3, 27, 27];
    const cases: [unknown, number, number, number[]][] = [
      ['edge', 0, 30, [3, 3]],
      ['center', -5, 35, [4, 4]],
      [[0.25, 0.75], 2.5, 27.5, [3, 3]],
      ['floating', 3, 27, [3, 3]],
    ];
    for (const [anchor, left, top, shape] of cases) {
      const [height, width] = shape;
      const made = parse({ crs, bounds, resolution: 10, anchor });
      expect({ anchor, ...made }).toEqual({
        ...{ anchor, crs, affine: [10, 0, left, 0, -10, top] },
        shape: [height, width],
      });
    }
  });

  test('by an affine transform and a shape, to the last bit', () => {
    const transform = [1 / 3, 0, 0.1, 0, -1 / 7, 55.3];
    expect(parse({ crs: 'EPSG:4326', transform, shape: [5, 7] })).toEqual({
      ...{ crs: 'EPSG:4326', shape: [5, 7], affine: transform },
    });
  });

  test('by bounds divided into a shape, which are kept', () => {
    const told: BoundsSnap[] = [];
    const bounds = [0.5, 0.25, 7.5, 5.25];
    const onSnap = (snap: BoundsSnap) => told.push(snap);
    expect(parse({ crs, bounds, shape: [10, 7] }, { onSnap })).toEqual({
      ...{ crs, shape: [10, 7], affine: [1, 0, 0.5, 0, -0.5, 5.25] },
    });
    expect(told).toEqual([]);
  });

  test('by a geobox in TypeScript, where no file is named', () => {
    const like = new GeoBox(parseCrs(crs), { height: 5, width: 7 }, [3, 0, 1, 0, -2, 9]);
    const dataset = defineDataset({ ...REST, grid: { chunk: 64 } }, { like });
    expect(dataset.grid.geobox).toEqual(like.toRecord());
    const rotated = new GeoBox(parseCrs(crs), { height: 5, width: 7 }, [3, 1, 1, 1, -2, 9]);
    expect(() => defineDataset({ ...REST, grid: { chunk: 64 } }, { like: rotated })).toThrow(
      'Expected a grid without rotation',
    );
  });
});

describe('said twice', () => {
  const grid = { crs, transform: [30, 0, 400_000, 0, -20, 200_000], shape: [4, 5] };

  test.each<[string, unknown]>([
    ['bounds', [400_000, 199_920, 400_150, 200_000]],
    ['bounds', [400_000.001, 199_920, 400_150, 199_999.999]],
    ['resolution', [30, 20]],
    ['origin', [400_030, 199_980]],
    ['anchor', 'floating'],
    ['anchor', [1 / 3, 0]],
  ])('it is taken where %s is the same: %j', (field, value) => {
    expect(parse({ ...grid, [field]: value }).affine).toEqual(grid.transform);
  });

  test.each<[string, unknown]>([
    ['bounds', [400_000, 199_920, 400_180, 200_000]],
    ['resolution', 30],
    ['resolution', [20, 30]],
    ['origin', [400_010, 199_980]],
    ['anchor', 'edge'],
    ['anchor', 'center'],
  ])('it is refused where %s is another: %j', (field, value) => {
    const error = caught(() => parse({ ...grid, [field]: value }));
    expect(error.message).toMatch(
      new RegExp(`^Expected .* as the rest of "grid" says, for "grid.${field}" of the dataset`),
    );
  });

  test('bounds and a resolution may tell their shape', () => {
    const bounds = [0, 0, 95, 60];
    expect(parse({ crs, bounds, resolution: 10, shape: [6, 10] }).shape).toEqual([6, 10]);
    expect(() => parse({ crs, bounds, resolution: 10, shape: [6, 9] })).toThrow('"grid.shape"');
  });
});

test.each<[string, object]>([
  [
    '"shape", [rows, columns], beside "transform" for "grid" of the dataset but received "none"',
    { crs, transform: [1, 0, 0, 0, -1, 0] },
  ],
  [
    '"bounds" with "resolution" or "shape", "transform" with "shape", or "like" for "grid" of the dataset but received "crs, bounds"',
    { crs, bounds: [0, 0, 1, 1] },
  ],
  ['"crs" for "grid" of the dataset but received "none"', { bounds: [0, 0, 1, 1], resolution: 1 }],
  [
    'the grid of that file in the option "like" for "grid.like" of the dataset but received "dem.tif"',
    { like: 'dem.tif' },
  ],
  [
    'the affine\'s order for "grid.transform" of the dataset but received "400000, 30, 0, 200000, 0, -20, which is GDAL\'s"',
    { crs, transform: [400_000, 30, 0, 200_000, 0, -20], shape: [4, 4] },
  ],
  [
    'the affine\'s order for "grid.transform" of the dataset but received "0, 30, 0, 0, 0, -20, which is GDAL\'s"',
    { crs, transform: [0, 30, 0, 0, 0, -20], shape: [4, 4] },
  ],
  [
    'a transform without rotation, b and d being 0, for "grid.transform"',
    { crs, transform: [30, 1, 0, 1, -30, 0], shape: [4, 4] },
  ],
  ['a > 0 and e < 0 for "grid.transform"', { crs, transform: [30, 0, 0, 0, 30, 0], shape: [4, 4] }],
  ['a > 0 and e < 0 for "grid.transform"', { crs, transform: [0, 0, 0, 0, -30, 0], shape: [4, 4] }],
  [
    'a list of at most 6 entries for "grid.transform"',
    { crs, transform: [30, 0, 0, 0, -30, 0, 0, 0, 1], shape: [4, 4] },
  ],
  [
    'a number of more than 0 for "grid.resolution.1"',
    { crs, bounds: [0, 0, 9, 9], resolution: [1, -1] },
  ],
  ['a number of at least 1 for "grid.shape.0"', { crs, bounds: [0, 0, 9, 9], shape: [0, 1] }],
  [
    'a grid of at most 100000000 pixels on a side',
    { crs, transform: [1, 0, 0, 0, -1, 0], shape: [1, 100_000_001] },
  ],
])('Expected %s', (message, grid) => {
  const error = caught(() => parse(grid));
  expect(error.message).toContain(`Expected ${message}`);
});

test("an array in GDAL's order is shown as it should be written", () => {
  expect(() => parse({ crs, transform: [400_000, 30, 0, 200_000, 0, -20], shape: [4, 4] })).toThrow(
    ': 30, 0, 400000, 0, -20, 200000.',
  );
});

describe('bounds that change are told', () => {
  const snaps = (grid: object) => {
    const told: BoundsSnap[] = [];
    parse(grid, { onSnap: (snap) => told.push(snap) });
    return told;
  };

  test('with what was asked and what they became', () => {
    expect(snaps({ crs, bounds: [5, 0, 100, 60], resolution: 10 })).toEqual([
      {
        asked: { west: 5, south: 0, east: 100, north: 60 },
        became: { west: 0, south: 0, east: 100, north: 60 },
      },
    ]);
    // Within odc-geo's tolerance of a hundredth of a pixel the grid is smaller than asked.
    expect(snaps({ crs, bounds: [0, 0, 100.05, 60], resolution: 10 })).toHaveLength(1);
    expect(snaps({ crs: 'EPSG:4326', bounds: [170.05, 0, -170, 1], resolution: 0.1 })).toEqual([
      {
        asked: { west: 170.05, south: 0, east: -170, north: 1 },
        became: { west: 170, south: 0, east: 190, north: 1 },
      },
    ]);
  });

  test('and not where they are kept, but for rounding', () => {
    expect(snaps({ crs, bounds: [0, 0, 100, 60], resolution: 10 })).toEqual([]);
    expect(snaps({ crs: 'EPSG:4326', bounds: [0.1, 0.2, 0.7, 0.9], resolution: 0.1 })).toEqual([]);
    expect(snaps({ crs: 'EPSG:4326', bounds: [170, 0, -170, 1], resolution: 0.1 })).toEqual([]);
    expect(snaps({ crs, bounds: [5, 5, 25, 25], resolution: 10, anchor: 'floating' })).toEqual([]);
    expect(snaps({ crs, bounds: [5, 5, 25, 25], resolution: 10, origin: [15, 5] })).toEqual([]);
  });
});

function caught(task: () => unknown): Error {
  try {
    task();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as Error).message).not.toContain('\n');
    return error as Error;
  }
  throw new Error('Expected an error.');
}
