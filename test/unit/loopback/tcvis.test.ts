import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/server.js';
import {
  call,
  constant,
  fetchTiff,
  mosaicOf,
  pixelBody,
  RESOLUTION,
  TCVIS,
  windowAt,
  withMask,
} from './support.js';

let server: LoopbackServer;

beforeAll(async () => {
  server = await startLoopback();
});

afterAll(() => server.close());

const IMAGE = withMask(mosaicOf(TCVIS));

async function pixelsAt(...args: Parameters<typeof windowAt>) {
  return (await fetchTiff(server, pixelBody(IMAGE, windowAt(...args)))).bands;
}

test('Siberia is valid and the middle of the Atlantic masked', async () => {
  const [, , , siberia = []] = await pixelsAt(100, 62, 40);
  const [, , , atlantic = []] = await pixelsAt(-30, 35, 40);
  const valid = siberia.filter((value) => value === 1).length;
  expect(valid / siberia.length).toBeGreaterThan(0.98);
  expect(new Set(atlantic)).toEqual(new Set([0]));
});

test('land that crosses the antimeridian is land on both sides of it, and the north pole is sea', async () => {
  for (const [lon, lat, expected] of [
    [179.9, 68, 1],
    [-179.9, 68, 1],
    [100, 68, 1],
    [-60, -88, 1],
    [179.9, 60, 0],
    [0, 89.9, 0],
  ] as const) {
    const [, , , valid = []] = await pixelsAt(lon, lat, 12);
    const part = valid.filter((value) => value === 1).length / valid.length;
    expect([lon, lat, Math.round(part)]).toEqual([lon, lat, expected]);
  }
});

test('about 0.2 % of the land pixels are masked, each band slightly differently', async () => {
  const masks = ['TCB_slope', 'TCG_slope', 'TCW_slope'].map((name) => {
    const band = call('Image.select', {
      input: mosaicOf(TCVIS),
      bandSelectors: constant([name]),
    });
    return call('Image.gt', { image1: call('Image.mask', { image: band }), image2: constant(0) });
  });
  const image = call('Image.cat', { images: { arrayValue: { values: masks } } });
  const { bands } = await fetchTiff(server, pixelBody(image, windowAt(110, 62, 1000)));
  for (const band of bands) {
    const gaps = band.filter((value) => value === 0).length / band.length;
    expect(gaps).toBeGreaterThan(0.001);
    expect(gaps).toBeLessThan(0.003);
  }
  expect(bands[0]).not.toEqual(bands[1]);
});

test('masked pixels are encoded as zero', async () => {
  const [first = [], , , valid = []] = await pixelsAt(128, 72.5, 500);
  expect(valid.some((value) => value === 0)).toBe(true);
  expect(first.filter((value, i) => valid[i] === 0 && value !== 0)).toHaveLength(0);
});

test('every value of 0 to 255 occurs among the valid pixels of each band', async () => {
  const [first = [], second = [], third = [], valid = []] = await pixelsAt(100, 66, 700, 700, 8);
  for (const band of [first, second, third]) {
    expect(new Set(band.filter((_, i) => valid[i] === 1)).size).toBe(256);
  }
});

test('a window equals the same pixels of a larger window', async () => {
  const large = await pixelsAt(128, 72.5, 300);
  const geobox = windowAt(128, 72.5, 300);
  const [, , x, , , y] = geobox.affine;
  const moved = {
    ...geobox,
    shape: [90, 110] as const,
    affine: [RESOLUTION, 0, x + 101 * RESOLUTION, 0, -RESOLUTION, y - 57 * RESOLUTION] as const,
  };
  const small = (await fetchTiff(server, pixelBody(IMAGE, moved))).bands;
  for (const [index, band] of small.entries()) {
    const expected = Array.from({ length: 90 * 110 }, (_, i) => {
      const row = 57 + Math.floor(i / 110);
      return large[index]?.[row * 300 + 101 + (i % 110)];
    });
    expect([...band]).toEqual(expected);
  }
});

test('a coarser grid picks the native pixel under each centre', async () => {
  const step = 5;
  const native = await pixelsAt(128, 72.5, 200 * step);
  const coarse = await pixelsAt(128, 72.5, 200, 200, step);
  for (const [index, band] of coarse.entries()) {
    const expected = Array.from({ length: 200 * 200 }, (_, i) => {
      const row = Math.floor(i / 200) * step + 2;
      return native[index]?.[row * 200 * step + (i % 200) * step + 2];
    });
    expect([...band]).toEqual(expected);
  }
});

test('the way pixel by pixel, as for other CRSs, agrees with the way by rows', async () => {
  const rows = await pixelsAt(128, 72.5, 200);
  const { shape, affine } = windowAt(128, 72.5, 200);
  const crs = '+proj=longlat +datum=WGS84 +no_defs';
  const points = (await fetchTiff(server, pixelBody(IMAGE, { crs, shape, affine }))).bands;
  expect(points).toEqual(rows);
});

test('windows of a projected grid agree with their neighbours', async () => {
  const affine = [300, 0, 400000, 0, -300, 7800000] as const;
  const whole = { crs: 'EPSG:32652', shape: [60, 80] as const, affine };
  const east = {
    ...whole,
    shape: [60, 30] as const,
    affine: [300, 0, 415000, 0, -300, 7800000] as const,
  };
  const [all = []] = (await fetchTiff(server, pixelBody(IMAGE, whole))).bands;
  const [part = []] = (await fetchTiff(server, pixelBody(IMAGE, east))).bands;
  const expected = [...all].filter((_, i) => i % 80 >= 50);
  expect([...part]).toEqual(expected);
  expect(new Set(expected).size).toBeGreaterThan(50);
});
