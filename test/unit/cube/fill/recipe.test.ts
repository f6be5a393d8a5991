import { expect, test } from 'vitest';
import { chooseCodec, coordinateCodec, recipeOf } from '../../../../src/cube/fill/recipe.js';
import { presetDataset } from '../../../../src/dataset/presets.js';
import type { DType } from '../../../../src/raster/dtype.js';

test('a recipe holds what a kernel needs of the dataset', () => {
  const dataset = presetDataset('TCTrend');
  const codec = chooseCodec(dataset, true);
  expect(recipeOf(dataset, codec, { kind: 'bits' })).toEqual({
    grid: dataset.grid.geobox,
    bands: 3,
    dtype: 'uint8',
    fillValue: 0,
    mask: { kind: 'bits' },
    processing: { fill: 'idw', maxFillDistance: 32, clipToObserved: true, resampling: 'near' },
    chunk: [3600, 3600],
    codec,
  });
});

test('cubes are compressed by Blosc at level 2 in blocks of 1 MiB, or at level 9 where the dataset asks for the codec of smart-geocubes', () => {
  expect(chooseCodec({ dtype: 'float32', codec: 'default' }, true)).toEqual({
    name: 'blosc',
    cname: 'zstd',
    clevel: 2,
    shuffle: 'shuffle',
    typesize: 4,
    blocksize: 1_048_576,
  });
  const seed = chooseCodec({ dtype: 'uint8', codec: 'seed' }, true);
  expect(seed).toMatchObject({ clevel: 9, shuffle: 'bitshuffle' });
  expect(seed).not.toHaveProperty('blocksize');
  expect(coordinateCodec(true)).toMatchObject({ name: 'blosc', clevel: 5, typesize: 8 });
});

test('with the fast codec they are compressed by LZ4 in blocks of 256 KiB, bits or bytes shuffled by the width of pixels', () => {
  const fast = { name: 'blosc', cname: 'lz4', clevel: 5, blocksize: 262_144 };
  const chosen = (dtype: DType) => chooseCodec({ dtype, codec: 'fast' }, true);
  expect(chosen('uint8')).toEqual({ ...fast, shuffle: 'bitshuffle', typesize: 1 });
  expect(chosen('int16')).toEqual({ ...fast, shuffle: 'shuffle', typesize: 2 });
  expect(chosen('float32')).toEqual({ ...fast, shuffle: 'shuffle', typesize: 4 });
  expect(chosen('float64')).toEqual({ ...fast, shuffle: 'shuffle', typesize: 8 });
});

test('without a Blosc encoder they are compressed by gzip, which every machine has', () => {
  expect(chooseCodec({ dtype: 'uint8', codec: 'default' }, false)).toEqual({
    name: 'gzip',
    level: 1,
  });
  expect(chooseCodec({ dtype: 'uint8', codec: 'fast' }, false)).toEqual({ name: 'gzip', level: 1 });
  expect(chooseCodec({ dtype: 'uint8', codec: 'seed' }, false)).toEqual({ name: 'gzip', level: 9 });
  expect(coordinateCodec(false)).toEqual({ name: 'gzip', level: 5 });
});
