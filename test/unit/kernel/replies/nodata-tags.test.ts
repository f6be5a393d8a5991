import { describe, expect, test } from 'vitest';
import { createGdalKernel } from '../../../../src/kernel/gdal/kernel.js';
import { createJsKernel } from '../../../../src/kernel/js/kernel.js';
import { exchangeTags } from '../../../../src/loopback/index.js';
import { fromBytes, isFloat, WORK_TYPES, type WorkType } from '../../../../src/raster/dtype.js';
import type { MaskTransport, Recipe } from '../../../../src/tile.js';
import { geoboxOf, pixelsOf, recipeOf, tileOf, writeGeoTiff } from '../geotiff.js';

const KERNELS = [createGdalKernel(), createJsKernel()];
const GDAL_NODATA = 42113;
const [H, W] = [16, 48];
const BOX = geoboxOf(H, W);

/** What marks a masked pixel where masks travel in the pixels; 3 never stands for anything else here. */
const sentinelOf = (dtype: WorkType) => (isFloat(dtype) ? -3.4028234663852886e38 : 3);

/** Texts of the tag: a valid pixel, the mark itself, and what this or that type cannot hold. */
const TAGS = [
  ...[
    '5',
    '0',
    '3',
    '-9999',
    '300',
    '70000',
    '2.5',
    '-0.5',
    '1e40',
    '-1e300',
    'nan',
    'inf',
    '-inf',
  ],
  ...['-3.4028234663852886e+38', '', 'none', '7abc'],
];

const MASKS: readonly MaskTransport['kind'][] = ['sentinel', 'bits'];

/** Pixels from 4 to 9, one in eleven without a value; the last block of each band holds 0 alone. */
function reply(dtype: WorkType, kind: MaskTransport['kind'], options: readonly string[]) {
  const isMasked = (i: number) => i % 11 === 4 && i % W < 32;
  const band = Array.from({ length: H * W }, (_, i) => {
    if (i % W >= 32) return 0;
    return isMasked(i) && kind === 'sentinel' ? sentinelOf(dtype) : 4 + (i % 6);
  });
  const bits = band.map((_, i) => (isMasked(i) ? 0 : 1));
  const bands = kind === 'bits' ? [band, bits] : [band];
  return { bytes: writeGeoTiff({ geobox: BOX, dtype, bands, options }), band, isMasked };
}

function recipeFor(dtype: WorkType, kind: MaskTransport['kind']): Recipe {
  const mask: MaskTransport =
    kind === 'sentinel' ? { kind, value: sentinelOf(dtype) } : { kind: 'bits' };
  return recipeOf(dtype, [H, W], { mask, fillValue: isFloat(dtype) ? Number.NaN : 111 });
}

async function results(bytes: Uint8Array<ArrayBuffer>, recipe: Recipe) {
  return Promise.all(
    KERNELS.map(async (kernel) => {
      const [chunk] = (await kernel.process(tileOf(BOX, bytes, 1), recipe)).chunks;
      return { bytes: chunk?.bytes?.slice() ?? new Uint8Array(0), counts: chunk?.counts };
    }),
  );
}

describe.each(WORK_TYPES)('a nodata tag in a reply of %s', (dtype) => {
  test.each(MASKS)('changes no pixel, where masks travel as %s', async (kind) => {
    const { bytes, band, isMasked } = reply(dtype, kind, ['TILED=NO', 'COMPRESS=DEFLATE']);
    const recipe = recipeFor(dtype, kind);
    const wanted = pixelsOf(
      dtype,
      band.map((value, i) => (isMasked(i) ? recipe.fillValue : value)),
    );
    for (const tag of [undefined, ...TAGS]) {
      const tagged = exchangeTags(bytes, new Map([[GDAL_NODATA, tag]]));
      for (const result of await results(tagged, recipe))
        expect([...fromBytes(dtype, result.bytes)], `tag ${tag}`).toEqual([...wanted]);
    }
  });

  test('is what blocks hold that were left out, in the same bits for both kernels', async () => {
    const options = ['SPARSE_OK=TRUE', 'TILED=YES', 'BLOCKXSIZE=16', 'BLOCKYSIZE=16'];
    const { bytes } = reply(dtype, 'sentinel', options);
    const recipe = recipeFor(dtype, 'sentinel');
    for (const tag of [undefined, ...TAGS]) {
      const tagged = exchangeTags(bytes, new Map([[GDAL_NODATA, tag]]));
      const [gdal, js] = await results(tagged, recipe);
      expect(js, `tag ${tag}`).toEqual(gdal);
      if (tag !== '5') continue;
      // The block was indeed left out.
      const pixels = fromBytes(dtype, gdal?.bytes ?? new Uint8Array(0));
      expect(pixels.slice(32, W)).toEqual(pixelsOf(dtype, Array(16).fill(5)));
    }
  });
});
