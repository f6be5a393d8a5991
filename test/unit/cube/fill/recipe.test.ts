import { expect, test } from 'vitest';
import { chooseCodec, coordinateCodec, recipeOf } from '../../../../src/cube/fill/recipe.js';
import { presetDataset } from '../../../../src/dataset/presets.js';

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

test('without a Blosc encoder they are compressed by gzip, which every machine has', () => {
  expect(chooseCodec({ dtype: 'uint8', codec: 'default' }, false)).toEqual({
    name: 'gzip',
    level: 1,
  });
  expect(coordinateCodec(false)).toEqual({ name: 'gzip', level: 5 });
});
