import { describe, expect, test } from 'vitest';
import { createGdalKernel } from '../../../src/kernel/gdal/kernel.js';
import { createJsKernel } from '../../../src/kernel/js/kernel.js';
import { fromBytes, type WorkType } from '../../../src/raster/dtype.js';
import type { EncodedTile, Recipe } from '../../../src/tile.js';
import { geoboxOf, pixelsOf, recipeOf, tileOf, writeGeoTiff } from './geotiff.js';

describe.each([
  ['gdal', createGdalKernel()],
  ['js', createJsKernel()],
] as const)('the kernel %s', (_kernel, kernel) => {
  async function run(
    [height, width]: readonly [number, number],
    dtype: WorkType,
    bands: readonly (readonly number[])[],
    recipe: Partial<Recipe> = {},
  ): Promise<EncodedTile> {
    const geobox = geoboxOf(height, width);
    const bytes = writeGeoTiff({ geobox, dtype, bands });
    const asked = recipe.bands ?? bands.length;
    return kernel.process(
      tileOf(geobox, bytes, asked),
      recipeOf(dtype, [height, width], { ...recipe, bands: asked }),
    );
  }

  function pixels(tile: EncodedTile, dtype: WorkType, band = 0): number[] {
    const bytes = tile.chunks[band]?.bytes;
    if (bytes === undefined) throw new Error(`band ${band} has no chunk`);
    return [...fromBytes(dtype, bytes.slice())];
  }

  const sentinel = (value: number) => ({ kind: 'sentinel', value }) as const;
  const fill = (change: Partial<Recipe['processing']>) => ({
    fill: 'idw' as const,
    maxFillDistance: 100,
    clipToObserved: false,
    resampling: 'near' as const,
    ...change,
  });

  describe('chunks', () => {
    test('a tile smaller than a chunk is padded with the fill value below and to the right', async () => {
      const tile = await run([2, 3], 'int16', [[1, 2, 3, 4, 5, 6]], {
        chunk: [3, 5],
        fillValue: -7,
      });
      expect(pixels(tile, 'int16')).toEqual([1, 2, 3, -7, -7, 4, 5, 6, -7, -7, -7, -7, -7, -7, -7]);
      expect(tile.chunks[0]?.counts).toEqual({ valid: 6, filled: 0, empty: 0 });
    });

    test('float tiles are padded with NaN', async () => {
      const tile = await run([1, 1], 'float32', [[1.5]], { chunk: [1, 2] });
      expect(pixels(tile, 'float32')).toEqual([1.5, Number.NaN]);
    });

    test('a tile without one valid pixel is empty and brings no bytes', async () => {
      for (const processing of [fill({ fill: 'none' }), fill({}), fill({ fill: 'nearest' })]) {
        const tile = await run(
          [2, 2],
          'int16',
          [
            [-1, -1, -1, -1],
            [-1, -1, -1, -1],
          ],
          {
            mask: sentinel(-1),
            fillValue: -1,
            processing,
          },
        );
        expect(tile.isEmpty).toBe(true);
        expect(tile.chunks).toEqual([
          { band: 0, counts: { valid: 0, filled: 0, empty: 4 } },
          { band: 1, counts: { valid: 0, filled: 0, empty: 4 } },
        ]);
      }
    });

    test('an all-masked tile brings no bytes even where its masked pixels hold other values than the fill value', async () => {
      const tile = await run(
        [2, 2],
        'uint8',
        [
          [1, 2, 3, 4],
          [0, 0, 0, 0],
        ],
        {
          bands: 1,
          mask: { kind: 'bits' },
          fillValue: 0,
        },
      );
      expect(tile.isEmpty).toBe(true);
      expect(tile.chunks[0]?.bytes).toBeUndefined();
    });

    test('a band that holds only the fill value brings no bytes, but its tile is not empty', async () => {
      const tile = await run(
        [2, 2],
        'uint8',
        [
          [0, 0, 0, 0],
          [0, 0, 9, 0],
        ],
        { fillValue: 0 },
      );
      expect(tile.isEmpty).toBe(false);
      expect(tile.chunks[0]).toEqual({ band: 0, counts: { valid: 4, filled: 0, empty: 0 } });
      expect(pixels(tile, 'uint8', 1)).toEqual([0, 0, 9, 0]);
    });

    test('a tile of valid zeros is not empty, though no chunk of it is stored', async () => {
      const tile = await run([1, 2], 'uint8', [[0, 0]], { fillValue: 0 });
      expect(tile.isEmpty).toBe(false);
      expect(tile.chunks[0]?.bytes).toBeUndefined();
    });

    test('a band of zeros is stored where the fill value is another', async () => {
      expect(pixels(await run([1, 2], 'int16', [[0, 0]], { fillValue: -1 }), 'int16')).toEqual([
        0, 0,
      ]);
    });

    test('one valid pixel in one band makes the tile not empty; the empty band brings no bytes', async () => {
      const tile = await run(
        [1, 2],
        'int16',
        [
          [-1, -1],
          [-1, 5],
        ],
        { mask: sentinel(-1), fillValue: -1 },
      );
      expect(tile.isEmpty).toBe(false);
      expect(tile.chunks[0]).toEqual({ band: 0, counts: { valid: 0, filled: 0, empty: 2 } });
      expect(pixels(tile, 'int16', 1)).toEqual([-1, 5]);
    });
  });

  describe('filling', () => {
    test('none leaves gaps at the fill value and counts them', async () => {
      const tile = await run([1, 4], 'int16', [[5, -9, 7, -9]], {
        mask: sentinel(-9),
        fillValue: 99,
      });
      expect(pixels(tile, 'int16')).toEqual([5, 99, 7, 99]);
      expect(tile.chunks[0]?.counts).toEqual({ valid: 2, filled: 0, empty: 2 });
    });

    test('nearest copies the nearest pixel up to the distance and counts what it filled and what stays', async () => {
      const tile = await run([1, 7], 'int16', [[5, -9, -9, -9, -9, -9, 8]], {
        mask: sentinel(-9),
        fillValue: 99,
        processing: fill({ fill: 'nearest', maxFillDistance: 2 }),
      });
      expect(pixels(tile, 'int16')).toEqual([5, 5, 5, 99, 8, 8, 8]);
      expect(tile.chunks[0]?.counts).toEqual({ valid: 2, filled: 4, empty: 1 });
    });

    test('idw weighs by distance: half way between 10 and 30 is 20, and a lone neighbour gives its own value', async () => {
      const between = await run([1, 3], 'int16', [[10, -9, 30]], {
        mask: sentinel(-9),
        processing: fill({}),
      });
      expect(pixels(between, 'int16')).toEqual([10, 20, 30]);
      const lone = await run([1, 3], 'int16', [[10, -9, -9]], {
        mask: sentinel(-9),
        processing: fill({}),
      });
      expect(pixels(lone, 'int16')).toEqual([10, 10, 10]);
      expect(lone.chunks[0]?.counts).toEqual({ valid: 1, filled: 2, empty: 0 });
    });

    test('idw stops at its distance and leaves the fill value beyond', async () => {
      const tile = await run([1, 8], 'int16', [[10, -9, -9, -9, -9, -9, -9, -9]], {
        mask: sentinel(-9),
        fillValue: 99,
        processing: fill({ maxFillDistance: 3 }),
      });
      expect(pixels(tile, 'int16')).toEqual([10, 10, 10, 10, 99, 99, 99, 99]);
      expect(tile.chunks[0]?.counts).toEqual({ valid: 1, filled: 3, empty: 4 });
    });

    test('without a limit every gap is filled', async () => {
      const row = [10, ...Array(300).fill(-9)];
      for (const kind of ['idw', 'nearest'] as const) {
        const tile = await run([1, 301], 'int16', [row], {
          mask: sentinel(-9),
          processing: fill({ fill: kind, maxFillDistance: null }),
        });
        expect(pixels(tile, 'int16')).toEqual(Array(301).fill(10));
      }
    });

    test.each(['uint8', 'int16', 'int32', 'float32'] as const)(
      'a valid pixel of %s is never changed by filling',
      async (dtype) => {
        const [h, w] = [20, 30];
        const bits = Array.from({ length: h * w }, (_, i) => (i % 3 === 1 || i % 7 === 2 ? 0 : 1));
        const top = dtype === 'int32' ? 2_000_000_011 : dtype === 'float32' ? 1e30 : 100;
        const data = Array.from({ length: h * w }, (_, i) => (i % 11 === 0 ? top : i % 97));
        const tile = await run([h, w], dtype, [data, bits], {
          bands: 1,
          mask: { kind: 'bits' },
          processing: fill({}),
        });
        const result = pixels(tile, dtype);
        const before = [...pixelsOf(dtype, data)];
        const changed = result.filter((value, i) => bits[i] === 1 && value !== before[i]);
        expect(changed).toEqual([]);
        expect(tile.chunks[0]?.counts.filled).toBeGreaterThan(100);
      },
    );

    test('filled values are kept within the valid values of the band where asked, and within the dtype always', async () => {
      // Means are float32, which holds neither 2^24 + 3 nor the largest int32: both are rounded upwards.
      const odd = 2 ** 24 + 3;
      const top = 2 ** 31 - 1;
      const filled = async (value: number, clipToObserved: boolean) => {
        const tile = await run([1, 2], 'int32', [[value, -9]], {
          mask: sentinel(-9),
          processing: fill({ clipToObserved }),
        });
        return pixels(tile, 'int32')[1];
      };
      expect(await filled(odd, false)).toBe(odd + 1);
      expect(await filled(odd, true)).toBe(odd);
      expect(await filled(top, false)).toBe(top);
    });

    test('a mean that happens to be the code for "no value" is stored beside it, so that it is not lost', async () => {
      const between = async (nodata: number, dtype: WorkType, low: number, high: number) => {
        const tile = await run([1, 3], dtype, [[low, nodata, high]], {
          mask: sentinel(nodata),
          fillValue: nodata,
          nodata,
          processing: fill({}),
        });
        return pixels(tile, dtype);
      };
      expect(await between(20, 'int16', 10, 30)).toEqual([10, 19, 30]);
      // The lowest value of a type has no neighbour below.
      expect(await between(-32_768, 'int16', -32_767, -32_767)).toEqual([
        -32_767, -32_767, -32_767,
      ]);
    });

    test('filled integers are rounded to the nearest', async () => {
      const tile = await run([1, 3], 'int16', [[10, -9, 11]], {
        mask: sentinel(-9),
        processing: fill({}),
      });
      expect(pixels(tile, 'int16')).toEqual([10, 11, 11]);
      const negative = await run([1, 5], 'int16', [[-10, -9, -9, -9, -20]], {
        mask: sentinel(-9),
        processing: fill({}),
      });
      expect(pixels(negative, 'int16')[2]).toBe(-15);
    });

    test('gaps in one band are filled from that band alone', async () => {
      const tile = await run(
        [1, 2],
        'int16',
        [
          [1, -9],
          [-9, 50],
        ],
        { mask: sentinel(-9), processing: fill({}) },
      );
      expect(pixels(tile, 'int16', 0)).toEqual([1, 1]);
      expect(pixels(tile, 'int16', 1)).toEqual([50, 50]);
    });

    test('bands with the same gaps as the band before, with others, and with none are each filled as if they came alone', async () => {
      const [height, width] = [9, 14];
      const size = height * width;
      const one = Array.from({ length: size }, (_, i) => i % 5 === 0 || (i > 40 && i < 70));
      // As many gaps, one of them elsewhere.
      const other = one.map((isGap, i) => (i === 42 ? false : i === 1 ? true : isGap));
      const none = one.map(() => false);
      const masks = [one, one, other, one, none, other, other];
      const bands = masks.map((mask, band) =>
        mask.map((isGap, i) => (isGap ? -9 : 100 * band + (i % 97))),
      );
      for (const maxFillDistance of [null, 2]) {
        const recipe = {
          mask: sentinel(-9),
          fillValue: -9,
          processing: fill({ fill: 'nearest', maxFillDistance }),
        };
        const together = await run([height, width], 'int16', bands, recipe);
        for (const [band, values] of bands.entries()) {
          const alone = await run([height, width], 'int16', [values], recipe);
          expect(pixels(together, 'int16', band)).toEqual(pixels(alone, 'int16'));
          expect(together.chunks[band]?.counts).toEqual(alone.chunks[0]?.counts);
        }
      }
    });

    test('a tile with the gaps of the tile before, but another shape or distance, is filled by its own', async () => {
      const values = [7, -9, -9, -9, -9, 8];
      const recipe = { mask: sentinel(-9), fillValue: 99 };
      const nearest = (maxFillDistance: number | null) =>
        fill({ fill: 'nearest', maxFillDistance });
      const filled = async (shape: readonly [number, number], distance: number | null) => {
        const processing = nearest(distance);
        return pixels(await run(shape, 'int16', [values], { ...recipe, processing }), 'int16');
      };
      expect(await filled([1, 6], null)).toEqual([7, 7, 7, 8, 8, 8]);
      expect(await filled([1, 6], 1)).toEqual([7, 7, 99, 99, 8, 8]);
      expect(await filled([3, 2], 1)).toEqual([7, 7, 7, 8, 8, 8]);
    });

    test('a band without one valid pixel is not filled', async () => {
      const tile = await run(
        [1, 2],
        'int16',
        [
          [-9, -9],
          [4, 5],
        ],
        {
          mask: sentinel(-9),
          fillValue: -9,
          processing: fill({ maxFillDistance: null }),
        },
      );
      expect(tile.chunks[0]).toEqual({ band: 0, counts: { valid: 0, filled: 0, empty: 2 } });
    });
  });
});
