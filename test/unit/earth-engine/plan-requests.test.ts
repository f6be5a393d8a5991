import { describe, expect, test } from 'vitest';
import { presetDataset } from '../../../src/dataset/presets.js';
import { planRequests, replyBands } from '../../../src/earth-engine/plan-requests.js';
import { maskTransportOf } from '../../../src/earth-engine/source.js';
import type { GeoBoxRecord } from '../../../src/grid/geobox.js';
import { Grid } from '../../../src/grid/tiling.js';

const BITS = { kind: 'bits' } as const;
const SENTINEL = { kind: 'sentinel', value: -9999 } as const;

const tile = (height: number, width: number): GeoBoxRecord => ({
  crs: 'EPSG:3413',
  shape: [height, width],
  affine: [30, 0, 1000, 0, -30, 2000],
});

describe('maskTransportOf', () => {
  test('float cubes send a finite number that float32 holds exactly and no data has', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const mask = maskTransportOf({ dtype });
      expect(mask).toEqual({ kind: 'sentinel', value: -3.4028234663852886e38 });
      expect(mask.kind === 'sentinel' && Math.fround(mask.value)).toBe(-3.4028234663852886e38);
    }
  });

  test('integer cubes send their nodata code, or bits where they have none', () => {
    expect(maskTransportOf({ dtype: 'int16', nodata: -1 })).toEqual({
      kind: 'sentinel',
      value: -1,
    });
    expect(maskTransportOf({ dtype: 'uint8', nodata: 0 })).toEqual({ kind: 'sentinel', value: 0 });
    expect(maskTransportOf({ dtype: 'uint8' })).toEqual(BITS);
  });
});

describe('replyBands', () => {
  test('bits add one band for each eight or part of eight', () => {
    expect([1, 8, 9, 16, 17, 64].map((bands) => replyBands(bands, BITS))).toEqual([
      2, 9, 11, 18, 20, 72,
    ]);
  });

  test('other masks add none', () => {
    expect(replyBands(64, SENTINEL)).toBe(64);
    expect(replyBands(3, { kind: 'file' })).toBe(3);
  });
});

describe('planRequests', () => {
  test('a tile within the limits is one request for the tile itself', () => {
    const geobox = tile(1000, 800);
    expect(planRequests(geobox, { bands: 3, dtype: 'uint8', mask: BITS })).toEqual([
      {
        window: { row: 0, col: 0, height: 1000, width: 800 },
        geobox,
        bands: [0, 1, 2],
        bytes: 1000 * 800 * 4 * 2,
      },
    ]);
  });

  test('the geobox of a request starts at the pixel its window starts at', () => {
    const [, second] = planRequests(tile(3600, 3600), { bands: 3, dtype: 'uint8', mask: BITS });
    expect(second?.geobox).toEqual({
      crs: 'EPSG:3413',
      shape: [second?.window.height, 3600],
      affine: [30, 0, 1000, 0, -30, 2000 - 30 * (second?.window.row ?? 0)],
    });
    expect(second?.window.row).toBeGreaterThan(0);
  });

  test('a tile of TCTrend takes three requests of whole rows and all bands, the fewest there can be', () => {
    const dataset = presetDataset('TCTrend');
    const grid = Grid.fromRecord(dataset.grid);
    const requests = planRequests(grid.tileGeoBox({ row: 60, col: 300 }).toRecord(), {
      bands: 3,
      dtype: 'uint8',
      mask: maskTransportOf(dataset),
    });
    // 3600 x 3600 pixels x (3 bands + 1 of mask bits) x (1 byte + 1 of mask) are 2.06 times the limit.
    expect(requests).toHaveLength(3);
    for (const { window, bands } of requests) {
      expect(window).toMatchObject({ col: 0, width: 3600, height: 1200 });
      expect(bands).toEqual([0, 1, 2]);
    }
  });

  test('64 float32 bands of 3600 x 3600 pixels, 82.4 times the limit, take 88 requests in 22 groups of bands', () => {
    const shape = { bands: 64, dtype: 'float32', mask: SENTINEL } as const;
    const requests = planRequests(tile(3600, 3600), shape);
    expect(requests).toHaveLength(88);
    expect(requests.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(3600 * 3600 * 64 * 5);
    const groups = new Set(requests.map(({ bands }) => bands.join()));
    expect(groups.size).toBe(22);
    for (const { bands, window } of requests) {
      expect(bands.length).toBeLessThanOrEqual(3);
      expect(window).toMatchObject({ height: 900, width: 3600 });
    }
  });

  test('a tile of half a gibibyte comes by whole rows of all bands, a larger one by groups of bands', () => {
    const groups = (height: number, bands: number) =>
      new Set(
        planRequests(tile(height, 4096), { bands, dtype: 'uint16', mask: SENTINEL }).map(
          ({ bands: own }) => own.join(),
        ),
      ).size;
    // 3000 x 4096 pixels of 3 bytes are 35.2 MiB: 14 bands are 492 MiB, 15 are 527.
    expect([groups(3000, 14), groups(3000, 15)]).toEqual([1, 3]);
  });

  test('a side longer than the service allows is cut even where bytes are few', () => {
    const requests = planRequests(tile(1, 40_000), { bands: 1, dtype: 'uint8', mask: SENTINEL });
    expect(requests.map(({ window }) => window.width)).toEqual([20_000, 20_000]);
    const high = planRequests(tile(40_000, 1), { bands: 1, dtype: 'uint8', mask: SENTINEL });
    expect(high.map(({ window }) => window.height)).toEqual([20_000, 20_000]);
  });

  test('1024 bands with their mask bits are over the limit of bands, so they come in two groups', () => {
    const requests = planRequests(tile(4, 4), { bands: 1024, dtype: 'uint8', mask: BITS });
    expect(requests.map(({ bands }) => bands.length)).toEqual([512, 512]);
    const sentinel = planRequests(tile(4, 4), { bands: 1024, dtype: 'int16', mask: SENTINEL });
    expect(sentinel).toHaveLength(1);
  });
});
