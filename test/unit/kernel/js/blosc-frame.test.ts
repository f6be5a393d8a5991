import Blosc from 'numcodecs/blosc';
import { describe, expect, test } from 'vitest';
import { loadGdal, uniqueName } from '../../../../src/kernel/gdal/load.js';
import { encodeBlosc } from '../../../../src/kernel/js/blosc-frame.js';
import type { BloscCodec } from '../../../../src/raster/codec.js';

const SHUFFLES = ['noshuffle', 'shuffle', 'bitshuffle'] as const;
const TYPESIZES = [1, 2, 4, 8] as const;

/** Numbers that compress well, or not at all. */
function bytesOf(elements: number, typesize: number, isNoise: boolean): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(elements * typesize);
  let seed = 1;
  for (let i = 0; i < bytes.length; i++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    if (isNoise) bytes[i] = seed >>> 24;
    else bytes[i] = i % typesize === 0 ? (i >> 6) & 0x7f : i >> 12;
  }
  return bytes;
}

/** Reads a frame with numcodecs, which is c-blosc compiled for JavaScript and what zarrita uses. */
async function decode(frame: Uint8Array): Promise<Buffer> {
  return Buffer.from(await new Blosc().decode(frame));
}

/** Reads a frame with the c-blosc that GDAL is linked with: as the one chunk of a Zarr V2 array of bytes. */
function decodeByGdal(frame: Uint8Array, length: number): Buffer {
  const gdal = loadGdal();
  const name = uniqueName('.zarr');
  const compressor = { id: 'blosc', cname: 'zstd', clevel: 1, shuffle: 0, blocksize: 0 };
  const files = {
    '.zarray': Buffer.from(
      JSON.stringify({
        zarr_format: 2,
        shape: [1, length],
        chunks: [1, length],
        dtype: '|u1',
        compressor,
        fill_value: 0,
        order: 'C',
        filters: null,
      }),
    ),
    '0.0': Buffer.from(frame),
  };
  for (const [file, content] of Object.entries(files)) gdal.vsimem.set(content, `${name}/${file}`);
  const pixels = new Uint8Array(length);
  const dataset = gdal.open(`ZARR:"${name}"`, 'r', 'Zarr');
  dataset.bands.get(1).pixels.read(0, 0, length, 1, pixels);
  dataset.close();
  for (const file of Object.keys(files)) gdal.vsimem.release(`${name}/${file}`);
  return Buffer.from(pixels);
}

const codecOf = (change: Partial<BloscCodec>): BloscCodec => ({
  name: 'blosc',
  cname: 'zstd',
  clevel: 1,
  shuffle: 'shuffle',
  typesize: 4,
  ...change,
});

describe.each(SHUFFLES)('a frame with %s', (shuffle) => {
  describe.each(TYPESIZES)('of elements of %i bytes', (typesize) => {
    // Around groups of eight, around a block of 256 KiB, and several blocks.
    test.each([1, 7, 8, 9, 17, 100, 1001, 32_768, 262_144, 262_145, 300_000])(
      'gives %i of them back, however well they compress',
      async (elements) => {
        for (const isNoise of [false, true]) {
          const bytes = bytesOf(elements, typesize, isNoise);
          const frame = await encodeBlosc(bytes, codecOf({ shuffle, typesize }));
          expect(Buffer.compare(await decode(frame), bytes)).toBe(0);
          expect(frame.byteLength).toBeLessThanOrEqual(bytes.byteLength + 16);
        }
      },
    );

    test('is read by GDAL too', async () => {
      for (const elements of [9, 1001, 300_000]) {
        const bytes = bytesOf(elements, typesize, false);
        const frame = await encodeBlosc(bytes, codecOf({ shuffle, typesize }));
        expect(Buffer.compare(decodeByGdal(frame, bytes.byteLength), bytes)).toBe(0);
      }
    });
  });
});

test.each([0, 1, 5, 9])(
  'every level gives the same bytes back with zstd and lz4 (level %i)',
  async (clevel) => {
    const bytes = bytesOf(20_000, 2, false);
    for (const cname of ['zstd', 'lz4'] as const) {
      const frame = await encodeBlosc(bytes, codecOf({ cname, clevel, typesize: 2 }));
      expect(Buffer.compare(await decode(frame), bytes)).toBe(0);
    }
  },
);

test('the header says the typesize, the shuffle, the lengths and the compressor', async () => {
  const bytes = bytesOf(1000, 8, false);
  const frame = await encodeBlosc(bytes, codecOf({ typesize: 8 }));
  const view = new DataView(frame.buffer);
  expect([...frame.subarray(0, 2)]).toEqual([2, 1]);
  expect(frame[2]).toBe(0x1 | 0x10 | (4 << 5));
  expect(frame[3]).toBe(8);
  expect(view.getUint32(4, true)).toBe(8000);
  expect(view.getUint32(12, true)).toBe(frame.byteLength);
});

test('what does not compress is copied behind a header, which says so', async () => {
  const bytes = bytesOf(4096, 1, true);
  const frame = await encodeBlosc(bytes, codecOf({ shuffle: 'bitshuffle', typesize: 1 }));
  expect(frame.byteLength).toBe(bytes.byteLength + 16);
  expect((frame[2] ?? 0) & 0x2).toBe(0x2);
  expect(Buffer.compare(frame.subarray(16), bytes)).toBe(0);
});

test('a shuffled frame is smaller than an unshuffled one where bytes of one rank are alike', async () => {
  const bytes = new Uint8Array(Float32Array.from({ length: 50_000 }, (_, i) => i * 0.37).buffer);
  const [plain, shuffled] = await Promise.all([
    encodeBlosc(bytes, codecOf({ shuffle: 'noshuffle' })),
    encodeBlosc(bytes, codecOf({ shuffle: 'shuffle' })),
  ]);
  expect(shuffled.byteLength).toBeLessThan(plain.byteLength / 1.5);
});
