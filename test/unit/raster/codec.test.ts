import { expect, test } from 'vitest';
import { bloscFor } from '../../../src/raster/codec.js';
import { bytesOf, DTYPES } from '../../../src/raster/dtype.js';

test.each(['uint8', 'int8', 'bool'] as const)(
  'pixels of one byte, as %s, are bitshuffled',
  (dtype) => {
    expect(bloscFor(dtype, 1)).toEqual({
      name: 'blosc',
      cname: 'zstd',
      clevel: 1,
      shuffle: 'bitshuffle',
      typesize: 1,
    });
  },
);

test.each(DTYPES.filter((dtype) => bytesOf(dtype) > 1))(
  '%s pixels are byte-shuffled with their true size',
  (dtype) => {
    expect(bloscFor(dtype, 9)).toMatchObject({
      clevel: 9,
      shuffle: 'shuffle',
      typesize: bytesOf(dtype),
    });
  },
);
