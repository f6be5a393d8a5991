import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Zstd from 'numcodecs/zstd';
import { describe, expect, test } from 'vitest';
import { RasterError } from '../../../../src/errors.js';
import { loadBlosc } from '../../../../src/kernel/gdal/blosc-addon.js';
import { createJsKernel } from '../../../../src/kernel/js/kernel.js';
import { type ChunkRead, ChunkReader } from '../../../../src/kernel/region/read-chunk.js';
import { bloscFor, type ChunkCompression } from '../../../../src/raster/codec.js';

const [ROWS, COLS] = [40, 60];
const PIXELS = Int16Array.from({ length: ROWS * COLS }, (_, i) => i * 3 - 2000);
const BYTES = new Uint8Array(PIXELS.buffer);

async function encode(
  compression: ChunkCompression,
  typesize = 2,
  bytes = BYTES,
): Promise<Uint8Array> {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      return gzipSync(bytes);
    case 'zstd':
      return (await new Zstd(1).encode(bytes)) as Uint8Array;
    case 'blosc': {
      const array = { dtype: 'int16', shape: [ROWS, COLS], bytes } as const;
      return createJsKernel().encode(array, { ...bloscFor('int16', 1), typesize });
    }
  }
}

/** Reads a part into the middle of a raster of 100 x 100 pixels that holds -7. */
async function read(
  from: ChunkRead['from'],
  compression: ChunkCompression,
  part: ChunkRead['part'],
  blosc?: ConstructorParameters<typeof ChunkReader>[0],
  width = 100,
): Promise<Int16Array> {
  const raster = new Int16Array(width * 100).fill(-7);
  await new ChunkReader(blosc).read({
    from,
    compression,
    dtype: 'int16',
    chunk: [ROWS, COLS],
    part,
    into: { bytes: new Uint8Array(raster.buffer), width, row: 11, col: width === 100 ? 13 : 0 },
  });
  return raster;
}

function wanted(part: ChunkRead['part'], width = 100): Int16Array {
  const raster = new Int16Array(width * 100).fill(-7);
  for (let y = 0; y < part.height; y++)
    for (let x = 0; x < part.width; x++)
      raster[(11 + y) * width + (width === 100 ? 13 : 0) + x] =
        PIXELS[(part.row + y) * COLS + part.col + x] ?? 0;
  return raster;
}

const WHOLE = { row: 0, col: 0, height: ROWS, width: COLS };
const PARTS = [
  WHOLE,
  { row: 7, col: 0, height: 5, width: COLS },
  { row: 7, col: 9, height: 20, width: 1 },
  { row: ROWS - 1, col: COLS - 1, height: 1, width: 1 },
];

describe.each([
  ['libblosc', loadBlosc()],
  ['numcodecs', undefined],
] as const)('a chunk read with %s', (_, blosc) => {
  test.each(['none', 'gzip', 'zstd', 'blosc'] as const)(
    'in %s, or a part of it, comes to its place, and nothing around it changes',
    async (compression) => {
      const bytes = await encode(compression);
      for (const part of PARTS) {
        expect(await read(bytes, compression, part, blosc)).toEqual(wanted(part));
        // As wide as the chunk: decompressed in place.
        if (part.width === COLS)
          expect(await read(bytes, compression, part, blosc, COLS)).toEqual(wanted(part, COLS));
      }
    },
  );

  test('may have a frame of another typesize, as other programs write', async () => {
    for (const typesize of [1, 4, 7, 16]) {
      const bytes = await encode('blosc', typesize);
      for (const part of PARTS)
        expect(await read(bytes, 'blosc', part, blosc)).toEqual(wanted(part));
    }
  });

  test.each(['none', 'gzip', 'zstd', 'blosc'] as const)(
    'in %s that is cut short is a RasterError',
    async (compression) => {
      const bytes = (await encode(compression)).slice(0, -5);
      for (const part of PARTS)
        await expect(read(bytes, compression, part, blosc)).rejects.toThrow(RasterError);
      await expect(read(new Uint8Array(0), compression, WHOLE, blosc)).rejects.toThrow(RasterError);
    },
  );
});

test('a chunk is read from a range of a file, and a range beyond its end is a RasterError', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'geocubes-chunk-'));
  try {
    const file = join(folder, 'chunks');
    const bytes = await encode('gzip');
    writeFileSync(file, Buffer.concat([Buffer.alloc(100, 1), bytes, Buffer.alloc(9, 2)]));
    const range = { file, offset: 100, length: bytes.length };
    expect(await read(range, 'gzip', WHOLE)).toEqual(wanted(WHOLE));
    await expect(read({ ...range, offset: 300 }, 'gzip', WHOLE)).rejects.toThrow(RasterError);
    await expect(read({ ...range, file: `${file}-not` }, 'gzip', WHOLE)).rejects.toThrow('ENOENT');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ['libblosc', loadBlosc()],
  ['numcodecs', undefined],
] as const)('chunks read at the same time with %s do not meet in memory', async (_, blosc) => {
  const reader = new ChunkReader(blosc);
  const part = { row: 3, col: 5, height: 20, width: 30 };
  const reads = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const compression = (['none', 'gzip', 'zstd', 'blosc'] as const)[i % 4] ?? 'none';
      const pixels = PIXELS.map((value) => value + i);
      const bytes = new Uint8Array(pixels.buffer);
      const from = await encode(compression, 2, bytes);
      return { compression, from, pixels };
    }),
  );
  const rasters = reads.map(() => new Int16Array(part.height * part.width));
  await Promise.all(
    reads.map(({ from, compression }, i) =>
      reader.read({
        from,
        compression,
        dtype: 'int16',
        chunk: [ROWS, COLS],
        part,
        into: {
          bytes: new Uint8Array(rasters[i]?.buffer ?? []),
          width: part.width,
          row: 0,
          col: 0,
        },
      }),
    ),
  );
  for (const [i, { pixels }] of reads.entries())
    for (let y = 0; y < part.height; y++) {
      const start = (part.row + y) * COLS + part.col;
      expect(rasters[i]?.subarray(y * part.width, (y + 1) * part.width)).toEqual(
        pixels.subarray(start, start + part.width),
      );
    }
});
