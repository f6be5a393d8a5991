import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/errors.js';
import { parseStorage } from '../../../src/store/storage-url.js';

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

  test('memory: is a store in memory', () => {
    expect(parseStorage('memory:')).toEqual({ kind: 'memory' });
  });

  test.each(['s3://bucket/x', 'gs://bucket/x', 'az://x/y', 'https://example.com/x'])(
    '%s is refused as not built yet, naming the scheme',
    (url) => {
      const scheme = url.split(':')[0];
      expect(() => parseStorage(url)).toThrow(InvalidInputError);
      expect(() => parseStorage(url)).toThrow(`Stores at ${scheme}: are not built yet.`);
    },
  );

  test.each(['cubes/x.zarr', 'file:///data/x.zarr'])(
    '%s, a plain Zarr folder, is refused',
    (url) => {
      expect(() => parseStorage(url)).toThrow('Plain .zarr folders are not built yet');
    },
  );

  test('an empty name is refused', () => {
    expect(() => parseStorage('')).toThrow(InvalidInputError);
  });
});
