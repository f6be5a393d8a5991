import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { transformer } from '../../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import {
  Cube,
  createPool,
  defineDataset,
  GeoBox,
  type Pool,
  parseCrs,
} from '../../../../src/index.js';
import { loadGdal } from '../../../../src/kernel/gdal/load.js';
import { localFiles } from '../../../../src/local/source.js';

let pool: Pool;
let folder: string;
beforeAll(async () => {
  pool = createPool({ size: 0 });
  folder = await mkdtemp(join(tmpdir(), 'geocubes-around-'));
});
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
});

const EDGE = 20037508.342789244;

/** 256 x 256 pixels of all the earth; the value of each is its own number. */
async function world(): Promise<Cube> {
  const gdal = loadGdal();
  const path = join(folder, 'world.tif');
  const file = gdal.drivers.get('GTiff').create(path, 256, 256, 1, 'Int32');
  file.geoTransform = [-EDGE, EDGE / 128, 0, EDGE, 0, -EDGE / 128];
  file.srs = gdal.SpatialReference.fromEPSG(3857);
  file.bands.get(1).pixels.write(
    0,
    0,
    256,
    256,
    Int32Array.from({ length: 256 ** 2 }, (_, i) => i),
  );
  file.close();
  const dataset = defineDataset({
    ...{ title: 'world', local: true, bands: ['v'], dtype: 'int32', nodata: -1 },
    grid: {
      crs: 'EPSG:3857',
      bounds: [-EDGE, -EDGE, EDGE, EDGE],
      resolution: EDGE / 128,
      chunk: 64,
    },
  } as const);
  const cube = await Cube.create('memory:', dataset, { pool });
  await cube.ingest(cube.grid.geobox, { source: await localFiles(dataset, [path]), pool });
  return cube;
}

test('a web map is loaded across 180 degrees in one piece, and onto other grids there', async () => {
  const cube = await world();
  const across = await cube.load(parseBoundingBox('170,-30,-170,-1'), { pool });
  const { geobox } = across;
  expect(geobox.width).toBe(16);
  expect(geobox.bounds.west).toBeLessThan(EDGE);
  expect(geobox.bounds.east).toBeGreaterThan(EDGE);
  const row = Math.round((EDGE - geobox.bounds.north) / (EDGE / 128));
  expect([...(across.bands.get('v') ?? [])].slice(0, 16).map((value) => value - row * 256)).toEqual(
    [248, 249, 250, 251, 252, 253, 254, 255, 0, 1, 2, 3, 4, 5, 6, 7],
  );

  for (const [crs, bounds, resolution] of [
    ['EPSG:4326', { west: 170, south: -30, east: 190, north: -10 }, 0.25],
    ['EPSG:32660', { west: 500_000, south: 1e6, east: 1_500_000, north: 2e6 }, 10_000],
    ['EPSG:3832', { west: 2e6, south: -2e6, east: 5e6, north: 2e6 }, 50_000],
    ['EPSG:3857', { west: 19e6, south: -2e6, east: 21e6, north: 2e6 }, 40_000],
  ] as const) {
    const like = GeoBox.fromBounds(bounds, parseCrs(crs), resolution);
    const there = transformer(like.crs, parseCrs('EPSG:3857'));
    const pixels = (await cube.load(like, { like, pool })).bands.get('v') ?? [];
    let wrong = 0;
    for (const [r, y] of like.yCentres().entries())
      for (const [c, x] of like.xCentres().entries()) {
        const [wx, wy] = there(x, y);
        const col = ((wx + EDGE) / (EDGE / 128) + 256) % 256;
        const wanted = Math.floor((EDGE - wy) / (EDGE / 128)) * 256 + Math.floor(col);
        if (pixels[r * like.width + c] !== wanted) wrong++;
      }
    expect([crs, wrong]).toEqual([crs, 0]);
  }
});
