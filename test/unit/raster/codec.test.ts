import { expect, test } from 'vitest';
import { bloscFor } from '../../../src/raster/codec.js';
import { bytesOf, DTYPES } from '../../../src/raster/dtype.js';

test('one-byte pixels are bitshuffled', () => {
  expect(bloscFor('uint8', 1)).toEqual({
    name: 'blosc',
    cname: 'zstd',
    clevel: 1,
    shuffle: 'bitshuffle',
    typesize: 1,
  });
});

test.each(DTYPES.filter((dtype) => dtype !== 'uint8'))(
  '%s pixels are byte-shuffled with their true size',
  (dtype) => {
    expect(bloscFor(dtype, 9)).toMatchObject({
      clevel: 9,
      shuffle: 'shuffle',
      typesize: bytesOf(dtype),
    });
  },
);
