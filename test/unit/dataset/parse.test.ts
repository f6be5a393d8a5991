import { describe, expect, test } from 'vitest';
import { parseDataset } from '../../../src/dataset/parse.js';
import { InvalidInputError } from '../../../src/errors.js';

const GOOD = {
  title: 'NDVI',
  collection: 'MODIS/061/MOD13Q1',
  bands: ['NDVI', { name: 'EVI', attributes: { long_name: 'Enhanced', scale: 0.0001 } }],
  dtype: 'int16',
  nodata: -32_768,
  grid: { crs: 'EPSG:3413', bounds: [-1000, -500, 1000, 500], resolution: 10, chunk: [64, 128] },
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
    ['dtype', { dtype: 'int8' }],
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
    ['resampling', { resampling: 'lanczos' }],
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

  test('exactly one of collection and image is asked for', () => {
    const { collection: _, ...rest } = GOOD;
    expect(() => parseDataset(rest)).toThrow('exactly one of "collection" and "image"');
    expect(() => parseDataset({ ...GOOD, image: 'x' })).toThrow('received "both"');
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
