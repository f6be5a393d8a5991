import { describe, expect, test } from 'vitest';
import { RasterError } from '../../../../src/errors.js';
import { openGeoTiff } from '../../../../src/kernel/js/geotiff.js';
import { createJsKernel } from '../../../../src/kernel/js/kernel.js';
import { decodeLzw } from '../../../../src/kernel/js/lzw.js';
import { allocate, asBytes, type PixelArray, type WorkType } from '../../../../src/raster/dtype.js';
import { geoboxOf, pixelsOf, recipeOf, tileOf, writeGeoTiff } from '../geotiff.js';

const [H, W] = [70, 83];
const BOX = geoboxOf(H, W);
const values = (k: number) =>
  Array.from({ length: H * W }, (_, i) => Math.round(100 + 90 * Math.sin((i * k) / 40)));

async function readBands(bytes: Uint8Array<ArrayBuffer>) {
  const file = await openGeoTiff(bytes);
  return Array.from({ length: file.bands }, (_, band) => {
    const pixels = allocate(file.dtype, file.height * file.width);
    file.readBand(band, pixels, 0, file.width);
    return pixels;
  });
}

/** As bytes: a comparison of arrays number by number takes a hundred times as long. */
function expectSame(
  read: readonly PixelArray[],
  dtype: WorkType,
  bands: readonly number[][],
): void {
  expect(read.length).toBe(bands.length);
  for (const [i, band] of bands.entries()) {
    const one = read[i] ?? new Uint8Array(0);
    expect(one.constructor.name.toLowerCase()).toBe(`${dtype}array`);
    expect(Buffer.compare(asBytes(one), asBytes(pixelsOf(dtype, band)))).toBe(0);
  }
}

describe('pixels are read as GDAL wrote them', () => {
  const layouts = [
    'TILED=NO',
    'TILED=YES',
    'TILED=YES BLOCKXSIZE=32 BLOCKYSIZE=16',
    'BLOCKYSIZE=7',
  ];
  const compressions = [
    'COMPRESS=NONE',
    'COMPRESS=DEFLATE',
    'COMPRESS=DEFLATE PREDICTOR=2',
    'COMPRESS=LZW',
    'COMPRESS=LZW PREDICTOR=2',
    'COMPRESS=PACKBITS',
  ];
  const orders = ['INTERLEAVE=BAND', 'INTERLEAVE=PIXEL', 'INTERLEAVE=PIXEL ENDIANNESS=BIG'];
  test.each(compressions.flatMap((one) => layouts.map((other) => [one, other])))(
    '%s, %s, in every order of bands and bytes',
    async (compression, layout) => {
      for (const order of orders)
        for (const dtype of ['uint8', 'int16', 'uint32'] as const) {
          const options = `${compression} ${layout} ${order}`.split(' ');
          const bands = [values(1), values(3), values(5)];
          const read = await readBands(writeGeoTiff({ geobox: BOX, dtype, bands, options }));
          expectSame(read, dtype, bands);
        }
    },
  );

  test.each(['float32', 'float64'] as const)(
    '%s with the predictor for floats',
    async (dtype: WorkType) => {
      // GDAL 3.6 itself does not read back the big-endian ones it writes.
      for (const order of orders.slice(0, 2)) {
        const options = `COMPRESS=DEFLATE PREDICTOR=3 ${order}`.split(' ');
        const bands = [values(1), values(3)].map((band) => band.map((value) => value / 7));
        const read = await readBands(writeGeoTiff({ geobox: BOX, dtype, bands, options }));
        expectSame(read, dtype, bands);
      }
    },
  );

  test.each(['float32', 'float64'] as const)(
    '%s with the predictor for integers',
    async (dtype) => {
      for (const order of orders) {
        const options = `COMPRESS=LZW PREDICTOR=2 ${order}`.split(' ');
        const bands = [values(1), values(3)].map((band) => band.map((value) => value / 7));
        const read = await readBands(writeGeoTiff({ geobox: BOX, dtype, bands, options }));
        expectSame(read, dtype, bands);
      }
    },
  );

  test('blocks that were left out of a sparse file hold its nodata value', async () => {
    const bytes = writeGeoTiff({
      geobox: BOX,
      dtype: 'int16',
      bands: [Array(H * W).fill(-9)],
      nodata: -9,
      options: ['SPARSE_OK=TRUE', 'TILED=YES'],
    });
    expect((await readBands(bytes))[0]?.every((value) => value === -9)).toBe(true);
  });

  test('long strings of LZW, and tables that are filled and cleared', async () => {
    const dtype = 'uint8';
    for (const band of [Array(H * W).fill(7), values(777), values(0.01)]) {
      const options = ['COMPRESS=LZW', `BLOCKYSIZE=${H}`];
      const read = await readBands(writeGeoTiff({ geobox: BOX, dtype, bands: [band], options }));
      expectSame(read, dtype, [band]);
    }
    const noise = Array.from({ length: 300 * 300 }, (_, i) => (i * i * 2_654_435_761) % 253);
    const box = geoboxOf(300, 300);
    const options = ['COMPRESS=LZW', 'BLOCKYSIZE=300'];
    const read = await readBands(writeGeoTiff({ geobox: box, dtype, bands: [noise], options }));
    expectSame(read, dtype, [noise]);
  });
});

describe('the place of a file', () => {
  test('is its transform and its EPSG code', async () => {
    const file = await openGeoTiff(
      writeGeoTiff({ geobox: BOX, dtype: 'uint8', bands: [values(1)] }),
    );
    expect(file).toMatchObject({ affine: BOX.affine, epsg: 3413, height: H, width: W, bands: 1 });
    const degrees = { ...BOX, crs: 'EPSG:4326', affine: [0.1, 0, 10, 0, -0.1, 50] as const };
    const other = await openGeoTiff(
      writeGeoTiff({ geobox: degrees, dtype: 'uint8', bands: [values(1)] }),
    );
    expect(other.epsg).toBe(4326);
  });

  test('may be rotated', async () => {
    const rotated = { ...BOX, affine: [30, 5, 3000, 4, -30, 9000] as const };
    const bytes = writeGeoTiff({ geobox: rotated, dtype: 'uint8', bands: [values(1)] });
    expect((await openGeoTiff(bytes)).affine).toEqual(rotated.affine);
  });

  test.each([
    [-9999, 'int16'],
    [Number.NEGATIVE_INFINITY, 'float32'],
    [Number.NaN, 'float32'],
    [0, 'uint8'],
  ] as const)('comes with its nodata value (%d)', async (nodata, dtype) => {
    const bytes = writeGeoTiff({ geobox: BOX, dtype, bands: [values(1)], nodata });
    expect((await openGeoTiff(bytes)).nodata).toBe(nodata);
  });
});

describe('what cannot be read is refused with a reason', () => {
  test('a compression that is not known here', async () => {
    const bytes = writeGeoTiff({
      geobox: BOX,
      dtype: 'uint8',
      bands: [values(1)],
      options: ['COMPRESS=ZSTD'],
    });
    await expect(readBands(bytes)).rejects.toThrow(/LZW, Deflate or PackBits.*50000.*"gdal"/);
  });

  test.each([
    [257, 'its height'],
    [323, 'the height of its tiles'],
  ])('a file that gives, in the tag %i, %s in parts of a pixel', async (tag) => {
    const options = ['COMPRESS=LZW', 'TILED=YES', 'BLOCKXSIZE=16', 'BLOCKYSIZE=16'];
    const bytes = writeGeoTiff({ geobox: BOX, dtype: 'uint8', bands: [values(1)], options });
    const view = new DataView(bytes.buffer);
    const entries = Array.from({ length: view.getUint16(8, true) }, (_, i) => 10 + 12 * i);
    const at = entries.find((entry) => view.getUint16(entry, true) === tag) ?? 0;
    // As one FLOAT.
    view.setUint16(at + 2, 11, true);
    view.setUint32(at + 4, 1, true);
    view.setFloat32(at + 8, 15.5, true);
    await expect(readBands(bytes)).rejects.toThrow(RasterError);
  });

  test('LZW codes that name no string', () => {
    // 9 bits each: clear, then code 300, when the table ends at 257.
    const bits = (256).toString(2).padStart(9, '0') + (300).toString(2).padStart(9, '0');
    const bytes = Uint8Array.from({ length: 3 }, (_, i) =>
      Number.parseInt(bits.slice(i * 8, i * 8 + 8).padEnd(8, '0'), 2),
    );
    expect(() => decodeLzw(bytes, new Uint8Array(100))).toThrow(RasterError);
  });
});

test('whatever bytes of a reply are changed, it ends with a tile or with a RasterError', async () => {
  const kernel = createJsKernel();
  const box = geoboxOf(20, 24);
  let seed = 42;
  const next = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 4_294_967_296) * below);
  };
  const endings = { tiles: 0, errors: 0 };
  for (const options of [
    ['COMPRESS=LZW'],
    ['COMPRESS=DEFLATE', 'TILED=YES'],
    ['COMPRESS=PACKBITS'],
    [],
  ]) {
    const bands = [1, 3].map((k) => Array.from({ length: 480 }, (_, i) => (i * k) % 200));
    const original = writeGeoTiff({ geobox: box, dtype: 'uint8', bands, options });
    for (let round = 0; round < 100; round++) {
      const bytes = original.slice(0, next(8) === 0 ? next(original.length) : original.length);
      for (let k = next(6); k >= 0; k--) bytes[next(bytes.length)] = next(256);
      try {
        await kernel.process(tileOf(box, bytes, 2), recipeOf('uint8', [20, 24], { bands: 2 }));
        endings.tiles++;
      } catch (error) {
        expect(error).toBeInstanceOf(RasterError);
        endings.errors++;
      }
    }
  }
  expect(endings.tiles).toBeGreaterThan(20);
  expect(endings.errors).toBeGreaterThan(20);
});
