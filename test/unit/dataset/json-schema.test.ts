import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { datasetJsonSchema } from '../../../src/dataset/file/json-schema.js';
import { parseDataset } from '../../../src/dataset/parse.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';

const file = new URL('../../../src/dataset/dataset.schema.json', import.meta.url);
const published: object = JSON.parse(readFileSync(file, 'utf8'));

test('the published schema is that of this code (else run scripts/write-dataset-schema.mjs)', () => {
  expect(published).toEqual(JSON.parse(JSON.stringify(datasetJsonSchema())));
});

test('the schema is among the files of the package, and can be imported from it', () => {
  const { exports, files } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  );
  expect(exports['./dataset.schema.json']).toBe('./src/dataset/dataset.schema.json');
  expect(files).toContain('src');
});

const GOOD = {
  title: 'NDVI',
  collection: 'MODIS/061/MOD13Q1',
  bands: ['NDVI'],
  dtype: 'int16',
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 640, 640], resolution: 10, chunk: 64 },
};
const { collection: _, ...WITHOUT_SOURCE } = GOOD;

/** As JSON: without the fields that are `undefined`. */
const grid = (change: object) =>
  JSON.parse(JSON.stringify({ ...GOOD, grid: { ...GOOD.grid, ...change } }));

describe('a JSON Schema validator and parseDataset agree', () => {
  const validate = new Ajv2020({ strict: false }).compile(published);
  const isParsed = (json: unknown) => {
    try {
      parseDataset(json);
      return true;
    } catch {
      return false;
    }
  };

  test.each<[string, unknown]>([
    ['the least there can be', GOOD],
    ['a reference to the schema', { $schema: './dataset.schema.json', ...GOOD }],
    ['bands with attributes', { ...GOOD, bands: [{ name: 'a', attributes: { scale: 1 } }] }],
    ['regular steps', { ...GOOD, time: { start: '2017', step: '1 year', count: 3 } }],
    ['listed steps', { ...GOOD, time: ['2017', '2018-06-01/2018-09-01'] }],
    ['an image', { ...WITHOUT_SOURCE, image: 'users/me/x' }],
    ['files on disk', { ...WITHOUT_SOURCE, local: true }],
    ['files on disk in steps', { ...WITHOUT_SOURCE, local: true, time: ['2017', '2018'] }],
    [
      'pixels that are not square, held by a corner',
      grid({ resolution: [10, 20], origin: [5, 5] }),
    ],
    ['pixel centres on multiples', grid({ anchor: 'center' })],
    ['fractions of a pixel', grid({ anchor: [0, 0.5] })],
    ['bounds divided into a shape', grid({ resolution: undefined, shape: [64, 64] })],
    [
      'a transform and a shape',
      grid({
        ...{ bounds: undefined, resolution: undefined },
        ...{ transform: [10, 0, 0, 0, -20, 640], shape: [32, 64] },
      }),
    ],
    [
      'a composite',
      {
        ...{ ...GOOD, notes: ['why'], filter: ['a < 1', 'b in [1]'] },
        ...{ mask: ['s2-scl', { band: 'QA', withoutBits: [3] }], reduce: { percentile: 5 } },
        bands: [
          { name: 'a', scale: 2, offset: -1 },
          { name: 'b', normalizedDifference: ['a', { name: 'c', scale: 3 }] },
        ],
      },
    ],
    ['no limit of filling', { ...GOOD, fill: 'idw', maxFillDistance: null }],
  ])('on %s: good', (_, json) => {
    expect([validate(json), isParsed(json)]).toEqual([true, true]);
  });

  test.each<[string, unknown]>([
    ['no source', WITHOUT_SOURCE],
    ['two sources', { ...GOOD, image: 'x' }],
    ['steps of an image', { ...WITHOUT_SOURCE, image: 'x', time: ['2017'] }],
    ['an unknown field', { ...GOOD, colection: 'x' }],
    ['an unknown field of the grid', { ...GOOD, grid: { ...GOOD.grid, chunks: 1 } }],
    ['a name with a slash', { ...GOOD, bands: ['a/b'] }],
    ['no bands', { ...GOOD, bands: [] }],
    ['an unknown type', { ...GOOD, dtype: 'int64' }],
    ['a fifth bound', { ...GOOD, grid: { ...GOOD.grid, bounds: [0, 0, 1, 1, 1] } }],
    ['a pixel of no width', grid({ resolution: [0, 1] })],
    ['rows from the south', grid({ resolution: [1, -1] })],
    ['a whole pixel of an anchor', grid({ anchor: [0, 1] })],
    ['an unknown anchor', grid({ anchor: 'corner' })],
    ['five numbers of a transform', grid({ transform: [1, 0, 0, 0, -1], shape: [1, 1] })],
    ['half a row', grid({ shape: [1.5, 64] })],
    ['bounds without a size of pixels', grid({ resolution: undefined })],
    ['a grid without a CRS', grid({ crs: undefined })],
    ['a raster without a name', { ...GOOD, grid: { like: '', chunk: 64 } }],
    ['half a chunk', { ...GOOD, grid: { ...GOOD.grid, chunk: 0.5 } }],
    ['steps without length', { ...GOOD, time: { start: '2017', count: 3 } }],
    ['an unknown mask', { ...GOOD, mask: 's2' }],
    ['an unknown reduction', { ...GOOD, reduce: 'avg' }],
    ['a percentile of 101', { ...GOOD, reduce: { percentile: 101 } }],
    ['a difference of one band', { ...GOOD, bands: [{ name: 'a', normalizedDifference: ['b'] }] }],
    ['a distance of 0', { ...GOOD, maxFillDistance: 0 }],
  ])('on %s: refused', (_, json) => {
    expect([validate(json), isParsed(json)]).toEqual([false, false]);
  });
});

test('a dataset that is like a raster is good by the schema, and needs the grid of the raster', () => {
  const json = { ...GOOD, grid: { like: 'dem.tif', chunk: 64 } };
  expect(new Ajv2020({ strict: false }).compile(published)(json)).toBe(true);
  const like = new GeoBox(parseCrs('EPSG:3413'), { height: 2, width: 3 }, [1, 0, 0, 0, -1, 0]);
  expect(parseDataset(json, { like }).grid.geobox).toEqual(like.toRecord());
});

const PAGE = readFileSync(new URL('../../../src/dataset/README.md', import.meta.url), 'utf8');

test.each([
  ['$schema', 'Cropland'],
  ['filter', 'Sentinel-2, cloudless median of each month'],
])(
  'the dataset file of the page with "%s" is good by the schema and by parseDataset',
  (field, title) => {
    const texts = [...PAGE.matchAll(/```json\n([^`]*)```/g)].map(([, text = '']) =>
      JSON.parse(text),
    );
    const json = texts.find((each) => field in each);
    expect(json.title).toBe(title);
    expect(new Ajv2020({ strict: false }).compile(published)(json)).toBe(true);
    expect(parseDataset(json).title).toBe(json.title);
  },
);

test.each([
  ['regular', /`(\{ "start"[^`]*\})`/],
  ['listed', /`(\["2019"[^`]*\])`/],
])('the %s time steps of the page are good', (kind, pattern) => {
  const time = JSON.parse(pattern.exec(PAGE)?.[1] ?? '');
  expect(parseDataset({ ...GOOD, time }).time).toMatchObject({ kind });
});
