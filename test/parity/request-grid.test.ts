import { describe, expect, test } from 'vitest';
import { GeoBox } from '../../src/grid/geobox.js';
import { requestGeoBox } from '../../src/grid/onto/request-grid.js';
import type { FetchedTile, MaskTransport, Recipe } from '../../src/tile.js';
import { recipeOf, writeGeoTiff } from '../unit/kernel/geotiff.js';
import { firstDifference, processByBoth, random } from './both-kernels.js';

/** A tile in degrees whose pixels come in UTM, in four requests, masks as bits or as a sentinel. */
function tileFromUtm(dtype: 'uint8' | 'float32', mask: MaskTransport): () => FetchedTile {
  const geobox = {
    crs: 'EPSG:4326',
    shape: [60, 80],
    affine: [0.004, 0, 128.3, 0, -0.002, 72.1],
  } as const;
  const asked = requestGeoBox(GeoBox.fromRecord(geobox), { crs: 'EPSG:32652', resolution: 150 }, 2);
  const next = random(7);
  const { height, width } = asked;
  const values = [1, 2].map(() =>
    Array.from({ length: height * width }, (_, i) => 60 + 50 * Math.sin(i / 9) + 30 * next()),
  );
  const valid = [1, 2].map(() => {
    const [y, x] = [next() * height, next() * width];
    return Array.from(
      { length: height * width },
      (_, i) => next() > 0.05 && (Math.floor(i / width) - y) ** 2 + ((i % width) - x) ** 2 > height,
    );
  });
  const half = { row: Math.floor(height / 2), col: Math.floor(width / 3) };
  const windows = [
    { row: 0, col: 0, height: half.row, width: half.col },
    { row: 0, col: half.col, height: half.row, width: width - half.col },
    { row: half.row, col: 0, height: height - half.row, width: half.col },
    { row: half.row, col: half.col, height: height - half.row, width: width - half.col },
  ];
  const parts = windows.map((window) => {
    const cut = (of: (i: number) => number) =>
      Array.from({ length: window.height * window.width }, (_, k) =>
        of((window.row + Math.floor(k / window.width)) * width + window.col + (k % window.width)),
      );
    const bands = values.map((band, b) =>
      cut((i) =>
        mask.kind === 'sentinel' && !valid[b]?.[i] ? mask.value : Math.fround(band[i] ?? 0),
      ),
    );
    const bits = cut((i) => (valid[0]?.[i] ? 1 : 0) + (valid[1]?.[i] ? 2 : 0));
    const record = asked.crop(window).toRecord();
    return {
      bytes: writeGeoTiff({
        geobox: record,
        dtype,
        bands: mask.kind === 'bits' ? [...bands, bits] : bands,
      }),
      request: { window, geobox: record, bands: [0, 1], bytes: 0 },
    };
  });
  return () => ({
    state: 'fetched',
    id: '0-0',
    index: { row: 0, col: 0 },
    geobox,
    requestGeobox: asked.toRecord(),
    parts: parts.map((part) => ({ ...part, bytes: part.bytes.slice() })),
  });
}

describe.each(['near', 'bilinear', 'average'] as const)(
  'pixels asked for on another grid than the tile, resampled by %s',
  (resampling) => {
    test.each([
      ['uint8', { kind: 'bits' }],
      // A code amid the values, which means come upon.
      ['uint8', { kind: 'sentinel', value: 75 }],
      ['uint8', { kind: 'sentinel', value: 0 }],
      ['float32', { kind: 'bits' }],
      ['float32', { kind: 'sentinel', value: -3.4028234663852886e38 }],
    ] as const)('both kernels agree on %s with masks as %o', async (dtype, mask) => {
      const recipe: Recipe = recipeOf(dtype, [60, 80], {
        bands: 2,
        mask,
        fillValue: dtype === 'uint8' ? 0 : Number.NaN,
        ...(mask.kind === 'sentinel' && dtype === 'uint8' ? { nodata: mask.value } : {}),
        processing: {
          fill: 'none',
          maxFillDistance: null,
          clipToObserved: false,
          resampling,
        },
      });
      const { gdal, js } = await processByBoth(tileFromUtm(dtype, mask), recipe);
      expect(js.counts).toEqual(gdal.counts);
      for (const { valid, empty } of gdal.counts) {
        expect(valid).toBeGreaterThan(2000);
        expect(empty).toBeGreaterThan(50);
      }
      // Sums of products in another order.
      const tolerance = dtype === 'uint8' ? 0 : 1e-4;
      for (const band of [0, 1])
        expect(
          firstDifference(gdal.pixels[band] ?? [], js.pixels[band] ?? [], tolerance),
        ).toBeUndefined();
    });
  },
);
