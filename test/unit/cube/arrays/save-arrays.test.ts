/** Zarr and NetCDF of a region. What xarray and rioxarray read of them is in test/interop/files. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSystemStore } from '@zarrita/storage';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as zarr from 'zarrita';
import { Cube } from '../../../../src/cube/cube.js';
import type { DatasetFile } from '../../../../src/dataset/file/dataset-file.js';
import type { GeoJsonRegion } from '../../../../src/grid/roi.js';
import { loadGdal } from '../../../../src/kernel/gdal/load.js';
import { createPool, type Pool } from '../../../../src/pool/pool.js';
import { type FilledCube, filledCube } from '../filled-cube.js';

const FILE = {
  ...{ title: 'arrays', local: true, dtype: 'int16', nodata: -1 },
  bands: [
    { name: 'one', attributes: { scale_factor: 0.5, units: 'm' } },
    { name: 'two', dtype: 'float32' },
    { name: 'plain', dtype: 'uint8', nodata: null },
  ],
  grid: { crs: 'EPSG:4326', bounds: [0, 0, 13, 9], resolution: 1, chunk: 5 },
  time: { start: '2019-12', step: '1 month', end: '2020-01' },
} as unknown as DatasetFile;
const value = (band: number, row: number, col: number, t: number) =>
  1 + row * 13 + col + (band === 2 ? 0 : 100 * t);
const TRIANGLE = {
  type: 'Polygon',
  coordinates: [
    [
      [1.2, 0.3],
      [12.1, 4.4],
      [3.9, 8.8],
      [1.2, 0.3],
    ],
  ],
} as GeoJsonRegion;

let folder: string;
let pool: Pool;
let filled: FilledCube;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'geocubes-arrays-'));
  pool = createPool({ size: 1 });
  const isLoaded = ({ t = 0, row }: { t?: number; row: number }) => t === 0 || row === 0;
  filled = await filledCube(FILE, value, { isLoaded });
});
afterAll(async () => {
  await pool.close();
  filled.remove();
  rmSync(folder, { recursive: true, force: true });
});

const numbers = (all: ArrayLike<number> | undefined) => [...Array.from(all ?? [], Number)];

describe('a Zarr directory', () => {
  test.each([
    ['in one piece', {}],
    ['part by part', { pixelBytes: 1 }],
  ])('has what a load gives, each band in its own type, and a mask, %s', async (name, options) => {
    const path = join(folder, `${name}.zarr`);
    const saved = await filled.cube.saveZarr(TRIANGLE, path, { pool, ...options });
    const region = await filled.cube.load(TRIANGLE, { pool, clip: true });
    expect(saved.geobox.toRecord()).toEqual(region.geobox.toRecord());
    const root = zarr.root(new FileSystemStore(path));
    for (const band of ['one', 'two', 'plain']) {
      const array = await zarr.open(root.resolve(band), { kind: 'array' });
      const { data, shape } = await zarr.get(array);
      expect([band, array.dtype]).toEqual([band, region.types?.get(band)?.dtype]);
      expect(shape).toEqual([2, region.geobox.height, region.geobox.width]);
      expect(numbers(data as Float32Array)).toEqual(numbers(region.bands.get(band)));
    }
    const mask = await zarr.get(await zarr.open(root.resolve('mask'), { kind: 'array' }));
    expect(numbers(mask.data as Uint8Array)).toEqual(
      numbers(region.mask).map((each) => (each === 255 ? 1 : 0)),
    );
    const x = await zarr.get(await zarr.open(root.resolve('x'), { kind: 'array' }));
    expect(x.data).toEqual(region.geobox.xCentres());
    // No cube: neither what fills one, nor lists of what is loaded.
    expect(readdirSync(path).sort()).toEqual([
      ...['mask', 'one', 'plain', 'spatial_ref', 'time', 'two', 'x', 'y', 'zarr.json'],
    ]);
    const { attributes } = JSON.parse(readFileSync(join(path, 'zarr.json'), 'utf8'));
    expect(attributes.title).toBe('arrays');
    expect(attributes.loaded_patches).toBeUndefined();
    await expect(Cube.open(path)).rejects.toThrow();
  });

  test('replaces another one, and neither a cube nor anything else', async () => {
    const region = filled.cube.grid.geobox;
    const path = join(folder, 'again.zarr');
    await filled.cube.saveZarr(region, path, { pool });
    await filled.cube.saveZarr(TRIANGLE, path, { pool, bands: ['two'] });
    expect(existsSync(join(path, 'one'))).toBe(false);
    const cube = join(folder, 'cube.zarr');
    await Cube.create(cube, filled.cube.dataset, { pool });
    const before = readdirSync(cube);
    await expect(filled.cube.saveZarr(region, cube, { pool })).rejects.toThrow(/\(a cube\)/);
    expect(readdirSync(cube)).toEqual(before);
    const other = join(folder, 'photos.zarr');
    mkdirSync(other);
    writeFileSync(join(other, 'one.jpg'), '');
    await expect(filled.cube.saveZarr(region, other, { pool })).rejects.toThrow(/something else/);
    expect(readdirSync(other)).toEqual(['one.jpg']);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('a NetCDF file', () => {
  test('has what a load gives, as GDAL reads it', async () => {
    const path = join(folder, 'region.nc');
    await filled.cube.saveNetCdf(TRIANGLE, path, { pool, pixelBytes: 1 });
    const region = await filled.cube.load(TRIANGLE, { pool, clip: true });
    const { height, width, affine } = region.geobox;
    const gdal = loadGdal();
    const names = [...gdal.drivers.getNames()];
    // Without GDAL's driver what is HDF5 is told by its signature; the rest is in test/interop.
    expect(readFileSync(path).subarray(1, 4).toString()).toBe('HDF');
    if (!names.includes('netCDF')) return;
    for (const band of ['one', 'two', 'plain']) {
      const dataset = gdal.open(`NETCDF:"${path}":${band}`);
      expect([dataset.rasterSize.x, dataset.rasterSize.y]).toEqual([width, height]);
      const [west, dx, , north, , dy] = dataset.geoTransform ?? [];
      expect([dx, west, dy, north]).toEqual([affine[0], affine[2], affine[4], affine[5]]);
      const pixels = dataset.bands.map((step) => [...step.pixels.read(0, 0, width, height)]);
      expect(pixels.flat()).toEqual(numbers(region.bands.get(band)));
      const { scale, noDataValue } = dataset.bands.get(1);
      expect(scale).toBe(band === 'one' ? 0.5 : null);
      expect(noDataValue).toBe(band === 'one' ? -1 : band === 'two' ? Number.NaN : null);
      dataset.close();
    }
  });

  test('is not there when it was stopped', async () => {
    const path = join(folder, 'stopped.nc');
    const signal = AbortSignal.abort();
    await expect(filled.cube.saveNetCdf(TRIANGLE, path, { pool, signal })).rejects.toThrow(
      /stopped/,
    );
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});
