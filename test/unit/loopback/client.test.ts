import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_TOKEN, type LoopbackServer, startLoopback } from '../../../src/loopback/server.js';
import { fetchTiff, RESOLUTION, TCVIS, toPixelGrid, windowAt } from './support.js';

// The client ships no types; what is used here is spelled out.
interface Ee {
  data: {
    setAuthToken(...args: unknown[]): void;
  };
  initialize(
    base: string,
    tiles: string,
    ok: () => void,
    failed: (error: unknown) => void,
    xsrf: null,
    project: string,
  ): void;
  reset(): void;
  Image: EeConstructor;
  ImageCollection: EeConstructor;
  Filter: { and(...filters: unknown[]): unknown; date(...args: unknown[]): unknown };
  Serializer: { encodeCloudApi(object: unknown): object };
}

type EeConstructor = (...args: unknown[]) => EeObject;

type EeMethod =
  | 'add'
  | 'addBands'
  | 'filterDate'
  | 'gt'
  | 'mask'
  | 'mosaic'
  | 'multiply'
  | 'rename'
  | 'select'
  | 'toFloat'
  | 'toUint8'
  | 'unmask';

type EeObject = { readonly [method in EeMethod]: EeConstructor };

const ee = createRequire(import.meta.url)('@google/earthengine') as Ee;

let server: LoopbackServer;

beforeAll(async () => {
  server = await startLoopback();
  ee.data.setAuthToken('', 'Bearer', DEFAULT_TOKEN, 3600, [], undefined, false);
  await new Promise<void>((resolve, reject) => {
    ee.initialize(server.url, server.url, resolve, reject, null, 'demo');
  });
});

afterAll(async () => {
  ee.reset();
  await server.close();
});

test('the official client initialises against the server with one request for the algorithms', () => {
  expect(server.requests.algorithms).toBe(1);
  expect(server.requests.rejected).toBe(0);
});

test('an expression of the official client with a date filter, a mosaic, a selection and unmask gives pixels', async () => {
  const image = ee
    .ImageCollection(TCVIS)
    .filterDate('2005-01-01', '2006-01-01')
    .mosaic()
    .select(['TCB_slope', 'TCW_slope'])
    .unmask(7, false)
    .toUint8();
  const tiff = await fetchTiff(server, {
    expression: ee.Serializer.encodeCloudApi(image),
    fileFormat: 'GEO_TIFF',
    grid: toPixelGrid(windowAt(-30, 35, 8)),
  });
  expect(tiff.bands.map((band) => [...new Set(band)])).toEqual([[7], [7]]);
  expect(tiff.types).toEqual(['Byte', 'Byte']);
  expect(tiff.geoTransform[1]).toBe(RESOLUTION);
  expect(tiff.wkt).toContain('"4326"');
});

test('a packed mask band as the client builds it has one bit per valid band', async () => {
  const mosaic = ee.ImageCollection(TCVIS).mosaic();
  const bit = (index: number) =>
    mosaic
      .select(index)
      .mask()
      .gt(0)
      .multiply(2 ** index);
  const bits = bit(0).add(bit(1)).add(bit(2)).toUint8().rename('mask');
  const image = mosaic.select(['.*']).toUint8().addBands(bits);
  const { bands } = await fetchTiff(server, {
    expression: ee.Serializer.encodeCloudApi(image),
    fileFormat: 'GEO_TIFF',
    grid: toPixelGrid(windowAt(110, 62, 400)),
  });
  const [, , , mask = new Uint8Array()] = bands;
  const values = new Set(mask);
  expect(values.has(7)).toBe(true);
  expect(values.has(0)).toBe(true);
  for (const [index, band] of bands.slice(0, 3).entries()) {
    const wrong = band.filter((value, i) => value !== 0 && ((mask[i] ?? 0) & (1 << index)) === 0);
    expect(wrong).toHaveLength(0);
  }
});

test('a filter on dates that leaves no image gives an image without bands, as at Earth Engine', async () => {
  const image = ee.ImageCollection(TCVIS).filterDate('1990-01-01', '1991-01-01').mosaic();
  const named = ee.Serializer.encodeCloudApi(image.select('TCB_slope'));
  const body = { expression: named, fileFormat: 'GEO_TIFF', grid: toPixelGrid(windowAt(0, 0, 2)) };
  await expect(fetchTiff(server, body)).rejects.toThrow(
    "Image.select: Band pattern 'TCB_slope' was applied to an Image with no bands.",
  );
});

test('getInfo of the official client tells the bands of an image', async () => {
  const image = ee.ImageCollection(TCVIS).mosaic().toFloat() as unknown as {
    getInfo(callback: (info: unknown, error?: string) => void): void;
  };
  const info = await new Promise((resolve, reject) => {
    image.getInfo((value, error) => (error === undefined ? resolve(value) : reject(error)));
  });
  expect(info).toMatchObject({
    type: 'Image',
    bands: [
      { id: 'TCB_slope', data_type: { precision: 'float' }, crs: 'EPSG:4326' },
      { id: 'TCG_slope' },
      { id: 'TCW_slope' },
    ],
  });
});
