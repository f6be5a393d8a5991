import { describe, expect, test } from 'vitest';
import { geoboxOf, recipeOf, tileOf, writeGeoTiff } from '../unit/kernel/geotiff.js';
import { firstDifference, isFloatType, KERNELS, pixelsOf } from './both-kernels.js';
import { FIXTURES, read } from './fixtures.js';

describe.each(KERNELS)('the kernel %s', (_kernel, kernel) => {
  test.each(FIXTURES.nearest)(
    "fills $name gaps with a pixel as near as the one rioxarray's interpolate_na takes",
    async ({ source, filled }) => {
      const [height, width] = source.shape;
      const [before, reference] = [read(source), read(filled)];
      const geobox = geoboxOf(height, width);
      const recipe = recipeOf('int32', source.shape, {
        mask: { kind: 'sentinel', value: 0 },
        processing: {
          fill: 'nearest',
          maxFillDistance: null,
          clipToObserved: true,
          resampling: 'near',
        },
      });
      const bytes = writeGeoTiff({ geobox, dtype: 'int32', bands: [before] });
      const after = pixelsOf(await kernel.process(tileOf(geobox, bytes, 1), recipe), recipe);
      // Every valid pixel has a value of its own, so a value says where it came from.
      const placeOf = new Map(Array.from(before, (value, i) => [value, i] as const));
      const squaredDistance = (i: number, value: number) => {
        const from = placeOf.get(value) ?? Number.NaN;
        const rows = Math.floor(from / width) - Math.floor(i / width);
        return rows ** 2 + ((from % width) - (i % width)) ** 2;
      };
      const wanted = Array.from(reference, (value, i) => squaredDistance(i, value));
      expect(wanted.some((distance) => distance > 0)).toBe(true);
      expect(Array.from(after, (value, i) => squaredDistance(i, value))).toEqual(wanted);
    },
  );

  test.each(FIXTURES.idw)(
    'fills $name as rasterio.fill.fillnodata and numpy do, up to $distance pixels',
    async ({ distance, source, mask, filled, reached }) => {
      const { dtype, shape } = source;
      const geobox = geoboxOf(...shape);
      const recipe = recipeOf(dtype, shape, {
        mask: { kind: 'bits' },
        fillValue: 0,
        processing: {
          fill: 'idw',
          maxFillDistance: distance,
          clipToObserved: true,
          resampling: 'near',
        },
      });
      const bytes = writeGeoTiff({ geobox, dtype, bands: [read(source), read(mask)] });
      const tile = await kernel.process(tileOf(geobox, bytes, 1), recipe);
      const [values, gotValue] = [read(filled), read(reached)];
      const wanted = Array.from(values, (value, i) => (gotValue[i] === 1 ? value : 0));
      // Sums of float32 weights differ in their last digits from one GDAL to another.
      const tolerance = isFloatType(dtype) ? 1e-3 : 0;
      expect(firstDifference(pixelsOf(tile, recipe), wanted, tolerance)).toBeUndefined();
      expect(tile.chunks[0]?.counts.empty).toBe(gotValue.filter((one) => one === 0).length);
    },
  );

  test.each(FIXTURES.warp)(
    "warps to the $name grid by $resampling as rasterio's exact WarpedVRT does",
    async ({ resampling, from, to, source, warped }) => {
      const recipe = recipeOf('float32', to.shape, {
        processing: { fill: 'none', maxFillDistance: null, clipToObserved: false, resampling },
      });
      const bytes = writeGeoTiff({ geobox: from, dtype: 'float32', bands: [read(source)] });
      const tile = await kernel.process(tileOf(to, bytes, 1), recipe);
      const tolerance = resampling === 'near' ? 0 : 1e-4;
      expect(firstDifference(pixelsOf(tile, recipe), read(warped), tolerance)).toBeUndefined();
    },
  );
});
