import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import type { Roi } from '../../../src/grid/roi.js';
import {
  Cube,
  createPool,
  defineDataset,
  type LocalFilesOptions,
  localFiles,
  type Pool,
} from '../../../src/index.js';
import { inspectRaster } from '../../../src/local/raster-file.js';
import type { DType } from '../../../src/raster/dtype.js';
import { writeRaster } from '../warp/rasters.js';

const folder = fileURLToPath(new URL('../../parity/containers/', import.meta.url));
const at = (name: string) => join(folder, name);
/** What xarray and rasterio read; null where there is no value. Made by make-containers.py. */
const expected = JSON.parse(readFileSync(at('expected.json'), 'utf8'));

const EPSG_4326 = parseCrs('EPSG:4326');

let pool: Pool;
beforeAll(() => {
  pool = createPool({ size: 0 });
});
afterAll(() => pool.close());

let names = 0;
interface Made {
  readonly dtype?: DType;
  readonly attributes?: Record<string, string | number>;
  readonly chunk?: number;
  readonly bounds?: [number, number, number, number];
}

/** 4 rows of 6 pixels, the grid of the files. */
async function make({ dtype = 'int16', attributes, chunk = 6, bounds }: Made = {}) {
  const store = `memory:packing-${names++}`;
  const cube = await Cube.create(
    store,
    defineDataset({
      title: 'small',
      local: true,
      bands: [attributes === undefined ? 'v' : { name: 'v', attributes }],
      dtype,
      ...(dtype.startsWith('float') ? {} : { nodata: dtype === 'uint8' ? 255 : -32768 }),
      grid: { crs: 'EPSG:4326', bounds: bounds ?? [10, 50, 16, 54], resolution: 1, chunk },
    }),
    { pool },
  );
  return { store, cube };
}

async function fill(
  cube: Cube,
  names: readonly string[],
  options: LocalFilesOptions = {},
  roi: Roi = cube.grid.geobox,
) {
  const source = await localFiles(cube.dataset, names, options);
  const { failed } = await cube.ingest(roi, { source, pool });
  expect(failed).toEqual([]);
}

/** As it is stored, null where there is no value. */
async function stored(cube: Cube): Promise<(number | null)[]> {
  const { bands, nodata } = await cube.load(cube.grid.geobox, { pool });
  return [...(bands.get('v') ?? [])].map((value) =>
    Object.is(Number(value), nodata) ? null : Number(value),
  );
}

async function attributesOf(store: string): Promise<Readonly<Record<string, unknown>>> {
  const cube = await Cube.open(store);
  const { bands } = await cube.openDataset(cube.grid.geobox);
  return bands.v?.attributes ?? {};
}

/** As CF readers do. */
const decoded = (values: readonly (number | null)[], scale: number, offset: number) =>
  values.map((value) => (value === null ? null : value * scale + offset));

describe('scale, offset and unit of files', () => {
  test.each([
    [`NETCDF:"${at('up.nc')}":b1`, 'up.nc:b1', 0.01, 273.15, 'K'],
    [`NETCDF:"${at('down.nc')}":b2`, 'down.nc:b2', 0.01, 273.15, 'K'],
    [at('scaled.tif'), 'scaled.tif', 0.1, -5, 'mm'],
  ])(
    '%s: the numbers are stored, the attributes say what they stand for',
    async (name, of, scale, offset, units) => {
      const { store, cube } = await make();
      await fill(cube, [name]);
      expect(await stored(cube)).toEqual(expected.raw[of]);
      const attributes = await attributesOf(store);
      expect(attributes).toMatchObject({ scale_factor: scale, add_offset: offset, units });
      expect(decoded(await stored(cube), scale, offset)).toEqual(expected.decoded[of]);
      // What the cube says of itself when it is opened again.
      const { dataset } = await Cube.open(store);
      expect(dataset.bands).toEqual([
        { name: 'v', attributes: { scale_factor: scale, add_offset: offset, units } },
      ]);
    },
  );

  test.each(['float32', 'float64'] as const)(
    'unscaled into a cube of %s they are the values themselves',
    async (dtype) => {
      for (const [name, of, units] of [
        [`NETCDF:"${at('up.nc')}":b1`, 'up.nc:b1', 'K'],
        [at('scaled.tif'), 'scaled.tif', 'mm'],
      ] as const) {
        const { store, cube } = await make({ dtype });
        await fill(cube, [name], { unscale: true });
        const cast = (value: number | null) =>
          value === null || dtype === 'float64' ? value : Math.fround(value);
        expect(await stored(cube)).toEqual(expected.decoded[of].map(cast));
        const attributes = await attributesOf(store);
        expect(attributes).toMatchObject({ units });
        expect(attributes).not.toHaveProperty('scale_factor');
      }
    },
  );

  test('unscaling into integers is refused', async () => {
    const { cube } = await make();
    await expect(localFiles(cube.dataset, [at('scaled.tif')], { unscale: true })).rejects.toThrow(
      /a cube of float32 or float64/,
    );
  });

  test('files that say different things of one band are refused together, and taken unscaled', async () => {
    const { cube } = await make({ dtype: 'float32' });
    const files = [at('scaled.tif'), at('other-scale.tif')];
    await expect(localFiles(cube.dataset, files)).rejects.toThrow(
      /scale 0\.1, offset -5, mm, as in .*\/scaled\.tif.*other-scale\.tif.*scale 0\.2.*--unscale/,
    );
    await expect(localFiles(cube.dataset, [at('scaled.tif'), at('plain.tif')])).rejects.toThrow(
      /scale 1, offset 0/,
    );
    await fill(cube, files, { unscale: true });
  });

  test('a cube that has tiles takes only what means the same', async () => {
    const { store, cube } = await make({ chunk: 2 });
    const left = { west: 10, south: 50, east: 12, north: 54, crs: EPSG_4326 };
    await fill(cube, [at('scaled.tif')], {}, left);
    // The same files, later, in another process.
    const again = await Cube.open(store);
    for (const other of ['other-scale.tif', 'plain.tif'])
      await expect(fill(again, [at(other)])).rejects.toThrow(
        /scale 0\.1, offset -5, mm, as the cube has them.*fixed/,
      );
    await fill(again, [at('scaled.tif')]);
    expect(await stored(again)).toEqual(expected.raw['scaled.tif']);
  });

  test('a cube whose tiles came from files that say nothing takes none that say something', async () => {
    const { store, cube } = await make({ chunk: 2 });
    await fill(
      cube,
      [at('plain.tif')],
      {},
      {
        west: 10,
        south: 50,
        east: 12,
        north: 54,
        crs: EPSG_4326,
      },
    );
    await expect(fill(cube, [at('scaled.tif')])).rejects.toThrow(
      /scale 1, offset 0, as the cube has them.*fixed/,
    );
    expect(await attributesOf(store)).not.toHaveProperty('scale_factor');
  });

  test("the dataset's own word holds: for files that say nothing, and against those that say otherwise", async () => {
    const attributes = { scale_factor: 0.1, add_offset: -5, units: 'millimetres' };
    const { store, cube } = await make({ attributes });
    await expect(fill(cube, [at('other-scale.tif')])).rejects.toThrow(
      /scale 0\.1, offset -5.*--unscale/,
    );
    await fill(cube, [at('plain.tif')]);
    expect(await attributesOf(store)).toMatchObject(attributes);
    const other = await make({ attributes });
    await fill(other.cube, [at('scaled.tif')]);
    expect(await attributesOf(other.store)).toMatchObject(attributes);
  });

  test('two runs that begin an empty cube at once say it once', async () => {
    const { store, cube } = await make({ chunk: 2 });
    const other = await Cube.open(store);
    const half = (west: number, east: number) => ({
      west,
      south: 50,
      east,
      north: 54,
      crs: EPSG_4326,
    });
    await Promise.all([
      fill(cube, [at('scaled.tif')], {}, half(10, 12)),
      fill(other, [at('scaled.tif')], {}, half(14, 16)),
    ]);
    expect(await attributesOf(store)).toMatchObject({
      scale_factor: 0.1,
      add_offset: -5,
      units: 'mm',
    });
  });
});

test.each([
  [0, 1],
  [Number.NaN, 0],
  [1, Number.POSITIVE_INFINITY],
])('scale %d with offset %d is refused, stored or unscaled', async (scale, offset) => {
  const { cube } = await make({ dtype: 'float64' });
  const folder = await mkdtemp(join(tmpdir(), 'geocubes-packing-'));
  const file = writeRaster(join(folder, 'wrong.tif'), {
    bands: [[1, 2, 3, 4]],
    width: 2,
    transform: [10, 1, 0, 54, 0, -1],
    crs: 'EPSG:4326',
    packing: { scale, offset },
  });
  for (const unscale of [false, true])
    await expect(localFiles(cube.dataset, [file], { unscale })).rejects.toThrow(
      /a finite scale other than 0, and a finite offset.*wrong\.tif/,
    );
  await rm(folder, { recursive: true });
});

test.each([
  [{ order: 'newest' }, /last or first.*newest/],
  [{ resampling: 'lanczos' }, /near.*lanczos/],
])('files are not laid or resampled in a way that is none: %j', async (options, words) => {
  const { cube } = await make();
  await expect(
    localFiles(cube.dataset, [at('plain.tif')], options as LocalFilesOptions),
  ).rejects.toThrow(words);
});

describe('pixel types that cubes do not have', () => {
  test.each(['int16', 'int32', 'float32'] as const)(
    'int8 is read with its sign and its nodata value, into %s',
    async (dtype) => {
      const { cube } = await make({ dtype: dtype === 'int32' ? 'int32' : dtype });
      await fill(cube, [at('int8.tif')]);
      expect(await stored(cube)).toEqual(expected.raw['int8.tif']);
    },
  );

  test('int8 is averaged with its sign', async () => {
    const { cube } = await make({ dtype: 'float32', bounds: [10, 50, 16, 54] });
    const coarse = await Cube.create(
      'memory:',
      defineDataset({
        title: 'coarse',
        local: true,
        bands: ['v'],
        dtype: 'float32',
        grid: { crs: 'EPSG:4326', bounds: [10, 50, 16, 54], resolution: 2, chunk: 4 },
      }),
      { pool },
    );
    void cube;
    await fill(coarse, [at('int8.tif')], { resampling: 'average' });
    const { bands } = await coarse.load(coarse.grid.geobox, { pool });
    const raw = expected.raw['int8.tif'] as (number | null)[];
    const means = [0, 2].flatMap((row) =>
      [0, 2, 4].map((col) => {
        const four = [0, 1].flatMap((y) => [0, 1].map((x) => raw[(row + y) * 6 + col + x]));
        const valid = four.filter((value) => value !== null && value !== undefined) as number[];
        return valid.reduce((sum, value) => sum + value, 0) / valid.length;
      }),
    );
    const found = [...(bands.get('v') ?? [])].map(Number);
    for (const [i, mean] of means.entries()) expect(found[i]).toBeCloseTo(mean, 4);
  });

  test('int8 does not fit into bytes without a sign', async () => {
    const { cube } = await make({ dtype: 'uint8' });
    await expect(localFiles(cube.dataset, [at('int8.tif')])).rejects.toThrow(/int8\.tif/);
  });

  test.each([
    ['int64.tif', /int64\.tif.*"Int64".*-ot Int32.*-ot Float64, exact up to 2\^53/],
    ['complex.tif', /complex\.tif.*"CFloat32".*real part/],
  ])('%s is refused with the type that would do', (name, words) => {
    expect(() => inspectRaster(at(name))).toThrow(words);
  });
});
