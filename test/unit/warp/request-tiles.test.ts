import { describe, expect, test } from 'vitest';
import { RESAMPLING_RADII, RESAMPLINGS } from '../../../src/dataset/dataset.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import {
  type RequestGrid,
  requestAffine,
  requestGeoBox,
  requestRatio,
} from '../../../src/grid/onto/request-grid.js';
import type { Window } from '../../../src/grid/window.js';
import type { FetchedTile, Recipe } from '../../../src/tile.js';
import { firstDifference, processByBoth, random } from '../../parity/both-kernels.js';
import { seedOfRun } from '../../seed.js';
import { recipeOf, writeGeoTiff } from '../kernel/geotiff.js';

const REQUEST: RequestGrid = { crs: 'EPSG:32652', resolution: 31.7, origin: [12.3, 4.5] };

/** A grid of 60 x 80 pixels in degrees, at 72 degrees north. */
const gridOf = (size: number) =>
  new GeoBox(parseCrs('EPSG:4326'), { height: 60, width: 80 }, [
    ...([2 * size, 0, 128.3] as const),
    ...([0, -size, 72.1] as const),
  ]);

describe.each([
  ['finer', 0.00021],
  ['coarser', 0.0009],
] as const)('pixels asked for on a grid of their own, on one that is %s', (_, size) => {
  test.each(RESAMPLINGS)(
    'by %s, are the same in one tile and in four, by both kernels',
    async (resampling) => {
      const seed = seedOfRun();
      const grid = gridOf(size);
      const { height, width } = grid;
      const recipe: Recipe = {
        ...recipeOf('float32', [height, width], {
          mask: { kind: 'sentinel', value: -9999 },
          fillValue: Number.NaN,
          processing: { fill: 'none', maxFillDistance: null, clipToObserved: false, resampling },
        }),
        grid: grid.toRecord(),
        requestGrid: requestAffine(REQUEST),
      };
      const ratio = requestRatio(grid, REQUEST);
      const fetched = (window: Window): FetchedTile => {
        const geobox = grid.crop(window);
        const asked = requestGeoBox(
          geobox,
          REQUEST,
          Math.max(RESAMPLING_RADII[resampling], 1),
          ratio,
        );
        const record = asked.toRecord();
        const all = { row: 0, col: 0, ...asked.shape };
        return {
          ...{ state: 'fetched', id: '0-0', index: { row: 0, col: 0 } },
          geobox: geobox.toRecord(),
          requestGeobox: record,
          parts: [
            {
              bytes: writeGeoTiff({
                geobox: record,
                dtype: 'float32',
                bands: [pixelsAt(asked, seed)],
              }),
              request: { window: all, geobox: record, bands: [0], bytes: 0 },
            },
          ],
        };
      };
      const process = (window: Window) =>
        processByBoth(() => fetched(window), {
          ...recipe,
          chunk: [window.height, window.width],
        });
      const whole = await process({ row: 0, col: 0, height, width });
      const [down, across] = [23, 37];
      for (const window of [
        { row: 0, col: 0, height: down, width: across },
        { row: 0, col: across, height: down, width: width - across },
        { row: down, col: 0, height: height - down, width: across },
        { row: down, col: across, height: height - down, width: width - across },
      ]) {
        const part = await process(window);
        for (const kernel of ['gdal', 'js'] as const) {
          const expected = Array.from({ length: window.height * window.width }, (_, i) => {
            const row = window.row + Math.floor(i / window.width);
            return whole[kernel].pixels[0]?.[row * width + window.col + (i % window.width)];
          }) as number[];
          expect(expected.filter((value) => !Number.isNaN(value)).length).toBeGreaterThan(100);
          const difference = firstDifference(expected, part[kernel].pixels[0] ?? []);
          expect({ seed, kernel, difference }).toEqual({ seed, kernel, difference: undefined });
        }
      }
    },
  );
});

/** Values that depend on a pixel's place alone, whatever is asked for with it. */
function pixelsAt(asked: GeoBox, seed: number): number[] {
  const [a, , c, , e, f] = asked.affine;
  const first = [Math.round((c - 12.3) / a), Math.round((f - 4.5) / e)] as const;
  return Array.from({ length: asked.height * asked.width }, (_, i) => {
    const col = first[0] + (i % asked.width);
    const row = first[1] + Math.floor(i / asked.width);
    const next = random(seed + col * 7919 + row * 104_729);
    return next() < 0.05 ? -9999 : Math.fround(100 * next());
  });
}
