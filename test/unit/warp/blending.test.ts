import { expect, test } from 'vitest';
import { RESAMPLINGS } from '../../../src/dataset/dataset.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import type { FetchedTile, Recipe } from '../../../src/tile.js';
import { processByBoth, random } from '../../parity/both-kernels.js';
import { seedOfRun } from '../../seed.js';
import { geoboxOf, recipeOf, writeGeoTiff } from '../kernel/geotiff.js';

const SIDE = 40;
/** Between 10 and 13; no pixel that comes has it. */
const CODE = 11;

// Else kernel/nodata.ts does not say of the resampling that it blends.
test.each(RESAMPLINGS)(
  'by %s no value becomes the code for "no value", whatever is computed from its neighbours',
  async (resampling) => {
    const seed = seedOfRun();
    const next = random(seed);
    const values = Array.from({ length: SIDE * SIDE }, () => (next() < 0.5 ? 10 : 13));
    const requested = geoboxOf(SIDE, SIDE);
    const bytes = () => writeGeoTiff({ geobox: requested, dtype: 'uint8', bands: [values] });
    const window = { row: 0, col: 0, height: SIDE, width: SIDE };
    const request = { window, geobox: requested, bands: [0], bytes: 0 };
    for (const size of [10, 70]) {
      const side = Math.floor(1000 / size);
      const [, , left, , , top] = requested.affine;
      const geobox = new GeoBox(GeoBox.fromRecord(requested).crs, { height: side, width: side }, [
        ...([size, 0, left + 100] as const),
        ...([0, -size, top - 100] as const),
      ]).toRecord();
      const tile = (): FetchedTile => ({
        ...{ state: 'fetched', id: '0-0', index: { row: 0, col: 0 } },
        ...{ geobox, requestGeobox: requested, parts: [{ request, bytes: bytes() }] },
      });
      const recipe: Recipe = recipeOf('uint8', [side, side], {
        ...{ nodata: CODE, fillValue: CODE, mask: { kind: 'sentinel', value: CODE } },
        processing: { fill: 'none', maxFillDistance: null, clipToObserved: false, resampling },
      });
      const { gdal, js } = await processByBoth(tile, recipe);
      const all = [{ valid: side * side, filled: 0, empty: 0 }];
      expect({ seed, gdal: gdal.counts, js: js.counts }).toEqual({ seed, gdal: all, js: all });
      for (const { pixels } of [gdal, js]) expect(pixels[0]).not.toContain(CODE);
    }
  },
);
