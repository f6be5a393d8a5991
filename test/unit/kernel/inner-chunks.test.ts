import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createGdalKernel } from '../../../src/kernel/gdal/kernel.js';
import { createJsKernel } from '../../../src/kernel/js/kernel.js';
import { roomForChunk } from '../../../src/kernel/kernel.js';
import { bloscFor, type Codec, type InnerChunksCodec } from '../../../src/raster/codec.js';
import { allocate, asBytes, bytesOf, type DType } from '../../../src/raster/dtype.js';

/** 0 to 23 in rows of 6, but that the second inner chunk of 2 x 3 holds the fill value alone. */
const PIXELS = Int16Array.from({ length: 24 }, (_, i) => (i < 12 && i % 6 >= 3 ? -1 : i));

/** By zarr-python 3.1.6, with the index at its end and at its start. */
const OF_ZARR_PYTHON = {
  end:
    '0000010002000600070008000c000d000e001200130014000f0010001100150016001700' +
    '00000000000000000c00000000000000ffffffffffffffffffffffffffffffff0c000000000000000c0000000000000018000000000000000c00000000000000bebf62b7',
  start:
    '44000000000000000c00000000000000ffffffffffffffffffffffffffffffff50000000000000000c000000000000005c000000000000000c00000000000000c42f2109' +
    '0000010002000600070008000c000d000e001200130014000f0010001100150016001700',
};

const codecOf = (
  fillValue: number,
  codec: Codec,
  chunk: [number, number] = [2, 3],
): InnerChunksCodec => ({
  name: 'inner chunks',
  chunk,
  fillValue,
  codec,
});

describe.each([
  ['gdal', createGdalKernel()],
  ['gdal without the addon over libblosc', createGdalKernel({ useBloscAddon: false })],
  ['js', createJsKernel()],
])('the kernel %s', (_, kernel) => {
  test("makes zarr-python's bytes of a chunk that consists of inner chunks", async () => {
    const array = { dtype: 'int16', shape: [4, 6], bytes: asBytes(PIXELS) } as const;
    const bytes = await kernel.encode(array, codecOf(-1, { name: 'uncompressed' }));
    expect(Buffer.from(bytes).toString('hex')).toBe(OF_ZARR_PYTHON.end);
  });

  test.each(['end', 'start'] as const)(
    'reads every window of a chunk of zarr-python whose index lies at its %s',
    async (index) => {
      const from = Buffer.from(OF_ZARR_PYTHON[index], 'hex');
      for (let row = 0; row < 4; row++)
        for (let col = 0; col < 6; col++)
          for (let height = 1; row + height <= 4; height++)
            for (let width = 1; col + width <= 6; width++) {
              const raster = new Int16Array(8 * 9).fill(-7);
              await kernel.readChunk({
                ...{ from, compression: 'none', dtype: 'int16', chunk: [4, 6] },
                inner: { chunk: [2, 3], index, fillValue: -1 },
                part: { row, col, height, width },
                into: { bytes: asBytes(raster), width: 9, row: 2, col: 1 },
              });
              const wanted = new Int16Array(8 * 9).fill(-7);
              for (let y = 0; y < height; y++)
                for (let x = 0; x < width; x++)
                  wanted[(2 + y) * 9 + 1 + x] = PIXELS[(row + y) * 6 + col + x] as number;
              expect(raster).toEqual(wanted);
            }
    },
  );

  test.each<[DType, Codec]>([
    ['bool', bloscFor('bool', 2)],
    ['uint8', bloscFor('uint8', 5)],
    ['int8', bloscFor('int8', 2)],
    ['uint16', bloscFor('uint16', 2, 1024 * 1024)],
    ['int32', bloscFor('int32', 5, 256 * 1024, 'lz4')],
    ['float32', { name: 'gzip', level: 1 }],
    ['float64', bloscFor('float64', 0)],
  ])('reads %s as it wrote them, in memory that it is given or not', async (dtype, codec) => {
    const shape: [number, number] = [48, 64];
    const pixels = allocate(dtype, 48 * 64);
    const noise = (i: number) => (Math.imul(i + 1, 2_654_435_761) >>> 9) & 0x3f;
    for (let i = 0; i < pixels.length; i++) pixels[i] = dtype === 'bool' ? noise(i) & 1 : noise(i);
    const before = asBytes(pixels).slice();
    const inner = codecOf(0, codec, [16, 16]);
    const array = { dtype, shape, bytes: asBytes(pixels) };
    const own = await kernel.encode(array, inner);
    const memory = new Uint8Array(
      new SharedArrayBuffer(roomForChunk(before.length, shape, inner) + 10),
    ).fill(9);
    const lent = await kernel.encode(array, inner, memory.subarray(5, -5));
    expect(Buffer.compare(lent, own)).toBe(0);
    expect([...memory.subarray(0, 5), ...memory.subarray(-5)]).toEqual(Array(10).fill(9));
    expect(asBytes(pixels)).toEqual(before);
    const folder = mkdtempSync(join(tmpdir(), 'geocubes-inner-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'chunks');
    writeFileSync(file, Buffer.concat([Buffer.alloc(7, 1), own, Buffer.alloc(9, 2)]));
    const size = bytesOf(dtype);
    for (const from of [own, { file, offset: 7, length: own.length }])
      for (const part of [
        { row: 0, col: 0, height: 48, width: 64 },
        { row: 5, col: 9, height: 20, width: 30 },
      ]) {
        const back = new Uint8Array(before.length);
        await kernel.readChunk({
          ...{ from, compression: codec.name === 'uncompressed' ? 'none' : codec.name, dtype },
          chunk: shape,
          inner: { chunk: [16, 16], index: 'end', fillValue: 0 },
          part,
          into: { bytes: back, width: 64, row: part.row, col: part.col },
        });
        const wanted = new Uint8Array(before.length);
        for (let y = part.row; y < part.row + part.height; y++) {
          const first = (64 * y + part.col) * size;
          const end = first + part.width * size;
          wanted.set(before.subarray(first, end), first);
        }
        expect(Buffer.compare(back, wanted)).toBe(0);
      }
  });
});
