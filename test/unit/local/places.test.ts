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

const crsEndsOnEarth = /disk|half/;

async function imported({ crs, bounds, resolution }: Target, path: string): Promise<number[]> {
  const dataset = defineDataset({
    ...{ title: 'place', local: true, bands: ['v'], dtype: 'uint8', nodata: 0 },
    grid: { crs, bounds, resolution, chunk: 100 },
  } as const);
  const cube = await Cube.create('memory:', dataset, { pool });
  const source = await localFiles(dataset, [path]);
  const { failed, empty } = await cube.ingest(cube.grid.geobox, { source, pool });
  expect(failed).toEqual([]);
  // Only where a file ends between places on earth and none, more is looked at than it has.
  // A corner's tip may enter a tile and not reach the middle of a pixel.
  if (!crsEndsOnEarth.test(path)) expect(empty).toBeLessThanOrEqual(2);
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

const MERCATOR = 20037508.342789244;
const WEB: Target = {
  ...{ crs: 'EPSG:3857', resolution: MERCATOR / 128 },
  bounds: [-MERCATOR, -MERCATOR, MERCATOR, MERCATOR],
};
const EARTH: GeoTransform = [0, 1.8, 0, 90, 0, -1.5];
const UTM60: GeoTransform = [500_000, 5_000, 0, 6e6, 0, -5_000];
/** A cube of 0.5 degrees. */
const DEGREES: Target = { crs: 'EPSG:4326', bounds: [-180, -90, 180, 90], resolution: 0.5 };

/** Cubes whose edges lie at 180 degrees, just inside it, or beyond. */
const CYLINDERS: Target[] = [
  WEB,
  { crs: 'EPSG:3395', bounds: [-2e7, -1.5e7, 2e7, 1.5e7], resolution: 1e5 },
  { crs: 'EPSG:4087', bounds: [-2e7, -1e7, 2e7, 1e7], resolution: 1e5 },
  { crs: 'EPSG:4087', bounds: [0, -1e7, 4e7, 1e7], resolution: 1e5 },
  { crs: 'EPSG:6933', bounds: [-17_360_000, -7.32e6, 17_360_000, 7.32e6], resolution: 4e4 },
  { crs: 'EPSG:3832', bounds: [-2e7, -1.5e7, 2e7, 1.5e7], resolution: 1e5 },
  { crs: 'EPSG:3994', bounds: [-1e7, -1.5e7, 1e7, 1e6], resolution: 1e5 },
  { crs: 'EPSG:4326', bounds: [0, -90, 360, 90], resolution: 1 },
];

test.each<[string, string, GeoTransform, Target]>([
  ...CYLINDERS.flatMap((target): [string, string, GeoTransform, Target][] => [
    ['longitudes 0 to 360', 'EPSG:4326', EARTH, target],
    ['longitudes -180 to 180', 'EPSG:4326', [-180, 1.8, 0, 90, 0, -1.5], target],
    ['UTM zone 60', 'EPSG:32760', [300_000, 5_000, 0, 7e6, 0, -5_000], target],
    ['the south pole', 'EPSG:3031', [-4e6, 4e4, 0, 4e6, 0, -4e4], target],
  ]),
  ['UTM zone 60', 'EPSG:32660', UTM60, WEB],
  ['UTM zone 1', 'EPSG:32601', [0, 5_000, 0, 6e6, 0, -5_000], WEB],
  [
    'a grid shift',
    'EPSG:31467',
    [3.5e6, 20, 0, 5.5e6, 0, -20],
    { ...{ crs: 'EPSG:25832' }, bounds: [498_000, 5.495e6, 506_000, 5.501e6], resolution: 10 },
  ],
  [
    'a national datum',
    'EPSG:28992',
    [155_000, 1, 0, 463_200, 0, -1],
    { ...{ crs: 'EPSG:32631' }, bounds: [663_250, 5_780_900, 663_650, 5_781_300], resolution: 1 },
  ],
  [
    'degrees, into the British grid',
    'EPSG:4326',
    [-2.02, 0.0002, 0, 53.01, 0, -0.0002],
    { ...{ crs: 'EPSG:27700' }, bounds: [398_000, 342_000, 403_000, 347_000], resolution: 20 },
  ],
  [
    'grads from Paris',
    'EPSG:4807',
    [0, 0.01, 0, 52, 0, -0.01],
    { ...{ crs: 'EPSG:2154' }, bounds: [6e5, 6.5e6, 9e5, 6.8e6], resolution: 1000 },
  ],
  [
    'axes to the west and south',
    'EPSG:2048',
    [10_000, 10, 0, 3.7e6, 0, -10],
    { ...{ crs: 'EPSG:32734' }, bounds: [28e4, 628e4, 32e4, 632e4], resolution: 100 },
  ],
  [
    'the whole earth in an ellipse',
    '+proj=moll +datum=WGS84',
    [-181e5, 181e3, 0, 91e5, 0, -151e3],
    DEGREES,
  ],
  [
    'the whole earth in an ellipse',
    '+proj=moll +datum=WGS84',
    [-181e5, 181e3, 0, 91e5, 0, -151e3],
    WEB,
  ],
  ['round corners', '+proj=robin +datum=WGS84', [-171e5, 171e3, 0, 87e5, 0, -145e3], DEGREES],
  [
    'a disk seen from space',
    '+proj=geos +h=35785831 +datum=WGS84',
    [-55e5, 55e3, 0, 55e5, 0, -91e3],
    DEGREES,
  ],
  [
    'half of a sphere',
    '+proj=ortho +lat_0=90 +R=6371000',
    [-64e5, 64e3, 0, 64e5, 0, -106e3],
    DEGREES,
  ],
  [
    'the sinusoidal of MODIS',
    '+proj=sinu +R=6371007.181',
    [-20015109.354, 200151, 0, 10007554.677, 0, -166792],
    DEGREES,
  ],
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
    expect(valid(theirs)).toBeGreaterThan(30);
    expect(ours.filter((value, i) => value !== theirs[i])).toHaveLength(0);
  },
);
