import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/errors.js';
import {
  nameStorage,
  PLACES,
  parseStorage,
  type StorageLocation,
} from '../../../src/store/storage-url.js';

describe('parseStorage', () => {
  test('a path is a local folder, made absolute', () => {
    expect(parseStorage('cubes/tctrend')).toEqual({
      kind: 'local',
      path: resolve('cubes/tctrend'),
    });
    expect(parseStorage('/data/cube')).toEqual({ kind: 'local', path: '/data/cube' });
  });

  test('a file: URL is the folder it names, with escapes resolved', () => {
    expect(parseStorage('file:///data/my%20cube')).toEqual({
      kind: 'local',
      path: '/data/my cube',
    });
  });

  test('a path or file: URL that ends in .zarr is a plain Zarr directory', () => {
    expect(parseStorage('/data/x.zarr')).toEqual({ kind: 'zarr', path: '/data/x.zarr' });
    expect(parseStorage('file:///data/x.zarr')).toEqual({ kind: 'zarr', path: '/data/x.zarr' });
  });

  test('memory: is a store in memory, with or without a name', () => {
    expect(parseStorage('memory:')).toEqual({ kind: 'memory' });
    expect(parseStorage('memory:a-1')).toEqual({ kind: 'memory', name: 'a-1' });
    expect(() => parseStorage('memory:a/b')).toThrow(InvalidInputError);
  });

  test.each([
    ['s3://bucket/some/prefix', { kind: 's3', bucket: 'bucket', prefix: 'some/prefix' }],
    ['S3://bucket/prefix/', { kind: 's3', bucket: 'bucket', prefix: 'prefix' }],
    ['gs://my.bucket', { kind: 'gs', bucket: 'my.bucket', prefix: '' }],
    ['az://container/cube.zarr', { kind: 'az', bucket: 'container', prefix: 'cube.zarr' }],
  ])('%s is a place in an object store', (url, location) => {
    expect(parseStorage(url)).toEqual(location);
  });

  test.each([
    's3://',
    's3:/x',
    's3:bucket',
    's3:///prefix',
    's3://b/a/../c',
    's3://b/a//c',
    'az://c/.',
  ])('%s is refused: it names no bucket, or a prefix with a way out of it', (url) => {
    expect(() => parseStorage(url)).toThrow(InvalidInputError);
  });

  test.each(['s3://AKIAKEY:hushhush@bucket/x', 's3://bucket/x?X-Amz-Signature=hushhush'])(
    'what is refused in %s is not repeated, because it may be a key',
    (url) => {
      expect(() => parseStorage(url)).toThrow(InvalidInputError);
      expect(() => parseStorage(url)).not.toThrow(/hush/);
    },
  );

  test.each(['https://example.com/x', 'ftp://x/y'])('%s is refused, naming the scheme', (url) => {
    expect(() => parseStorage(url)).toThrow(`received "${url.split(':')[0]}:"`);
  });

  test.each([
    '/data/cube',
    '/data/x.zarr',
    'memory:',
    'memory:a',
    's3://bucket/a/b',
    'gs://bucket',
    'az://container/a',
  ])('%s is called so in messages', (url) => {
    expect(nameStorage(parseStorage(url))).toBe(url);
  });

  test('an empty name is refused', () => {
    expect(() => parseStorage('')).toThrow(InvalidInputError);
  });
});

/** One of each kind. */
const ONE_OF_EACH: Readonly<Record<StorageLocation['kind'], string>> = {
  local: '/cubes/mine',
  zarr: '/cubes/mine.zarr',
  memory: 'memory:mine',
  s3: 's3://bucket/mine',
  gs: 'gs://bucket/mine',
  az: 'az://container/mine',
};

test.each(Object.keys(PLACES) as StorageLocation['kind'][])(
  'a URL leads to a place of kind %s, and is its name',
  (kind) => {
    const location = parseStorage(ONE_OF_EACH[kind]);
    expect(location.kind).toBe(kind);
    expect(nameStorage(location)).toBe(ONE_OF_EACH[kind]);
  },
);
