import { describe, expect, test } from 'vitest';
import type { WorkType } from '../../src/raster/dtype.js';
import type { FetchedTile, MaskTransport, Recipe } from '../../src/tile.js';
import { geoboxOf, recipeOf, tileOfParts, writeGeoTiff } from '../unit/kernel/geotiff.js';
import { firstDifference, isFloatType, processByBoth, random } from './both-kernels.js';

const TYPES = ['uint8', 'int16', 'uint16', 'int32', 'float32', 'float64'] as const;
const [H, W] = [37, 45];

/** Where a pixel is valid; `next` gives random numbers. */
const GAPS: Readonly<Record<string, (row: number, col: number, next: () => number) => boolean>> = {
  'no gaps': () => true,
  'nothing valid': () => false,
  'one valid pixel': (row, col) => row === 11 && col === 40,
  'scattered gaps': (_row, _col, next) => next() > 0.3,
  'few valid pixels': (_row, _col, next) => next() > 0.98,
  'gaps at edges and corners': (row, col) =>
    row > 2 && row < H - 1 && col > 0 && col < W - 4 && !(row < 8 && col < 8),
  'a disc': (row, col) => (row - 18) ** 2 + (col - 20) ** 2 > 150,
  // The tile arrives in parts that meet at row 20 and column 16.
  'gaps along the edges of requests': (row, col) =>
    Math.abs(row - 20) > 2 && Math.abs(col - 16) > 1,
};

const TRANSPORTS = ['sentinel', 'nodata tag', 'NaN', 'bits'] as const;

function codeOf(dtype: WorkType, transport: (typeof TRANSPORTS)[number]): number {
  if (isFloatType(dtype))
    return transport === 'NaN'
      ? Number.NaN
      : transport === 'sentinel'
        ? -3.4028234663852886e38
        : -9999;
  return dtype.startsWith('u') ? 0 : -9999;
}

/** A tile of two bands that arrives in four requests. */
function tileWith(
  dtype: WorkType,
  transport: (typeof TRANSPORTS)[number],
  isValid: (row: number, col: number, next: () => number) => boolean,
): () => FetchedTile {
  const geobox = geoboxOf(H, W);
  const parts = [
    [0, 0, 20, 16],
    [0, 16, 20, W - 16],
    [20, 0, H - 20, 16],
    [20, 16, H - 20, W - 16],
  ] as const;
  const code = codeOf(dtype, transport);
  const rasters = [1, 2].map((band) => {
    const next = random(band);
    return Array.from({ length: H * W }, (_, i) => {
      const valid = isValid(Math.floor(i / W), i % W, next);
      const value = 1 + next() * 200 + (isFloatType(dtype) ? 0.125 : 0);
      return { valid, value: dtype.startsWith('int') ? value - 100 : value };
    });
  });
  const made = parts.map(([row, col, height, width]) => {
    const cut = (of: (pixel: { valid: boolean; value: number }) => number, band: number) =>
      Array.from({ length: height * width }, (_, i) => {
        const at = (row + Math.floor(i / width)) * W + col + (i % width);
        return of(rasters[band]?.[at] ?? { valid: false, value: 0 });
      });
    const bands = [0, 1].map((band) =>
      cut(({ valid, value }) => (valid || transport === 'bits' ? value : code), band),
    );
    const [one, two] = [0, 1].map((band) => cut(({ valid }) => (valid ? 1 << band : 0), band));
    const bits = (one ?? []).map((bit, i) => bit | (two?.[i] ?? 0));
    const record = {
      crs: geobox.crs,
      shape: [height, width] as const,
      affine: [30, 0, 3000 + 30 * col, 0, -30, 9000 - 30 * row] as const,
    };
    const bytes = writeGeoTiff({
      geobox: record,
      dtype,
      bands: transport === 'bits' ? [...bands, bits] : bands,
      ...(transport === 'nodata tag' ? { nodata: code } : {}),
    });
    return {
      bytes,
      request: { window: { row, col, height, width }, geobox: record, bands: [0, 1], bytes: 0 },
    };
  });
  // Whoever processes a tile has its bytes.
  return () =>
    tileOfParts(
      geobox,
      made.map((part) => ({ ...part, bytes: part.bytes.slice() })),
    );
}

function maskOf(dtype: WorkType, transport: (typeof TRANSPORTS)[number]): MaskTransport {
  if (transport === 'bits') return { kind: 'bits' };
  return transport === 'sentinel'
    ? { kind: 'sentinel', value: codeOf(dtype, transport) }
    : { kind: 'file' };
}

const fills = (['none', 'nearest', 'idw'] as const).flatMap((fill) =>
  (fill === 'none' ? [null] : [null, 100, 2, 3.5]).map((maxFillDistance) => ({
    fill,
    maxFillDistance,
    clipToObserved: maxFillDistance === null,
    resampling: 'near' as const,
  })),
);

describe.each(TYPES)('both kernels make the same pixels and counts of %s tiles', (dtype) => {
  describe.each(TRANSPORTS.filter((transport) => transport !== 'NaN' || isFloatType(dtype)))(
    'whose masks travel as %s',
    (transport) => {
      test.each(Object.keys(GAPS))('with %s', async (gaps) => {
        const tile = tileWith(dtype, transport, GAPS[gaps] ?? (() => true));
        for (const processing of fills) {
          const recipe: Recipe = recipeOf(dtype, [H, W], {
            bands: 2,
            mask: maskOf(dtype, transport),
            chunk: [40, 48],
            fillValue: isFloatType(dtype) ? Number.NaN : codeOf(dtype, 'sentinel'),
            processing,
          });
          const { gdal, js } = await processByBoth(tile, recipe);
          expect(js.isEmpty).toBe(gdal.isEmpty);
          expect(js.counts).toEqual(gdal.counts);
          expect(js.stored).toEqual(gdal.stored);
          for (const band of [0, 1])
            expect(
              firstDifference(gdal.pixels[band] ?? [], js.pixels[band] ?? []),
              `${JSON.stringify(processing)}, band ${band}`,
            ).toBeUndefined();
        }
      });
    },
  );
});
