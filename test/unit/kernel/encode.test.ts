import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Blosc from 'numcodecs/blosc';
import { describe, expect, test } from 'vitest';
import { loadBlosc } from '../../../src/kernel/gdal/blosc-addon.js';
import { createGdalKernel } from '../../../src/kernel/gdal/kernel.js';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { createJsKernel } from '../../../src/kernel/js/kernel.js';
import { roomFor } from '../../../src/kernel/kernel.js';
import { bloscFor, type Codec } from '../../../src/raster/codec.js';
import {
  asBytes,
  bytesOf,
  fromBytes,
  WORK_TYPES,
  type WorkType,
} from '../../../src/raster/dtype.js';
import { pixelsOf } from './geotiff.js';

describe.each([
  // Where the addon could not be made here, the first two are the same one.
  ['gdal', createGdalKernel(), loadBlosc() === undefined ? 'gdal' : 'libblosc'],
  ['gdal without the addon', createGdalKernel({ useBloscAddon: false }), 'gdal'],
  ['js', createJsKernel(), 'javascript'],
] as const)('the kernel %s', (_kernel, kernel, encoder) => {
  const SHAPE = [48, 80] as const;
  const LENGTH = SHAPE[0] * SHAPE[1];

  const raw = (
    dtype: WorkType,
    values: ArrayLike<number>,
    shape: readonly [number, number] = SHAPE,
  ) => ({
    dtype,
    shape,
    bytes: asBytes(pixelsOf(dtype, values)),
  });

  const wave = (dtype: WorkType) =>
    Array.from({ length: LENGTH }, (_, i) =>
      dtype.startsWith('float') ? Math.sin(i / 50) * 1e3 : Math.round(127 + 100 * Math.sin(i / 50)),
    );

  /** Reads a frame with numcodecs, which is c-blosc compiled for JavaScript. */
  async function unblosc(frame: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await new Blosc().decode(frame));
  }

  /** The pixels GDAL's own Zarr driver finds in a frame. */
  function readByGdal(
    frame: Uint8Array,
    dtype: WorkType,
    [height, width]: readonly [number, number],
  ) {
    const folder = mkdtempSync(join(tmpdir(), 'geocubes-frame-'));
    const zarray = {
      zarr_format: 2,
      shape: [height, width],
      chunks: [height, width],
      dtype: `${dtype === 'uint8' ? '|' : '<'}${dtype[0]}${bytesOf(dtype)}`,
      compressor: { id: 'blosc', cname: 'zstd', clevel: 1, shuffle: 1, blocksize: 0 },
      fill_value: 0,
      order: 'C',
      filters: null,
    };
    writeFileSync(join(folder, '.zarray'), JSON.stringify(zarray));
    writeFileSync(join(folder, '0.0'), frame);
    try {
      const dataset = loadGdal().open(folder, 'r', 'Zarr');
      const pixels = pixelsOf(dtype, Array(height * width).fill(0));
      dataset.bands.get(1).pixels.read(0, 0, width, height, pixels);
      dataset.close();
      return asBytes(pixels);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Bytes 0 to 15 of a frame, by https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst */
  function headerOf(frame: Uint8Array) {
    const view = new DataView(frame.buffer, frame.byteOffset, 16);
    const flags = view.getUint8(2);
    return {
      byteShuffle: (flags & 1) !== 0,
      bitShuffle: (flags & 4) !== 0,
      /** 4 is zstd, 1 is lz4. */
      compressor: flags >> 5,
      typesize: view.getUint8(3),
      pixelBytes: view.getUint32(4, true),
      frameBytes: view.getUint32(12, true),
    };
  }

  test.each<[string, Codec]>([
    ['Blosc', bloscFor('uint16', 2)],
    ['Blosc that only copies', bloscFor('uint16', 0)],
    ['Blosc of noise', bloscFor('uint16', 1)],
    ['gzip', { name: 'gzip', level: 1 }],
    ['no compression', { name: 'uncompressed' }],
  ])('given memory for the result, encodes the same with %s', async (name, codec) => {
    const noise = Array.from(
      { length: LENGTH },
      (_, i) => (Math.imul(i, 2_654_435_761) >>> 7) & 0xffff,
    );
    const array = raw('uint16', name.endsWith('noise') ? noise : wave('uint16'));
    const memory = new Uint8Array(new SharedArrayBuffer(roomFor(array.bytes.length) + 10)).fill(9);
    const encoded = await kernel.encode(array, codec, memory.subarray(5, -5));
    const own = await kernel.encode(array, codec);
    expect(Buffer.compare(encoded, own)).toBe(0);
    expect([...memory.subarray(0, 5), ...memory.subarray(-5)]).toEqual(Array(10).fill(9));
    expect(array.bytes).toEqual(
      raw('uint16', name.endsWith('noise') ? noise : wave('uint16')).bytes,
    );
    if (encoded.buffer === memory.buffer) expect(encoded.byteOffset).toBe(5);
  });

  describe('a Blosc frame', () => {
    test('can be written here', () => {
      expect(kernel.facts).toMatchObject({ hasBlosc: true, encoder });
    });

    test.each(WORK_TYPES)(
      'of %s says the typesize and shuffle of the codec and gives the same pixels back',
      async (dtype) => {
        const array = raw(dtype, wave(dtype));
        const frame = await kernel.encode(array, bloscFor(dtype, 1));
        expect(headerOf(frame)).toEqual({
          byteShuffle: dtype !== 'uint8',
          bitShuffle: dtype === 'uint8',
          compressor: 4,
          typesize: bytesOf(dtype),
          pixelBytes: LENGTH * bytesOf(dtype),
          frameBytes: frame.byteLength,
        });
        expect(frame.byteLength).toBeLessThan(array.bytes.byteLength);
        expect(await unblosc(frame)).toEqual(array.bytes);
      },
    );

    test.each(WORK_TYPES)('of %s is read by GDAL as a chunk of Zarr V2', async (dtype) => {
      const array = raw(dtype, wave(dtype));
      const frame = await kernel.encode(array, bloscFor(dtype, 1));
      expect(readByGdal(frame, dtype, SHAPE)).toEqual(array.bytes);
    });

    test.each(['noshuffle', 'shuffle', 'bitshuffle'] as const)(
      'is written with %s where asked',
      async (shuffle) => {
        const array = raw('uint16', wave('uint16'));
        const frame = await kernel.encode(array, { ...bloscFor('uint16', 5), shuffle });
        expect(headerOf(frame)).toMatchObject({
          byteShuffle: shuffle === 'shuffle',
          bitShuffle: shuffle === 'bitshuffle',
          typesize: 2,
        });
        expect(await unblosc(frame)).toEqual(array.bytes);
      },
    );

    test('is written with lz4 where asked', async () => {
      const array = raw('uint8', wave('uint8'));
      const frame = await kernel.encode(array, { ...bloscFor('uint8', 1), cname: 'lz4' });
      expect(headerOf(frame).compressor).toBe(1);
      expect(await unblosc(frame)).toEqual(array.bytes);
    });

    test.each(WORK_TYPES)('of %s is whole where all pixels are 0, or all are 1', async (dtype) => {
      // GDAL leaves a chunk out that holds nothing but nodata or zeros; ours must exist all the same.
      for (const value of [0, 1]) {
        const array = raw(dtype, Array(LENGTH).fill(value));
        const frame = await kernel.encode(array, bloscFor(dtype, 1));
        expect(fromBytes(dtype, await unblosc(frame))).toEqual(
          pixelsOf(dtype, Array(LENGTH).fill(value)),
        );
      }
    });

    test('of floats keeps NaN, infinities and negative zero to the bit', async () => {
      const special = [
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        -0,
        0,
        1e-45,
      ];
      for (const values of [Array(LENGTH).fill(Number.NaN), Array(LENGTH).fill(-0), special]) {
        const shape = values.length === LENGTH ? SHAPE : ([1, 6] as const);
        const array = raw('float32', values, shape);
        expect(await unblosc(await kernel.encode(array, bloscFor('float32', 1)))).toEqual(
          array.bytes,
        );
      }
    });

    test('of a coordinate is one row of any length', async () => {
      const values = Array.from({ length: 1001 }, (_, i) => -180 + i * 0.1);
      const array = raw('float64', values, [1, 1001]);
      expect(await unblosc(await kernel.encode(array, bloscFor('float64', 5)))).toEqual(
        array.bytes,
      );
      const one = raw('float64', [0], [1, 1]);
      expect(await unblosc(await kernel.encode(one, bloscFor('float64', 5)))).toEqual(one.bytes);
    });

    test('of noise, which cannot be compressed, gives the same pixels back', async () => {
      let seed = 1;
      const noise = Array.from({ length: LENGTH }, () => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return seed >> 16;
      });
      const array = raw('uint16', noise);
      expect(await unblosc(await kernel.encode(array, bloscFor('uint16', 9)))).toEqual(array.bytes);
    });

    test('owns its whole buffer, so that it can be moved to another thread', async () => {
      const frame = await kernel.encode(raw('uint8', wave('uint8')), bloscFor('uint8', 1));
      expect(frame.buffer.byteLength).toBe(frame.byteLength);
    });
  });

  test('gzip chunks are a gzip stream of the pixels, in a buffer of their own', async () => {
    const array = raw('int32', wave('int32'));
    const bytes = await kernel.encode(array, { name: 'gzip', level: 1 });
    expect(new Uint8Array(gunzipSync(bytes))).toEqual(array.bytes);
    expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
  });

  test('uncompressed chunks are the pixels themselves, copied', async () => {
    const array = raw('int32', wave('int32'));
    const bytes = await kernel.encode(array, { name: 'uncompressed' });
    expect(bytes).toEqual(array.bytes);
    expect(bytes.buffer).not.toBe(array.bytes.buffer);
  });
});
