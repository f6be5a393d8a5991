import { describe, expect, test } from 'vitest';
import { typedFor } from '../../../src/dataset/band-types.js';
import { defineDataset, parseDataset } from '../../../src/dataset/parse.js';
import { InvalidInputError } from '../../../src/errors.js';

const GOOD = {
  title: 'NDVI',
  collection: 'MODIS/061/MOD13Q1',
  bands: ['NDVI', { name: 'EVI', attributes: { long_name: 'Enhanced', scale: 0.0001 } }],
  dtype: 'int16',
  nodata: -32_768,
  grid: { crs: 'EPSG:3413', bounds: [-1000, -500, 1000, 500], resolution: 10, chunk: [64, 128] },
};

const EXPRESSION = {
  result: '1',
  values: {
    0: { constantValue: ['NDVI', 'EVI'] },
    1: {
      functionInvocationValue: {
        functionName: 'Image.select',
        arguments: {
          input: {
            functionInvocationValue: {
              functionName: 'Image.load',
              arguments: { id: { constantValue: 'users/someone/x' } },
            },
          },
          bandSelectors: { valueReference: '0' },
        },
      },
    },
  },
};

const grid = (change: object) => ({ grid: { ...GOOD.grid, ...change } });

describe('parseDataset', () => {
  test('reads a dataset, giving every field that is left out its default', () => {
    expect(parseDataset(GOOD)).toEqual({
      title: 'NDVI',
      source: { kind: 'collection', id: 'MODIS/061/MOD13Q1' },
      bands: [
        { name: 'NDVI' },
        { name: 'EVI', attributes: { long_name: 'Enhanced', scale: 0.0001 } },
      ],
      dtype: 'int16',
      nodata: -32_768,
      grid: {
        geobox: { crs: 'EPSG:3413', shape: [100, 200], affine: [10, 0, -1000, 0, -10, 500] },
        chunk: [64, 128],
      },
      processing: {
        fill: 'none',
        maxFillDistance: 100,
        clipToObserved: false,
        resampling: 'near',
      },
      codec: 'default',
    });
  });

  test('keeps every choice that is made', () => {
    const { collection: _, ...rest } = GOOD;
    const dataset = parseDataset({
      ...rest,
      image: 'users/someone/x',
      grid: { ...GOOD.grid, chunk: 50 },
      fill: 'nearest',
      maxFillDistance: null,
      clipToObserved: true,
      resampling: 'cubic',
      codec: 'seed',
    });
    expect(dataset.source).toEqual({ kind: 'image', id: 'users/someone/x' });
    expect(dataset.grid.chunk).toEqual([50, 50]);
    expect(dataset.processing).toEqual({
      fill: 'nearest',
      maxFillDistance: null,
      clipToObserved: true,
      resampling: 'cubic',
    });
    expect(dataset.codec).toBe('seed');
  });

  test('a dataset without a nodata code has no such field', () => {
    const { nodata: _, ...rest } = GOOD;
    expect('nodata' in parseDataset(rest)).toBe(false);
  });

  test.each([
    ['title', { title: '' }],
    ['title', { title: undefined }],
    ['bands', { bands: [] }],
    ['bands.0', { bands: ['has space'] }],
    ['bands.1.name', { bands: ['ok', { name: 'no/slash' }] }],
    ['bands', { bands: 'NDVI' }],
    ['dtype', { dtype: 'int64' }],
    ['nodata', { nodata: '0' }],
    ['grid', { grid: undefined }],
    ['grid.crs', grid({ crs: 3413 })],
    ['grid.bounds', grid({ bounds: [0, 0, 1] })],
    ['grid.bounds.2', grid({ bounds: [0, 0, '1', 1] })],
    ['grid.resolution', grid({ resolution: 0 })],
    ['grid.resolution', grid({ resolution: -30 })],
    ['grid.chunk', grid({ chunk: 0 })],
    ['grid.chunk', grid({ chunk: 40_000 })],
    ['fill', { fill: 'linear' }],
    ['maxFillDistance', { maxFillDistance: 0 }],
    ['clipToObserved', { clipToObserved: 1 }],
    ['resampling', { resampling: 'fastest' }],
    ['codec', { codec: 'zip' }],
  ])('a wrong "%s" is named in the message (%j)', (field, change) => {
    const parse = () => parseDataset({ ...GOOD, ...change });
    expect(parse).toThrow(InvalidInputError);
    expect(parse).toThrow(`"${field}" of the dataset`);
  });

  test('a field that does not exist is named, at the top and inside the grid', () => {
    expect(() => parseDataset({ ...GOOD, colection: 'x' })).toThrow('"colection"');
    expect(() => parseDataset({ ...GOOD, ...grid({ chunks: 1 }) })).toThrow('"chunks"');
  });

  test.each([[null], ['text'], [[]], [3]])('%j is no dataset', (json) => {
    expect(() => parseDataset(json)).toThrow(InvalidInputError);
  });

  test('exactly one of collection, image, expression and local is asked for', () => {
    const { collection: _, ...rest } = GOOD;
    const all = 'exactly one of "collection", "image", "expression" and "local"';
    expect(() => parseDataset(rest)).toThrow(all);
    expect(() => parseDataset(rest)).toThrow('received "none"');
    expect(() => parseDataset({ ...GOOD, image: 'x' })).toThrow('received "collection, image"');
    expect(() => parseDataset({ ...rest, image: 'x', expression: EXPRESSION })).toThrow(all);
    expect(() => parseDataset({ ...GOOD, local: true })).toThrow('received "collection, local"');
  });

  test('a dataset of files on disk names no source, and may have time steps', () => {
    const { collection: _, ...rest } = GOOD;
    const time = { start: '2017', step: '1 year', count: 3 };
    expect(parseDataset({ ...rest, local: true, time }).source).toEqual({ kind: 'local' });
    expect(() => parseDataset({ ...rest, local: false })).toThrow(
      'Expected true for "local" of the dataset but received false.',
    );
  });

  test('an expression is taken as it stands', () => {
    const { collection: _, ...rest } = GOOD;
    expect(parseDataset({ ...rest, expression: EXPRESSION }).source).toEqual({
      kind: 'expression',
      expression: EXPRESSION,
    });
  });

  test.each<[string, unknown]>([
    ['Expected an object, or one as JSON text, for the expression', 'ee.Image(1)'],
    ['Expected an object for the expression but received 7', '7'],
    ['Expected an object for the expression', [EXPRESSION]],
    ['alone for the expression but received "extra"', { ...EXPRESSION, extra: 1 }],
    ['Expected a key of "values" for "result" of the expression', { ...EXPRESSION, result: 0 }],
    ['"result" of the expression but received "9"', { ...EXPRESSION, result: '9' }],
    ['"result" of the expression but received "toString"', { ...EXPRESSION, result: 'toString' }],
    ['Expected an object for "values" of the expression', { result: '0' }],
    ['value "0" of the expression', { result: '0', values: { 0: 'x' } }],
    ['value "0" of the expression but received "nothing"', { result: '0', values: { 0: {} } }],
    [
      'value "0" of the expression but received "type"',
      { result: '0', values: { 0: { type: 'Image' } } },
    ],
    [
      'a reference in value "0" of the expression but received "1"',
      { result: '0', values: { 0: { valueReference: '1' } } },
    ],
    [
      'a reference in value "0" of the expression but received "5"',
      {
        result: '0',
        values: {
          0: {
            dictionaryValue: {
              values: { a: { arrayValue: { values: [{ valueReference: '5' }] } } },
            },
          },
        },
      },
    ],
    [
      'a reference in value "0" of the expression but received "7"',
      {
        result: '0',
        values: {
          0: {
            functionInvocationValue: {
              functionName: 'Image.not',
              arguments: { value: { valueReference: '7' } },
            },
          },
        },
      },
    ],
    [
      'a reference in value "0" of the expression but received "f"',
      {
        result: '0',
        values: { 0: { functionInvocationValue: { functionReference: 'f', arguments: {} } } },
      },
    ],
    [
      'a reference in value "0" of the expression but received "b"',
      {
        result: '0',
        values: { 0: { functionDefinitionValue: { argumentNames: ['x'], body: 'b' } } },
      },
    ],
  ])('what is no expression is refused: %s', (message, expression) => {
    const { collection: _, ...rest } = GOOD;
    const parse = () => parseDataset({ ...rest, expression });
    expect(parse).toThrow(InvalidInputError);
    expect(parse).toThrow(message);
    expect(parse).toThrow('serialize()');
  });

  test('a constant may hold what looks like a reference', () => {
    const { collection: _, ...rest } = GOOD;
    const expression = { result: '0', values: { 0: { constantValue: { valueReference: 'x' } } } };
    expect(parseDataset({ ...rest, expression }).source).toMatchObject({ expression });
  });

  test('a nodata code that the dtype cannot hold is refused', () => {
    expect(() => parseDataset({ ...GOOD, nodata: 40_000 })).toThrow(
      'Expected a value that int16 can hold for "nodata" of the dataset but received 40000.',
    );
    expect(() => parseDataset({ ...GOOD, nodata: 0.5 })).toThrow(InvalidInputError);
  });

  test.each(['x', 'y', 'time', 'spatial_ref', 'geocubes'])(
    'a band may not be called %s, because the cube has something of that name',
    (name) => {
      expect(() => parseDataset({ ...GOOD, bands: ['ok', name] })).toThrow(
        `Expected another name for band 1 of the dataset but received "${name}".`,
      );
    },
  );

  test('two bands of one name are refused', () => {
    expect(() => parseDataset({ ...GOOD, bands: ['a', 'b', 'a'] })).toThrow('each name once');
  });

  test('an unknown CRS and bounds in the wrong order are refused as input', () => {
    expect(() => parseDataset({ ...GOOD, ...grid({ crs: 'EPSG:99999' }) })).toThrow('EPSG:99999');
    expect(() => parseDataset({ ...GOOD, ...grid({ bounds: [1, 0, 0, 1] }) })).toThrow(
      'west < east',
    );
  });
});

describe('what is wrong is told in words: the field, what was expected, what came', () => {
  test.each<[string, object]>([
    ['a text for "title" of the dataset but received "nothing"', { title: undefined }],
    ['a text that is not empty for "title" of the dataset but received ""', { title: '' }],
    ['a list for "bands" of the dataset but received "NDVI"', { bands: 'NDVI' }],
    ['a list of at least 1 entry for "bands" of the dataset but received "[]"', { bands: [] }],
    ['a text or an object for "bands.0" of the dataset but received 7', { bands: [7] }],
    [
      'a name of letters, digits, _ . - for "bands.0" of the dataset but received "has space"',
      { bands: ['has space'] },
    ],
    [
      'no fields but name, dtype, nodata, scale_factor, add_offset, units, long_name, attributes, scale, offset, normalizedDifference for "bands.0" of the dataset but received "nam"',
      { bands: [{ name: 'a', nam: 'b' }] },
    ],
    [
      'a text or a number for "bands.0.attributes.scale" of the dataset but received true',
      { bands: [{ name: 'a', attributes: { scale: true } }] },
    ],
    [
      'one of bool, uint8, int8, int16, uint16, int32, uint32, float32, float64 for "dtype" of the dataset but received "int64"',
      { dtype: 'int64' },
    ],
    ['a number for "nodata" of the dataset but received "0"', { nodata: '0' }],
    [
      'a number for "grid.bounds.2" of the dataset but received "1"',
      grid({ bounds: [0, 0, '1', 1] }),
    ],
    [
      'a list of at least 4 entries for "grid.bounds" of the dataset but received "[0,0,1]"',
      grid({ bounds: [0, 0, 1] }),
    ],
    [
      'a number of more than 0 for "grid.resolution" of the dataset but received -30',
      grid({ resolution: -30 }),
    ],
    ['a number of at least 1 for "grid.chunk" of the dataset but received 0', grid({ chunk: 0 })],
    [
      'a whole number or a list for "grid.chunk" of the dataset but received 0.5',
      grid({ chunk: 0.5 }),
    ],
    [
      'a whole number for "grid.chunk.1" of the dataset but received 0.5',
      grid({ chunk: [64, 0.5] }),
    ],
    [
      'no fields but crs, bounds, resolution, origin, anchor, transform, shape, like, chunk for "grid" of the dataset but received "chunks"',
      grid({ chunks: 1 }),
    ],
    [
      'no fields but start, step, end, count for "time" of the dataset but received "stop"',
      { time: { start: '2017', step: '1 year', stop: '2020' } },
    ],
    ['an object or a list for "time" of the dataset but received "2017"', { time: '2017' }],
    [
      'a time such as 2019, 2019-07, 2019-07-01 or 2019-07-01T12:30 (UTC) for "time.start" of the dataset but received "May 2017"',
      { time: { start: 'May 2017', step: '1 year', count: 1 } },
    ],
    [
      'either "end" or "count" for "time" of the dataset but received "neither"',
      { time: { start: '2017', step: '1 year' } },
    ],
    [
      'either "end" or "count" for "time" of the dataset but received "both"',
      { time: { start: '2017', step: '1 year', end: '2018', count: 2 } },
    ],
    [
      'an end after the start for "time" of the dataset but received "2017-01-01"',
      { time: { start: '2017', step: '1 year', end: '2016' } },
    ],
    [
      'a time, or start/end for "time.1" of the dataset but received "2018/2019/2020"',
      { time: ['2017', '2018/2019/2020'] },
    ],
    [
      'no fields but $schema, notes, title, collection, filter, mask, reduce, image, expression, local, bands, dtype, nodata, grid, requestGrid, time, fill, maxFillDistance, clipToObserved, resampling, codec, innerChunk for the dataset but received "colection"',
      { colection: 'x' },
    ],
  ])('Expected %s', (message, change) => {
    expect(() => parseDataset({ ...GOOD, ...change })).toThrow(`Expected ${message}`);
  });

  test('a dataset that is none at all is shown in part', () => {
    expect(() => parseDataset([1])).toThrow(
      'Expected an object for the dataset but received "[1]".',
    );
  });
});

describe('time steps', () => {
  const axisOf = (time: unknown) => parseDataset({ ...GOOD, time }).time;

  test('are regular, counted or up to an end that is included', () => {
    const regular = { kind: 'regular', start: '2017-01-01', step: '1 year', count: 9 };
    expect(axisOf({ start: '2017', step: '1 year', count: 9 })).toEqual(regular);
    expect(axisOf({ start: '2017', step: '1 year', end: '2025' })).toEqual(regular);
    expect(axisOf({ start: '2017', step: '1 year', end: '2025-01-01' })).toEqual(regular);
    expect(axisOf({ start: '2020', step: '8 days', end: '2020' })).toMatchObject({ count: 46 });
  });

  test('are listed, as times or as start/end', () => {
    expect(axisOf(['2017', '2018-06', '2019-06-01/2019-09-01'])).toEqual({
      kind: 'listed',
      steps: [
        { start: '2017-01-01', end: '2018-01-01' },
        { start: '2018-06-01', end: '2018-07-01' },
        { start: '2019-06-01', end: '2019-09-01' },
      ],
    });
  });

  test('belong to collections, whose images have dates', () => {
    const { collection: _, ...rest } = GOOD;
    const time = ['2017'];
    expect(() => parseDataset({ ...rest, image: 'x', time })).toThrow(
      'Expected a "collection" for a dataset with time steps but received "an image".',
    );
  });

  test('are no field of a dataset that has none', () => {
    expect('time' in parseDataset(GOOD)).toBe(false);
  });
});

test('a dataset may be given in TypeScript, as const or not, and may name its schema', () => {
  const file = {
    $schema: './dataset.schema.json',
    title: 'NDVI',
    collection: 'MODIS/061/MOD13Q1',
    bands: ['NDVI', { name: 'EVI' }],
    dtype: 'int16',
    grid: { crs: 'EPSG:3413', bounds: [0, 0, 640, 640], resolution: 10, chunk: 64 },
    time: { start: '2017', step: '1 year', count: 3 },
  } as const;
  const dataset = defineDataset(file);
  expect(dataset.grid.chunk).toEqual([64, 64]);
  expect('$schema' in dataset).toBe(false);
  expect(defineDataset({ ...file, bands: ['NDVI'], time: ['2017'] }).bands).toHaveLength(1);
});

describe('a type for each band', () => {
  const of = (file: object) => parseDataset({ ...GOOD, dtype: undefined, ...file }).bands;

  test('is what the band says, or the dataset', () => {
    const bands = ['a', { name: 'b', dtype: 'uint8', nodata: 255 }, { name: 'c', nodata: null }];
    const dataset = parseDataset({ ...GOOD, dtype: 'int16', nodata: -9999, bands });
    const types = dataset.bands.map((band) => {
      const { dtype, nodata } = typedFor(dataset, band);
      return [dtype, nodata];
    });
    expect(types).toEqual([
      ['int16', -9999],
      ['uint8', 255],
      ['int16', undefined],
    ]);
  });

  test('makes the dtype of the dataset one that need not be said', () => {
    expect(of({ bands: [{ name: 'a', dtype: 'float32' }] })).toEqual([
      { name: 'a', dtype: 'float32' },
    ]);
    expect(() => of({ bands: [{ name: 'a', dtype: 'float32' }, 'b'] })).not.toThrow();
  });

  test('that the nodata of all does not fit asks for its own', () => {
    const bands = ['a', { name: 'b', dtype: 'uint8' }];
    expect(() => parseDataset({ ...GOOD, dtype: 'int16', nodata: -9999, bands })).toThrow(
      'Expected a "nodata" of its own, or null, for the band b of uint8 for the dataset but received "-9999 for all bands, which uint8 cannot hold".',
    );
  });

  test('comes with CF attributes, which are told once', () => {
    const band = { name: 'a', dtype: 'int16', scale_factor: 0.1, units: 'K', long_name: 'Heat' };
    expect(of({ bands: [band] })).toEqual([
      {
        ...{ name: 'a', dtype: 'int16' },
        attributes: { scale_factor: 0.1, units: 'K', long_name: 'Heat' },
      },
    ]);
    expect(() => of({ bands: [{ ...band, attributes: { units: 'C' } }] })).toThrow(
      'Expected one "units" for the band a of the dataset but received "K, and C among its attributes".',
    );
  });
});
