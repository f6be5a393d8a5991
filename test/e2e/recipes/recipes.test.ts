/** Cubes of dataset files with recipes, filled from the loopback server, beside what numpy makes of the same scenes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Cube,
  createPool,
  type Dataset,
  earthEngine,
  GeoBox,
  type Pool,
  parseDataset,
} from '../../../src/index.js';
import { encodeGeoTiff, type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { temporaryFolder } from '../loopback-cubes.js';
import { writeScenes } from './scenes.mjs';

interface Reference {
  readonly shape: readonly [steps: number, rows: number, columns: number];
  /** Null where nothing is valid in a cube of floats. */
  readonly bands: Readonly<Record<string, readonly (number | null)[]>>;
}

const read = (name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const { references } = read('references.json') as { references: Record<string, Reference> };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
let pool: Pool;
beforeAll(async () => {
  folder = await temporaryFolder();
  const assets = writeScenes(folder.path, { GeoBox, encodeGeoTiff });
  writeFileSync(join(folder.path, 'manifest.json'), JSON.stringify({ assets }));
  server = await startLoopback({ folder: folder.path });
  pool = createPool({ size: 0 });
});
afterAll(async () => {
  await pool.close();
  await server.close();
  await folder.remove();
});

/** The bands of a cube that was filled whole. */
async function fill(dataset: Dataset): Promise<Record<string, (number | null)[]>> {
  const cube = await Cube.create('memory:', dataset, { pool });
  const source = await earthEngine(dataset, {
    ...{ endpoint: server.url, token: 'loopback', project: 'test' },
  });
  const region = GeoBox.fromRecord(dataset.grid.geobox);
  const { failed } = await cube.ingest(region, { source, pool });
  await source.close();
  expect(failed).toEqual([]);
  const { bands } = await cube.load(region);
  return Object.fromEntries(
    [...bands].map(([name, pixels]) => [
      name,
      Array.from(pixels, (value) => (Number.isNaN(value) ? null : value)),
    ]),
  );
}

describe('equal to numpy, pixel by pixel:', () => {
  test.each([
    ['a cloudless median of Sentinel-2 for each month of a year', 's2-monthly'],
    ['the maximum under the mask of a linked Cloud Score+', 's2-cloud-score'],
    ['NDVI of Landsat for each year, from scaled reflectances, as scaled integers', 'ndvi-annual'],
    ["Dynamic World's most frequent class of each year", 'dynamic-world'],
    ['ERA5-Land in scaled integers', 'era5-land-monthly'],
  ])('%s', async (_, name) => {
    const filled = await fill(parseDataset(read(`datasets/${name}.json`)));
    expect(filled).toEqual(references[name]?.bands);
    const [values = []] = Object.values(filled);
    expect(new Set(values).size).toBeGreaterThan(5);
  });

  const FILE = {
    title: 'Reductions',
    collection: 'users/demo/reductions',
    bands: ['v'],
    dtype: 'float32',
    grid: {
      crs: 'EPSG:32652',
      bounds: [500000, 8000000, 500160, 8000160],
      resolution: 10,
      chunk: 16,
    },
  } as const;

  test.each(['mosaic', 'first', 'median', 'mean', 'min', 'max', 'count'] as const)(
    'reduce %s, of even and odd counts of valid pixels, and of none',
    async (reduce) => {
      const { v } = await fill(parseDataset({ ...FILE, reduce }));
      expect(v).toEqual(references[`reduce-${reduce}`]?.bands.v);
    },
  );

  test.each([0, 50, 100])('the published percentile %d', async (percentile) => {
    const { v } = await fill(parseDataset({ ...FILE, reduce: { percentile } }));
    expect(v).toEqual(references[`reduce-p${percentile}`]?.bands.v);
  });
});

describe('a filter that no image passes', () => {
  const FILE = {
    title: 'None',
    collection: 'COPERNICUS/S2_SR_HARMONIZED',
    filter: ['CLOUDY_PIXEL_PERCENTAGE < 5', 'MGRS_TILE in [52XDF, 52XDG]'],
    reduce: 'median',
    bands: ['B4'],
    dtype: 'uint16',
    nodata: 65535,
    grid: {
      crs: 'EPSG:32652',
      bounds: [500000, 8000000, 500160, 8000160],
      resolution: 10,
      chunk: 8,
    },
  } as const;

  async function failuresOf(dataset: Dataset) {
    const cube = await Cube.create('memory:', dataset, { pool });
    const source = await earthEngine(dataset, {
      ...{ endpoint: server.url, token: 'loopback', project: 'test' },
    });
    const before = server.requests.pixels;
    const region = GeoBox.fromRecord(dataset.grid.geobox);
    const { failed, committed } = await cube.ingest(region, { source, pool, tilesInFlight: 1 });
    await source.close();
    expect(committed).toBe(0);
    const errors = failed.map(({ error }) => error as { kind?: string; message: string });
    expect(new Set(errors.map(({ kind }) => kind))).toEqual(new Set(['no-images']));
    return {
      messages: new Set(errors.map(({ message }) => message)),
      tiles: failed.length,
      requests: server.requests.pixels - before,
    };
  }

  test('is named where there are no time steps, and asked for once', async () => {
    expect(await failuresOf(parseDataset(FILE))).toEqual({
      messages: new Set([
        'Expected images of COPERNICUS/S2_SR_HARMONIZED with CLOUDY_PIXEL_PERCENTAGE < 5 and MGRS_TILE in [52XDF, 52XDG] but there are none. Take a filter that lets some pass.',
      ]),
      ...{ tiles: 4, requests: 1 },
    });
  });

  test('is named with the step in which none passes it', async () => {
    const dataset = parseDataset({ ...FILE, time: ['2024-01'] });
    expect((await failuresOf(dataset)).messages).toEqual(
      new Set([
        'Expected images of COPERNICUS/S2_SR_HARMONIZED with CLOUDY_PIXEL_PERCENTAGE < 5 and MGRS_TILE in [52XDF, 52XDG] from 2024-01-01 up to 2024-02-01 but there are none. Leave this time step out, or take a filter that lets some pass.',
      ]),
    );
  });
});
