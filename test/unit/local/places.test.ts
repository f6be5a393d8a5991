import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cube, createPool, defineDataset, type Pool } from '../../../src/index.js';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { localFiles } from '../../../src/local/source.js';

let folder: string;
let pool: Pool;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-places-'));
  pool = createPool({ size: 0 });
});
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
});

type GeoTransform = [number, number, number, number, number, number];

/** 200 x 120 pixels, of which none is the nodata value 0. */
function write(name: string, crs: string, transform: GeoTransform): string {
  const gdal = loadGdal();
  const path = join(folder, name);
  const file = gdal.drivers.get('GTiff').create(path, 200, 120, 1, 'Byte');
  file.geoTransform = transform;
  file.srs = gdal.SpatialReference.fromUserInput(crs);
  const pixels = Uint8Array.from({ length: 200 * 120 }, (_, i) => 1 + ((i * 7) % 250));
  file.bands.get(1).noDataValue = 0;
  file.bands.get(1).pixels.write(0, 0, 200, 120, pixels);
  file.close();
  return path;
}

interface Target {
  readonly crs: string;
  readonly bounds: readonly [number, number, number, number];
  readonly resolution: number;
}

const WORLD: Target = { crs: 'EPSG:4326', bounds: [-180, -60, 180, -20], resolution: 0.1 };
const ACROSS: Target = { crs: 'EPSG:4326', bounds: [160, -60, 200, -20], resolution: 0.1 };
const POLAR: Target = { crs: 'EPSG:3031', bounds: [-8e6, -8e6, 8e6, 8e6], resolution: 20_000 };
const ZONE: Target = { crs: 'EPSG:32760', bounds: [-5e5, 5e6, 1.5e6, 6.7e6], resolution: 5_000 };

async function imported({ crs, bounds, resolution }: Target, path: string): Promise<number[]> {
  const dataset = defineDataset({
    ...{ title: 'place', local: true, bands: ['v'], dtype: 'uint8', nodata: 0 },
    grid: { crs, bounds, resolution, chunk: 100 },
  } as const);
  const cube = await Cube.create('memory:', dataset, { pool });
  const source = await localFiles(dataset, [path]);
  const { failed, empty } = await cube.ingest(cube.grid.geobox, { source, pool });
  expect({ failed, empty }).toEqual({ failed: [], empty: 0 });
  return [...((await cube.load(cube.grid.geobox)).bands.get('v') ?? [])];
}

function gdalwarp({ crs, bounds, resolution }: Target, path: string): number[] {
  const gdal = loadGdal();
  const source = gdal.open(path);
  const size = String(resolution);
  const result = gdal.warp(
    join(folder, `w${Math.random()}.tif`),
    null,
    [source],
    [
      ...['-et', '0', '-r', 'near', '-t_srs', crs, '-tr', size, size, '-dstnodata', '0', '-te'],
      ...bounds.map(String),
    ],
  );
  const { x, y } = result.rasterSize;
  const pixels = [...result.bands.get(1).pixels.read(0, 0, x, y)];
  result.close();
  source.close();
  return pixels;
}

const valid = (pixels: readonly number[]) => pixels.filter((value) => value !== 0).length;

test.each<[string, string, GeoTransform, Target]>([
  ['UTM across 180 degrees', 'EPSG:32760', [700_000, 2_000, 0, 5.6e6, 0, -2_000], POLAR],
  ['UTM across 180 degrees', 'EPSG:32760', [700_000, 2_000, 0, 5.6e6, 0, -2_000], WORLD],
  ['UTM across 180 degrees', 'EPSG:32760', [700_000, 2_000, 0, 5.6e6, 0, -2_000], ACROSS],
  ['longitudes past 180', 'EPSG:4326', [170, 0.1, 0, -30, 0, -0.1], POLAR],
  ['longitudes past 180', 'EPSG:4326', [170, 0.1, 0, -30, 0, -0.1], ZONE],
  ['longitudes past 180', 'EPSG:4326', [170, 0.1, 0, -30, 0, -0.1], ACROSS],
  ['longitudes past 180', 'EPSG:4326', [170, 0.1, 0, -30, 0, -0.1], WORLD],
  ['another datum', 'EPSG:4267', [170, 0.02, 0, -30, 0, -0.02], ZONE],
  [
    'a CRS without a code',
    '+proj=laea +lat_0=-35 +lon_0=175 +ellps=intl',
    [-4e5, 4e3, 0, 3e5, 0, -4e3],
    WORLD,
  ],
])(
  'a file with %s gives the pixels of gdalwarp, in tiles that have some (%#)',
  async (name, crs, transform, target) => {
    const path = write(`${name} ${target.crs}.tif`, crs, transform);
    const ours = await imported(target, path);
    const theirs = gdalwarp(target, path);
    expect(valid(theirs)).toBeGreaterThan(100);
    expect(ours.filter((value, i) => value !== theirs[i])).toHaveLength(0);
  },
);
