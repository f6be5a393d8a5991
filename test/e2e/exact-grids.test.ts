/** Grids that a dataset file fixes exactly, over the whole way: create, ingest or import, verify, load. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cube, createPool, defineDataset, earthEngine, type Resampling } from '../../src/index.js';
import { loadGdal } from '../../src/kernel/gdal/load.js';
import { type LoopbackServer, startLoopback } from '../../src/loopback/index.js';
import { runCommand } from './command.js';
import { compare, gdalwarp } from './gdalwarp.js';
import { temporaryFolder } from './loopback-cubes.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
let scene: string;

const [WIDTH, HEIGHT] = [220, 200];

/** Pixels of 0.01 x 0.007 degrees in the middle of Germany, a twentieth of them without a value. */
beforeAll(async () => {
  folder = await temporaryFolder();
  const rasters = join(folder.path, 'rasters');
  await mkdir(rasters);
  scene = join(rasters, 'scene.tif');
  const gdal = loadGdal();
  const file = gdal.drivers.get('GTiff').create(scene, WIDTH, HEIGHT, 1, 'Byte');
  file.geoTransform = [9, 0.01, 0, 50.6, 0, -0.007];
  file.srs = gdal.SpatialReference.fromEPSG(4326);
  const pixels = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
    (i * 2_654_435_761) % 20 === 7 ? 0 : 1 + ((i * 40_503) % 251),
  );
  file.bands.get(1).noDataValue = 0;
  file.bands.get(1).pixels.write(0, 0, WIDTH, HEIGHT, pixels);
  file.close();
  const images = [{ file: 'scene.tif', bands: ['v'] }];
  const assets = [{ id: 'users/test/scene', type: 'IMAGE', images }];
  await writeFile(join(rasters, 'manifest.json'), JSON.stringify({ assets }));
  server = await startLoopback({ folder: rasters });
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

describe('a cube of pixels that are not square, its corner at no multiple of them, has the pixels of gdalwarp', () => {
  test.each<['gdal' | 'js', Resampling]>([
    ['gdal', 'near'],
    ['js', 'near'],
    ['gdal', 'bilinear'],
    ['js', 'bilinear'],
  ])('by the kernel %s, %s', async (kernel, resampling) => {
    const dataset = defineDataset({
      ...{ title: 'Exact', image: 'users/test/scene', bands: ['v'], nodata: 0, resampling },
      dtype: 'uint8',
      grid: {
        crs: 'EPSG:3035',
        transform: [900, 0, 4_300_123.4, 0, -650, 3_000_456.7],
        shape: [70, 60],
        chunk: [32, 25],
      },
      // The service itself takes the nearest pixel of what it is asked for.
      ...(resampling === 'near'
        ? {}
        : { requestGrid: { crs: 'EPSG:4326', resolution: [0.01, 0.007], origin: [9, 50.6] } }),
    });
    const pool = createPool({ size: 0, kernel });
    const cube = await Cube.create('memory:', dataset, { pool });
    const project = 'test';
    const options = { endpoint: server.url, token: 'loopback', project };
    const source = await earthEngine(dataset, options);
    const { committed, failed } = await cube.ingest(cube.grid.geobox, { source, pool });
    await source.close();
    expect([committed, failed]).toEqual([9, []]);
    const output = join(folder.path, `${kernel}-${resampling}.tif`);
    const [theirs] = gdalwarp([scene], output, cube, { nodata: '0', resampling });
    const { bands } = await cube.load(cube.grid.geobox, { pool });
    const { different, valid, length } = compare(bands.get('v'), theirs, 0);
    expect({ different, length }).toEqual({ different: 0, length: 4200 });
    expect(valid).toBeGreaterThan(3500);
    await pool.close();
  });
});

test('a raster imported into a cube that is like it is copied bit for bit, and comes out on its grid', async () => {
  const at = (name: string) => join(folder.path, name);
  const gdal = loadGdal();
  const crs = '+proj=laea +lat_0=50 +lon_0=10 +x_0=0 +y_0=0 +ellps=GRS80 +units=m';
  const [width, height] = [53, 37];
  const transform = [-800.1, 30.7, 0, 400.3, 0, -20.3];
  // Every kind of float: zeros of both signs, the smallest, infinite ones, no number.
  const bits = Uint32Array.from({ length: width * height }, (_, i) =>
    i % 11 === 0 ? 0x7fc00000 : Math.imul(i + 1, 2_654_435_761) >>> 0,
  );
  bits.set([0, 0x80000000, 1, 0x7f800000, 0xff800000, 0x00800000], 1);
  const pixels = new Float32Array(bits.buffer);
  const file = gdal.drivers.get('GTiff').create(at('dem.tif'), width, height, 1, 'Float32');
  file.geoTransform = transform;
  file.srs = gdal.SpatialReference.fromProj4(crs);
  file.bands.get(1).pixels.write(0, 0, width, height, pixels);
  file.close();
  const dataset = { title: 'Like', local: true, bands: ['v'], dtype: 'float32' };
  await mkdir(at('sets'));
  const grid = { like: '../dem.tif', crs, chunk: 16 };
  await writeFile(at('sets/like.json'), JSON.stringify({ ...dataset, grid }));

  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const store = ['--store', at('cube')];
  const json = ['--format', 'json'];
  const made = JSON.parse(
    await run('create', ...store, '--dataset', at('sets/like.json'), ...json),
  );
  expect(made.geobox).toMatchObject({
    shape: [height, width],
    affine: [30.7, 0, -800.1, 0, -20.3, 400.3],
  });
  expect(made.geobox.crs).toMatch(/^PROJC(?:RS|S)\[/);
  expect('snapped' in made).toBe(false);
  await run('import', at('dem.tif'), ...store, '--report', at('report'), '-q');
  expect(JSON.parse(await run('status', ...store, ...json))).toMatchObject({ loaded: 12 });
  await run('verify', ...store);
  const inside = ['--bbox', '9.99,49.997,10.01,50.003'];
  expect(JSON.parse(await run('plan', ...store, ...inside, ...json))).toMatchObject({ tiles: 12 });
  await run('load', ...store, '--like', at('dem.tif'), '--out', at('out.tif'), '-q');
  const out = gdal.open(at('out.tif'));
  expect(out.geoTransform).toEqual(transform);
  const read = out.bands.get(1).pixels.read(0, 0, width, height) as Float32Array;
  expect(out.srs?.isSame(gdal.SpatialReference.fromProj4(crs))).toBe(true);
  out.close();
  expect(differences(read, pixels)).toEqual([]);
});

/** By their bits; whatever is no number is one value. */
function differences(one: Float32Array, other: Float32Array): number[] {
  const [a, b] = [one, other].map(
    ({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length),
  ) as [Uint32Array, Uint32Array];
  return [...a.keys()].filter(
    (i) => a[i] !== b[i] && !(Number.isNaN(one[i]) && Number.isNaN(other[i])),
  );
}

test('create tells in one line, and in JSON, what the bounds asked for became', async () => {
  const at = (name: string) => join(folder.path, name);
  const grid = { crs: 'EPSG:27700', bounds: [400_010, 300_000, 400_100, 300_050], chunk: 8 };
  const dataset = { title: 'Snapped', local: true, bands: ['v'], dtype: 'uint8' };
  await writeFile(
    at('snapped.json'),
    JSON.stringify({ ...dataset, grid: { ...grid, resolution: [20, 25] } }),
  );
  const args = ['create', '--dataset', at('snapped.json'), '--store'];
  const { stdout } = await runCommand([...args, at('one')]);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(
    'Bounds were snapped to whole pixels of 20 x 25: asked for 400010,300000,400100,300050, became 400000,300000,400100,300050',
  );
  const told = JSON.parse((await runCommand([...args, at('two'), '--format', 'json'])).stdout);
  expect(told.snapped).toEqual({
    asked: { west: 400_010, south: 300_000, east: 400_100, north: 300_050 },
    became: { west: 400_000, south: 300_000, east: 400_100, north: 300_050 },
  });
});
