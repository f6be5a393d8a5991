import { describe, expect, test } from 'vitest';
import { RasterError } from '../../../src/errors.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { createGdalKernel } from '../../../src/kernel/gdal/kernel.js';
import { createJsKernel } from '../../../src/kernel/js/kernel.js';
import { fromBytes, type WorkType } from '../../../src/raster/dtype.js';
import type { EncodedTile, FetchedTile, Recipe } from '../../../src/tile.js';
import { geoboxOf, pixelsOf, recipeOf, tileOf, tileOfParts, writeGeoTiff } from './geotiff.js';

describe.each([
  ['gdal', createGdalKernel()],
  ['js', createJsKernel()],
] as const)('the kernel %s', (_kernel, kernel) => {
  const [H, W] = [6, 9];
  const BOX = geoboxOf(H, W);
  const LENGTH = H * W;
  const ramp = (first = 1) => Array.from({ length: LENGTH }, (_, i) => first + i);

  /** Pixels of band `band` of an uncompressed result. */
  function pixels(tile: EncodedTile, dtype: WorkType, band = 0): number[] {
    const bytes = tile.chunks[band]?.bytes;
    if (bytes === undefined) throw new Error(`band ${band} has no chunk`);
    return [...fromBytes(dtype, bytes.slice())];
  }

  async function failureOf(tile: FetchedTile, recipe: Recipe): Promise<RasterError> {
    try {
      await kernel.process(tile, recipe);
    } catch (error) {
      expect(error).toBeInstanceOf(RasterError);
      return error as RasterError;
    }
    throw new Error('expected a failure');
  }

  describe('parts that overlap', () => {
    const upper = { row: 0, col: 0, height: 4, width: W };
    const lower = { row: 2, col: 0, height: 4, width: W - 1 };
    const part = (window: typeof upper, bands: readonly (readonly number[])[], nodata = 0) => {
      const geobox = GeoBox.fromRecord(BOX).crop(window).toRecord();
      const bytes = writeGeoTiff({ geobox, dtype: 'uint8', bands, nodata });
      return { bytes, request: { window, geobox, bands: bands.map((_, i) => i), bytes: 0 } };
    };

    test('give the later one where it has a value, and the earlier one where it has none', async () => {
      const below = part(upper, [Array(4 * W).fill(7)]);
      const above = part(lower, [
        Array.from({ length: 4 * (W - 1) }, (_, i) => (i % 3 === 0 ? 0 : 9)),
      ]);
      const tile = await kernel.process(
        tileOfParts(BOX, [below, above]),
        recipeOf('uint8', [H, W], { fillValue: 1 }),
      );
      const wanted = Array.from({ length: LENGTH }, (_, i) => {
        const [row, col] = [Math.floor(i / W), i % W];
        const hasAbove = row >= 2 && col < W - 1 && ((row - 2) * (W - 1) + col) % 3 !== 0;
        return hasAbove ? 9 : row < 4 ? 7 : 1;
      });
      expect(pixels(tile, 'uint8')).toEqual(wanted);
      const empty = wanted.filter((value) => value === 1).length;
      expect(tile.chunks[0]?.counts).toEqual({ valid: LENGTH - empty, filled: 0, empty });
    });

    test('are decided band by band', async () => {
      const below = part(upper, [Array(4 * W).fill(1), Array(4 * W).fill(2)]);
      const above = part(upper, [Array(4 * W).fill(0), Array(4 * W).fill(4)]);
      const tile = await kernel.process(
        tileOfParts(BOX, [below, above]),
        recipeOf('uint8', [H, W], { bands: 2 }),
      );
      expect(pixels(tile, 'uint8', 0).slice(0, 4 * W)).toEqual(Array(4 * W).fill(1));
      expect(pixels(tile, 'uint8', 1).slice(0, 4 * W)).toEqual(Array(4 * W).fill(4));
    });

    test('leave no gap unseen where they cover as many pixels as the tile has, but not all of them', async () => {
      const twice = part({ row: 0, col: 0, height: 3, width: W }, [Array(3 * W).fill(5)]);
      const again = part({ row: 0, col: 0, height: 3, width: W }, [Array(3 * W).fill(6)]);
      const tile = await kernel.process(
        tileOfParts(BOX, [twice, again]),
        recipeOf('uint8', [H, W], { fillValue: 1 }),
      );
      expect(pixels(tile, 'uint8')).toEqual([...Array(3 * W).fill(6), ...Array(3 * W).fill(1)]);
    });
  });

  describe('pixels', () => {
    test.each(['uint8', 'int16', 'uint16', 'int32', 'uint32', 'float32', 'float64'] as const)(
      '%s pixels come out as they went in, in row order, every band in its place',
      async (dtype) => {
        const scale = dtype.startsWith('float') ? 0.25 : 1;
        const low = dtype.startsWith('u') ? 1 : -20;
        const bands = [low, low + 60].map((first) => ramp(first).map((value) => value * scale));
        const bytes = writeGeoTiff({ geobox: BOX, dtype, bands });
        const tile = await kernel.process(
          tileOf(BOX, bytes, 2),
          recipeOf(dtype, [H, W], { bands: 2 }),
        );
        expect(pixels(tile, dtype, 0)).toEqual([...pixelsOf(dtype, bands[0] ?? [])]);
        expect(pixels(tile, dtype, 1)).toEqual([...pixelsOf(dtype, bands[1] ?? [])]);
        for (const { counts } of tile.chunks)
          expect(counts).toEqual({ valid: LENGTH, filled: 0, empty: 0 });
      },
    );

    test.each([
      ['striped, uncompressed', ['TILED=NO']],
      ['interleaved by pixel, LZW', ['INTERLEAVE=PIXEL', 'COMPRESS=LZW']],
      ['interleaved by band, big-endian', ['INTERLEAVE=BAND', 'ENDIANNESS=BIG']],
      ['BigTIFF', ['BIGTIFF=YES']],
    ])('a GeoTIFF that is %s decodes alike', async (_, options) => {
      const bands = [ramp(100), ramp(300), ramp(500)];
      const bytes = writeGeoTiff({ geobox: BOX, dtype: 'uint16', bands, options });
      const recipe = recipeOf('uint16', [H, W], { bands: 3 });
      const tile = await kernel.process(tileOf(BOX, bytes, 3), recipe);
      expect(bands.map((__, band) => pixels(tile, 'uint16', band))).toEqual(bands);
    });

    test('a tile keeps its id and index, and says when and where it was computed', async () => {
      const bytes = writeGeoTiff({ geobox: BOX, dtype: 'uint8', bands: [ramp()] });
      const tile = { ...tileOf(BOX, bytes, 1), id: '7-3', index: { row: 7, col: 3 } };
      const result = await kernel.process(tile, recipeOf('uint8', [H, W]));
      expect(result).toMatchObject({
        state: 'encoded',
        id: '7-3',
        index: { row: 7, col: 3 },
        thread: 0,
      });
      for (const ms of Object.values(result.timings)) expect(ms).toBeGreaterThanOrEqual(0);
    });
  });

  describe('parts', () => {
    /** A tile in strips of rows, pieces of columns and single bands, each a GeoTIFF of its own. */
    test('a tile in several requests equals the tile in one, masks included', async () => {
      const geobox = GeoBox.fromRecord(BOX);
      const bands = [ramp(1), ramp(101)];
      const valid = bands.map((band, b) => band.map((_, i) => ((i * (b + 3)) % 5 === 0 ? 0 : 1)));
      const cut = (values: readonly number[], row: number, col: number, h: number, w: number) =>
        Array.from(
          { length: h * w },
          (_, i) => values[(row + Math.floor(i / w)) * W + col + (i % w)] ?? 0,
        );
      const part = (row: number, col: number, h: number, w: number, asked: readonly number[]) => {
        const window = { row, col, height: h, width: w };
        const record = geobox.crop(window).toRecord();
        const data = asked.map((band) => cut(bands[band] ?? [], row, col, h, w));
        const masks = asked.map((band) => cut(valid[band] ?? [], row, col, h, w));
        const bits = Array.from({ length: h * w }, (_, i) =>
          masks.reduce((sum, mask, bit) => sum + ((mask[i] ?? 0) << bit), 0),
        );
        const bytes = writeGeoTiff({ geobox: record, dtype: 'uint8', bands: [...data, bits] });
        return { bytes, request: { window, geobox: record, bands: asked, bytes: 0 } };
      };
      const recipe = recipeOf('uint8', [H, W], {
        bands: 2,
        mask: { kind: 'bits' },
        fillValue: 255,
      });
      const whole = await kernel.process(tileOfParts(BOX, [part(0, 0, H, W, [0, 1])]), recipe);
      expect(whole.chunks[0]?.counts.empty).toBe(11);
      for (const parts of [
        [part(0, 0, 2, W, [0, 1]), part(2, 0, 4, W, [0, 1])],
        [part(4, 0, 2, W, [0, 1]), part(0, 5, 4, 4, [0, 1]), part(0, 0, 4, 5, [0, 1])],
        [part(0, 0, H, W, [1]), part(0, 0, 3, W, [0]), part(3, 0, 3, W, [0])],
      ]) {
        const result = await kernel.process(tileOfParts(BOX, parts), recipe);
        expect(result.chunks).toEqual(whole.chunks);
      }
    });
  });

  describe('masks', () => {
    const values = ramp();
    const gaps = new Set([0, 10, 11, LENGTH - 1]);
    const empty = { valid: LENGTH - 4, filled: 0, empty: 4 };

    function expectGaps(tile: EncodedTile, dtype: WorkType, fillValue: number): void {
      expect(tile.chunks[0]?.counts).toEqual(empty);
      expect(pixels(tile, dtype)).toEqual(
        values.map((value, i) => (gaps.has(i) ? fillValue : value)),
      );
    }

    test('a sentinel marks the pixels that hold it, and the fill value takes their place', async () => {
      const bands = [values.map((value, i) => (gaps.has(i) ? -9999 : value))];
      const bytes = writeGeoTiff({ geobox: BOX, dtype: 'int16', bands });
      const recipe = recipeOf('int16', [H, W], {
        mask: { kind: 'sentinel', value: -9999 },
        fillValue: -32_768,
      });
      expectGaps(await kernel.process(tileOf(BOX, bytes, 1), recipe), 'int16', -32_768);
    });

    test.each(['float32', 'float64'] as const)(
      'the float sentinel marks gaps of %s, and so does NaN',
      async (dtype) => {
        const sentinel = -3.4028234663852886e38;
        const bands = [
          values.map((value, i) => (gaps.has(i) ? (i === 10 ? Number.NaN : sentinel) : value)),
        ];
        const bytes = writeGeoTiff({ geobox: BOX, dtype, bands });
        const recipe = recipeOf(dtype, [H, W], { mask: { kind: 'sentinel', value: sentinel } });
        expectGaps(await kernel.process(tileOf(BOX, bytes, 1), recipe), dtype, Number.NaN);
      },
    );

    test("a file's own nodata value marks its gaps where masks travel in the file", async () => {
      const bands = [values.map((value, i) => (gaps.has(i) ? 250 : value))];
      const bytes = writeGeoTiff({ geobox: BOX, dtype: 'uint8', bands, nodata: 250 });
      const recipe = recipeOf('uint8', [H, W], { fillValue: 99 });
      expectGaps(await kernel.process(tileOf(BOX, bytes, 1), recipe), 'uint8', 99);
    });

    test('NaN marks the gaps of a float file without a nodata value', async () => {
      const bands = [values.map((value, i) => (gaps.has(i) ? Number.NaN : value))];
      const bytes = writeGeoTiff({ geobox: BOX, dtype: 'float32', bands });
      const tile = await kernel.process(tileOf(BOX, bytes, 1), recipeOf('float32', [H, W]));
      expectGaps(tile, 'float32', Number.NaN);
    });

    test('a nodata tag says nothing where masks travel as bits: the service sets one on data that is valid', async () => {
      const bits = values.map((_, i) => (gaps.has(i) ? 0 : 1));
      const bytes = writeGeoTiff({ geobox: BOX, dtype: 'uint8', bands: [values, bits], nodata: 3 });
      const recipe = recipeOf('uint8', [H, W], { mask: { kind: 'bits' }, fillValue: 0 });
      expectGaps(await kernel.process(tileOf(BOX, bytes, 1), recipe), 'uint8', 0);
    });

    test('bit i of mask band j is the mask of band 8 j + i', async () => {
      const count = 10;
      const data = Array.from({ length: count }, (_, band) => ramp(band + 1));
      // Band b is invalid at pixel b only.
      const bits = [0, 1].map((group) =>
        Array.from({ length: LENGTH }, (_, i) => {
          let byte = 0;
          for (let bit = 0; bit < 8; bit++) if (group * 8 + bit !== i) byte |= 1 << bit;
          return byte;
        }),
      );
      const bytes = writeGeoTiff({ geobox: BOX, dtype: 'uint8', bands: [...data, ...bits] });
      const recipe = recipeOf('uint8', [H, W], {
        bands: count,
        mask: { kind: 'bits' },
        fillValue: 200,
      });
      const tile = await kernel.process(tileOf(BOX, bytes, count), recipe);
      for (let band = 0; band < count; band++) {
        expect(tile.chunks[band]?.counts).toEqual({ valid: LENGTH - 1, filled: 0, empty: 1 });
        expect(pixels(tile, 'uint8', band).indexOf(200)).toBe(band);
      }
    });

    test('mask bits are read from wide types too', async () => {
      const bits = values.map((_, i) => (gaps.has(i) ? 0 : 1));
      const bytes = writeGeoTiff({ geobox: BOX, dtype: 'uint16', bands: [values, bits] });
      const recipe = recipeOf('uint16', [H, W], { mask: { kind: 'bits' }, fillValue: 7777 });
      expectGaps(await kernel.process(tileOf(BOX, bytes, 1), recipe), 'uint16', 7777);
    });
  });

  describe('replies that are not what was asked for', () => {
    const recipe = recipeOf('uint8', [H, W]);
    const good = () => writeGeoTiff({ geobox: BOX, dtype: 'uint8', bands: [ramp()] });

    test('bytes that are no TIFF fail the decode stage', async () => {
      const error = await failureOf(tileOf(BOX, new Uint8Array(100), 1), recipe);
      expect(error.stage).toBe('decode');
      expect(error.message).toContain('100 bytes that ');
    });

    test.each([0.2, 0.5, 0.9])(
      'a GeoTIFF cut off at %d of its length fails the decode stage',
      async (share) => {
        // Written in order of its pixels, so that the end holds pixels and not a directory.
        const noise = Array.from({ length: 64 * 64 }, (_, i) => (i * 7919) % 251);
        const box = geoboxOf(64, 64);
        const whole = writeGeoTiff({ geobox: box, dtype: 'uint8', bands: [noise], options: [] });
        // In memory that holds the rest: it must not be read.
        const cut = whole.subarray(0, Math.floor(whole.length * share));
        expect((await failureOf(tileOf(box, cut, 1), recipeOf('uint8', [64, 64]))).stage).toBe(
          'decode',
        );
      },
    );

    test('a GeoTIFF whose compressed pixels are damaged fails the decode stage', async () => {
      const box = geoboxOf(64, 64);
      const noise = Array.from({ length: 64 * 64 }, (_, i) => (i * 7919) % 251);
      const bytes = writeGeoTiff({ geobox: box, dtype: 'uint8', bands: [noise] });
      bytes.fill(0xaa, Math.floor(bytes.length / 2));
      expect((await failureOf(tileOf(box, bytes, 1), recipeOf('uint8', [64, 64]))).stage).toBe(
        'decode',
      );
    });

    test.each([0, 2, 3])(
      '%i bands where one was asked for fail the decode stage with both numbers',
      async (count) => {
        const bands = Array.from({ length: Math.max(count, 1) }, () => ramp());
        const bytes = writeGeoTiff({ geobox: BOX, dtype: 'uint8', bands });
        const asked = count === 0 ? 2 : 1;
        const error = await failureOf(tileOf(BOX, bytes, asked), { ...recipe, bands: asked });
        expect(error.stage).toBe('decode');
        expect(error.message).toContain(`Expected ${asked} bands and 0 mask bands`);
        expect(error.message).toContain(`received ${bands.length}`);
      },
    );

    test('tiles far larger than their image fail before memory is asked for them', async () => {
      const options = ['TILED=YES', 'BLOCKXSIZE=16', 'BLOCKYSIZE=16', 'COMPRESS=LZW'];
      const bytes = writeGeoTiff({ geobox: BOX, dtype: 'uint8', bands: [ramp()], options });
      const view = new DataView(bytes.buffer);
      for (let i = 0; i < view.getUint16(8, true); i++)
        // TileWidth and TileLength.
        if ([322, 323].includes(view.getUint16(10 + 12 * i, true)))
          view.setUint16(18 + 12 * i, 65520, true);
      const error = await failureOf(tileOf(BOX, bytes, 1), recipe);
      expect(error.stage).toBe('decode');
      expect(error.message).toMatch(/blocks of/);
    });

    test('a reply without the mask band it should have fails', async () => {
      const error = await failureOf(tileOf(BOX, good(), 1), { ...recipe, mask: { kind: 'bits' } });
      expect(error.message).toContain('1 bands and 1 mask bands');
    });

    test('a reply with mask bits on another grid fails: bits cannot be warped', async () => {
      const shifted = { ...BOX, affine: [30, 0, 3015, 0, -30, 9000] as const };
      const bytes = writeGeoTiff({ geobox: shifted, dtype: 'uint8', bands: [ramp(), ramp()] });
      const error = await failureOf(tileOf(BOX, bytes, 1), { ...recipe, mask: { kind: 'bits' } });
      expect(error.stage).toBe('decode');
      expect(error.message).toContain('on the grid asked for');
    });

    test('a failure leaves nothing behind: the next tile is processed as if nothing had been', async () => {
      await failureOf(tileOf(BOX, new Uint8Array(10), 1), recipe);
      expect(pixels(await kernel.process(tileOf(BOX, good(), 1), recipe), 'uint8')).toEqual(ramp());
    });
  });

  describe('warping', () => {
    test('a reply shifted by whole pixels lands where it lies, and the rest of the tile is empty', async () => {
      // Two pixels further east: the first two columns of the tile have no source.
      const shifted = { ...BOX, affine: [30, 0, 3060, 0, -30, 9000] as const };
      const bytes = writeGeoTiff({ geobox: shifted, dtype: 'uint8', bands: [ramp()] });
      const recipe = recipeOf('uint8', [H, W], { fillValue: 0 });
      const tile = await kernel.process(tileOf(BOX, bytes, 1), recipe);
      const wanted = ramp().map((_, i) => (i % W < 2 ? 0 : i - 2 + 1));
      expect(pixels(tile, 'uint8')).toEqual(wanted);
      expect(tile.chunks[0]?.counts).toEqual({ valid: LENGTH - 2 * H, filled: 0, empty: 2 * H });
      expect(tile.timings.warp).toBeGreaterThan(0);
    });

    test('a reply whose transform cannot be inverted fails: no pixel of the tile lies in it', async () => {
      const flat = { ...BOX, affine: [30, 60, 3000, 15, 30, 9000] as const };
      const bytes = writeGeoTiff({ geobox: flat, dtype: 'uint8', bands: [ramp()] });
      const error = await failureOf(tileOf(BOX, bytes, 1), recipeOf('uint8', [H, W]));
      expect(error.message).toMatch(/invert/);
    });

    test('a reply whose geographic system has the code of another kind does not end the process', async () => {
      const box = { ...BOX, affine: [30, 0, 3015, 0, -30, 9000] as const };
      const bytes = writeGeoTiff({ geobox: box, dtype: 'uint8', bands: [ramp()], options: [] });
      // The key for the linear unit (3076) becomes that for the geographic system (2048): EPSG:9001, geocentric.
      const view = new DataView(bytes.buffer);
      const at = Array.from({ length: bytes.length / 2 - 4 }, (_, i) => 2 * i).find(
        (offset) =>
          view.getUint16(offset, true) === 3076 && view.getUint16(offset + 6, true) === 9001,
      );
      view.setUint16(at ?? Number.NaN, 2048, true);
      const ending = await kernel
        .process(tileOf(BOX, bytes, 1), recipeOf('uint8', [H, W]))
        .catch((error: unknown) => error);
      // The other kernel looks at the code of the whole system alone.
      expect(ending instanceof RasterError).toBe(_kernel === 'gdal');
    });

    test("a file's own nodata value marks nothing where masks travel as a sentinel, on another grid either", async () => {
      const shifted = { ...BOX, affine: [30, 0, 3060, 0, -30, 9000] as const };
      const bytes = writeGeoTiff({ geobox: shifted, dtype: 'uint8', bands: [ramp()], nodata: 5 });
      const recipe = recipeOf('uint8', [H, W], { mask: { kind: 'sentinel', value: 3 } });
      const tile = await kernel.process(tileOf(BOX, bytes, 1), recipe);
      const wanted = ramp().map((_, i) => (i % W < 2 || i - 2 + 1 === 3 ? 0 : i - 2 + 1));
      expect(pixels(tile, 'uint8')).toEqual(wanted);
      expect(wanted).toContain(5);
    });

    test('a reply in pixels of half the size gives the nearest of them', async () => {
      const fine = {
        crs: 'EPSG:3413',
        shape: [2 * H, 2 * W] as const,
        affine: [15, 0, 3000, 0, -15, 9000] as const,
      };
      const source = Array.from({ length: 4 * LENGTH }, (_, i) => {
        const [row, col] = [Math.floor(i / (2 * W)), i % (2 * W)];
        return 1 + Math.floor(row / 2) * W + Math.floor(col / 2);
      });
      const bytes = writeGeoTiff({ geobox: fine, dtype: 'uint8', bands: [source] });
      const tile = await kernel.process(tileOf(BOX, bytes, 1), recipeOf('uint8', [H, W]));
      expect(pixels(tile, 'uint8')).toEqual(ramp());
    });
  });
});
