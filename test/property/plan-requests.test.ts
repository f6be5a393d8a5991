import { expect, test } from 'vitest';
import { planRequests } from '../../src/earth-engine/plan-requests.js';
import type { WorkType } from '../../src/raster/dtype.js';
import type { MaskTransport, PixelRequest } from '../../src/tile.js';
import fc from '../fast-check.js';

/*
 * The limits and the count of bytes are written out again here, from the service's messages
 * ("Total request size (... bytes) must be less than or equal to 50331648 bytes.", "Pixel grid
 * dimensions (...) must be less than or equal to 32768."), so that a slip in the code's own shows.
 */
const LIMIT = 48 * 1024 * 1024;
const SIDE = 32_768;
const BANDS = 1024;
const BYTES: Record<WorkType, number> = {
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  float64: 8,
};

const dtypes = fc.constantFrom<WorkType>(...(Object.keys(BYTES) as WorkType[]));
const masks = fc.constantFrom<MaskTransport>(
  { kind: 'bits' },
  { kind: 'file' },
  { kind: 'sentinel', value: 0 },
);

function countBands(bands: number, mask: MaskTransport): number {
  return mask.kind === 'bits' ? bands + Math.ceil(bands / 8) : bands;
}

function countBytes({ window, bands }: PixelRequest, dtype: WorkType, mask: MaskTransport): number {
  return window.height * window.width * countBands(bands.length, mask) * (BYTES[dtype] + 1);
}

const plan = (height: number, width: number, bands: number, dtype: WorkType, mask: MaskTransport) =>
  planRequests(
    { crs: 'EPSG:3413', shape: [height, width], affine: [30, 0, 0, 0, -30, 0] },
    { bands, dtype, mask },
  );

const sides = fc.oneof(fc.integer({ min: 1, max: 8000 }), fc.constantFrom(1, 256, 3600, 8000));
const shapes = fc.tuple(sides, sides, fc.integer({ min: 1, max: 64 }), dtypes, masks);

test('every request is within the limits of bytes, sides and bands, and says its own bytes', () => {
  fc.assert(
    fc.property(shapes, ([height, width, bands, dtype, mask]) => {
      for (const request of plan(height, width, bands, dtype, mask)) {
        const bytes = countBytes(request, dtype, mask);
        expect(request.bytes).toBe(bytes);
        expect(bytes).toBeLessThanOrEqual(LIMIT);
        expect(Math.max(request.window.height, request.window.width)).toBeLessThanOrEqual(SIDE);
        expect(countBands(request.bands.length, mask)).toBeLessThanOrEqual(BANDS);
      }
    }),
  );
});

test('the requests cover each pixel of each band exactly once', () => {
  fc.assert(
    fc.property(shapes, ([height, width, bands, dtype, mask]) => {
      const requests = plan(height, width, bands, dtype, mask);
      let area = 0;
      for (const { window, bands: asked } of requests) {
        expect(window.height > 0 && window.width > 0 && asked.length > 0).toBe(true);
        expect(window.row >= 0 && window.col >= 0).toBe(true);
        expect(window.row + window.height).toBeLessThanOrEqual(height);
        expect(window.col + window.width).toBeLessThanOrEqual(width);
        expect(asked.every((band) => Number.isInteger(band) && band >= 0 && band < bands)).toBe(
          true,
        );
        expect(new Set(asked).size).toBe(asked.length);
        area += window.height * window.width * asked.length;
      }
      // The right number of pixels, and none of them twice: together that is each exactly once.
      expect(area).toBe(height * width * bands);
      for (const [i, one] of requests.entries()) {
        for (const other of requests.slice(i + 1)) {
          const apart =
            one.window.row + one.window.height <= other.window.row ||
            other.window.row + other.window.height <= one.window.row ||
            one.window.col + one.window.width <= other.window.col ||
            other.window.col + other.window.width <= one.window.col;
          if (!apart && one.bands.some((band) => other.bands.includes(band)))
            throw new Error(`pixels of two requests: ${JSON.stringify([one, other])}`);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('no cut into equal groups of bands, rows and columns takes fewer requests; of tiles above 512 MiB, a tenth fewer', () => {
  const cases = fc.tuple(
    fc.integer({ min: 1, max: 6000 }),
    fc.integer({ min: 1, max: 6000 }),
    fc.integer({ min: 1, max: 12 }),
    dtypes,
    masks,
  );
  fc.assert(
    fc.property(cases, ([height, width, bands, dtype, mask]) => {
      const all = height * width * countBands(bands, mask) * (BYTES[dtype] + 1);
      const planned = plan(height, width, bands, dtype, mask).length;
      const found = all > 512 * 1024 * 1024 ? Math.ceil(planned / 1.1) : planned;
      for (let groups = 1; groups <= bands && groups < found; groups++) {
        for (let rows = 1; rows <= height && groups * rows < found; rows++) {
          for (let cols = 1; cols <= width && groups * rows * cols < found; cols++) {
            const [h, w] = [Math.ceil(height / rows), Math.ceil(width / cols)];
            const group = countBands(Math.ceil(bands / groups), mask);
            const fits = h * w * group * (BYTES[dtype] + 1) <= LIMIT;
            if (fits) throw new Error(`${groups} x ${rows} x ${cols} is fewer than ${found}`);
          }
        }
      }
      expect(found).toBeGreaterThan(0);
    }),
  );
});
