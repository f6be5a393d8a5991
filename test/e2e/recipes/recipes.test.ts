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
