import { describe, expect, test } from 'vitest';
import {
  arrayCodecOf,
  checkInnerChunk,
  innerChunksOf,
} from '../../../src/dataset/grid/inner-chunk.js';
import { parseDataset } from '../../../src/dataset/parse.js';
import { createGdalKernel } from '../../../src/kernel/gdal/kernel.js';
import { createJsKernel } from '../../../src/kernel/js/kernel.js';
import { bloscFor, FAST_BLOCKSIZE, FAST_CLEVEL } from '../../../src/raster/codec.js';

const datasetOf = (chunk: number | [number, number], innerChunk?: number) =>
  parseDataset({
    title: 'inner',
    local: true,
    bands: ['b'],
    dtype: 'uint8',
    nodata: 255,
    grid: { crs: 'EPSG:3413', bounds: [0, 0, 9000, 9000], resolution: 10, chunk },
    ...(innerChunk === undefined ? {} : { innerChunk }),
  });

test('a dataset without inner chunks is the one that it was', () => {
  const dataset = datasetOf(900);
  expect(dataset).not.toHaveProperty('innerChunk');
  const codec = bloscFor('uint8', 2);
  expect(arrayCodecOf(dataset, codec)).toEqual(codec);
});

test.each([
  [
    900,
    256,
    '900 x 900 pixels, such as 225, 300, 450, for the inner chunk of the dataset but received 256',
  ],
  [[900, 600], 450, '900 x 600 pixels, such as 100, 150, 300, for'],
  [900, 2000, 'but received 2000'],
  [900, 1, 'but received 1. So small ones would be too many.'],
] as const)(
  'of a chunk of %s a side of %s is refused with sides that would do',
  (chunk, side, words) => {
    expect(() => datasetOf(chunk as number, side)).toThrow(words);
  },
);

test('whoever gives a dataset as data is told the same', () => {
  const { grid } = datasetOf(900);
  expect(() => checkInnerChunk({ grid, innerChunk: 12.5 })).toThrow(/but received 12.5/);
  expect(innerChunksOf({ grid, innerChunk: 300 })).toBe(9);
});

/** Noise of three bits on a slope: small where bits are shuffled, and as large as it is where they are not. */
const SIDE = 450;
const PIXELS = Uint8Array.from(
  { length: SIDE ** 2 },
  (_, i) => 100 + Math.floor((i % SIDE) / 40) + ((Math.imul(i + 1, 2_654_435_761) >>> 13) & 7),
);

describe.each([
  ['gdal', createGdalKernel()],
  ['js', createJsKernel()],
])('the kernel %s', (_, kernel) => {
  test('shuffles the bits of an inner chunk whose pixels no 8 divides', async () => {
    const codec = bloscFor('uint8', FAST_CLEVEL, FAST_BLOCKSIZE, 'lz4');
    const array = { dtype: 'uint8', shape: [SIDE, SIDE], bytes: PIXELS } as const;
    const bytes = await kernel.encode(array, arrayCodecOf(datasetOf(900, SIDE), codec));
    expect(bytes.length).toBeLessThan(0.8 * PIXELS.length);
    const back = new Uint8Array(PIXELS.length);
    await kernel.readChunk({
      ...{ from: bytes, compression: 'blosc', dtype: 'uint8', chunk: [SIDE, SIDE] },
      inner: { chunk: [SIDE, SIDE], index: 'end', fillValue: 255 },
      part: { row: 0, col: 0, height: SIDE, width: SIDE },
      into: { bytes: back, width: SIDE, row: 0, col: 0 },
    });
    expect(Buffer.compare(back, PIXELS)).toBe(0);
  });
});
