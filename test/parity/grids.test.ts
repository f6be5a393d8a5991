import { describe, expect, test } from 'vitest';
import { apply } from '../../src/grid/affine.js';
import { GeoBox, type GeoBoxRecord } from '../../src/grid/geobox.js';
import { positionsOf } from '../../src/kernel/js/warp.js';
import { latticeOf } from '../../src/kernel/resample/lattice.js';
import { recipeOf, tileOf, writeGeoTiff } from '../unit/kernel/geotiff.js';
import { firstDifference, processByBoth, random } from './both-kernels.js';

const box = (
  crs: string,
  height: number,
  width: number,
  affine: GeoBoxRecord['affine'],
): GeoBoxRecord => ({ crs, shape: [height, width], affine });

const UTM = box('EPSG:32633', 60, 80, [30, 0, 500000, 0, -30, 7000000]);
const WORLD = box('EPSG:4326', 300, 1440, [0.25, 0, -180, 0, -0.1, 90]);
const STRIP = box('EPSG:4326', 200, 400, [0.05, 0, 170, 0, -0.05, 75]);
const GREENLAND = box('EPSG:4326', 400, 900, [0.02, 0, -63, 0, -0.01, 77.5]);
const WEDDELL = box('EPSG:4326', 300, 700, [0.02, 0, -52, 0, -0.01, -73]);
const POLAR = box('EPSG:3413', 100, 120, [500, 0, -300000, 0, -500, -1500000]);

/** Target and source. */
const GRIDS: Readonly<Record<string, readonly [GeoBoxRecord, GeoBoxRecord]>> = {
  'a grid shifted by half a pixel': [
    box('EPSG:32633', 50, 60, [30, 0, 500015, 0, -30, 6999985]),
    UTM,
  ],
  'a grid shifted by any part of a pixel': [
    box('EPSG:32633', 50, 60, [30, 0, 500137.3, 0, -30, 6999911.7]),
    UTM,
  ],
  'a grid with pixels three times as large': [
    box('EPSG:32633', 20, 26, [90, 0, 500000, 0, -90, 7000000]),
    UTM,
  ],
  'a grid with pixels of 91 m': [box('EPSG:32633', 19, 25, [91, 0, 500011, 0, -91, 6999990]), UTM],
  'a grid with smaller pixels': [box('EPSG:32633', 90, 120, [13, 0, 500100, 0, -13, 6999800]), UTM],
  'a polar grid': [POLAR, GREENLAND],
  'an antarctic grid': [box('EPSG:3031', 90, 110, [500, 0, -1100000, 0, -500, 1250000]), WEDDELL],
  'a grid that crosses the antimeridian, of a global source': [
    box('EPSG:3832', 90, 110, [3000, 0, 3180000, 0, -3000, 9000000]),
    WORLD,
  ],
  'a grid that crosses the antimeridian, of a source that does too': [
    box('EPSG:32601', 90, 110, [2000, 0, 200000, 0, -2000, 8000000]),
    STRIP,
  ],
};

/** Only `near` has a meaning that every GDAL agrees on here. */
const NEAR_GRIDS: typeof GRIDS = {
  'a grid around the pole': [
    box('EPSG:3995', 120, 130, [15000, 0, -975000, 0, -15000, 900000]),
    WORLD,
  ],
  'a grid that reaches beyond its source': [
    box('EPSG:32633', 80, 110, [30, 0, 499807.3, 0, -30, 7000111.7]),
    UTM,
  ],
  'a geographic grid that a polar source covers in part': [
    box('EPSG:4326', 60, 70, [0.05, 0, -58, 0, -0.02, 75.9]),
    POLAR,
  ],
};

const PIXELS = {
  float32: (row: number, col: number, noise: number) => 100 * Math.sin(col / 9) + row + noise,
  int16: (row: number, col: number, noise: number) => ((col * 7 + row * 3) % 97) - 60 + noise * 5,
} as const;

async function warpByBoth(
  [target, source]: readonly [GeoBoxRecord, GeoBoxRecord],
  dtype: 'float32' | 'int16',
  resampling: 'near' | 'bilinear' | 'average',
) {
  const next = random(5);
  const [height, width] = source.shape;
  const gap = dtype === 'int16' ? -999 : Number.NaN;
  const pixels = Array.from({ length: height * width }, (_, i) =>
    next() < 0.1 ? gap : PIXELS[dtype](Math.floor(i / width), i % width, next()),
  );
  const bytes = writeGeoTiff({
    geobox: source,
    dtype,
    bands: [pixels],
    ...(dtype === 'int16' ? { nodata: gap } : {}),
  });
  const recipe = recipeOf(dtype, target.shape, {
    fillValue: gap,
    processing: { fill: 'none', maxFillDistance: null, clipToObserved: false, resampling },
  });
  return processByBoth(() => tileOf(target, bytes.slice(), 1), recipe);
}

describe.each(['float32', 'int16'] as const)('both kernels warp %s pixels alike', (dtype) => {
  test.each(Object.keys({ ...GRIDS, ...NEAR_GRIDS }))('by near, exactly, to %s', async (name) => {
    const grids = GRIDS[name] ?? NEAR_GRIDS[name];
    if (grids === undefined) throw new Error(`no grid ${name}`);
    const { gdal, js } = await warpByBoth(grids, dtype, 'near');
    expect(js.counts).toEqual(gdal.counts);
    expect(gdal.counts[0]?.valid).toBeGreaterThan(100);
    expect(firstDifference(gdal.pixels[0] ?? [], js.pixels[0] ?? [])).toBeUndefined();
  });

  describe.each(['bilinear', 'average'] as const)('by %s', (resampling) => {
    // Weights are summed in another order: float32 rounding of values up to 500, and integer halves.
    const tolerance = dtype === 'float32' ? 1e-4 : 1;
    test.each(Object.entries(GRIDS))(`within ${tolerance}, to %s`, async (_name, grids) => {
      const { gdal, js } = await warpByBoth(grids, dtype, resampling);
      expect(js.counts).toEqual(gdal.counts);
      const [one, other] = [gdal.pixels[0] ?? [], js.pixels[0] ?? []];
      expect(firstDifference(one, other, tolerance)).toBeUndefined();
      const different = Array.from(one).filter(
        (value, i) => Math.abs(value - (other[i] ?? 0)) > 1e-4,
      );
      // Halves that fall the other way are rare.
      expect(different.length).toBeLessThan(one.length / 100);
    });
  });
});

test('a position in the source is exact: pixel centres map back to themselves within 1e-6 pixels', () => {
  const [target, source] = [GeoBox.fromRecord(POLAR), GeoBox.fromRecord(GREENLAND)];
  const [xs, ys] = [new Float64Array(target.width), new Float64Array(target.width)];
  const [px, py] = [new Float64Array(1), new Float64Array(1)];
  const between = (from: GeoBox, to: GeoBox) => {
    const place = (box: GeoBox) => {
      const window = { row: 0, col: 0, ...box.shape };
      return { crs: box.crs, lattice: latticeOf(box), window, grid: window };
    };
    return positionsOf(place(from), place(to));
  };
  const forth = between(source, target);
  for (const row of [0, 50, 99]) {
    forth.fill(row + 0.5, 0.5, xs, ys);
    for (const col of [0, 60, 119]) {
      // A grid of one pixel whose corner lies at the position found, projected back.
      const [x, y] = apply(source.affine, xs[col] ?? 0, ys[col] ?? 0);
      const point = new GeoBox(source.crs, { height: 1, width: 1 }, [1, 0, x, 0, -1, y]);
      between(target, point).fill(0, 0, px, py);
      expect(Math.abs((px[0] ?? 0) - (col + 0.5))).toBeLessThan(1e-6);
      expect(Math.abs((py[0] ?? 0) - (row + 0.5))).toBeLessThan(1e-6);
    }
  }
});
