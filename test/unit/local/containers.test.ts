import { copyFileSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Cube,
  createPool,
  defineDataset,
  type LocalFilesOptions,
  localFiles,
  type Pool,
  readGeoBox,
} from '../../../src/index.js';
import { inspectRaster } from '../../../src/local/raster-file.js';

const folder = fileURLToPath(new URL('../../parity/containers/', import.meta.url));
const at = (name: string) => join(folder, name);
/** What netCDF4 and rasterio read; null where there is no value. Made by make-containers.py. */
const expected = JSON.parse(readFileSync(at('expected.json'), 'utf8'));

let pool: Pool;
beforeAll(() => {
  pool = createPool({ size: 1 });
});
afterAll(() => pool.close());

/** The pixels of a file that lies on the cube's grid, null where there is none. */
async function imported(name: string, options: LocalFilesOptions = {}): Promise<(number | null)[]> {
  const cube = await Cube.create(
    'memory:',
    defineDataset({
      title: 'small',
      local: true,
      bands: ['v'],
      dtype: 'int16',
      nodata: -32768,
      grid: { crs: 'EPSG:4326', bounds: [10, 50, 16, 54], resolution: 1, chunk: 4 },
    }),
    { pool },
  );
  const source = await localFiles(cube.dataset, [name], options);
  expect((await cube.ingest(cube.grid.geobox, { source, pool })).failed).toEqual([]);
  const { bands } = await cube.load(cube.grid.geobox, { pool });
  return [...(bands.get('v') ?? [])].map((value) => (value === -32768 ? null : Number(value)));
}

describe('parts of files, named by the user', () => {
  test.each([
    ['NETCDF:"up.nc":b1', 'up.nc:b1'],
    ['NETCDF:"up.nc":b2', 'up.nc:b2'],
    ['NETCDF:down.nc:b2', 'down.nc:b2'],
    ['GTIFF_DIR:1:plain.tif', 'plain.tif'],
    ['/vsizip/scenes.zip/a.tif', 'plain.tif'],
    ['/vsizip/scenes.zip/sub/b.tif', 'plain.tif'],
    ['/vsizip/{scenes.zip}/a.tif', 'plain.tif'],
    ['/vsitar/scenes.tar/a.tif', 'plain.tif'],
    ['/vsigzip/plain.tif.gz', 'plain.tif'],
  ])('%s has the pixels that others read, the north at the top', async (name, of) => {
    const absolute = name.replace(/(?:up|down)\.nc|plain\.tif(?:\.gz)?|scenes\.\w+/, at);
    expect(await imported(absolute)).toEqual(expected.raw[of]);
    expect((await readGeoBox(absolute, { pool })).bounds).toEqual({
      west: 10,
      south: 50,
      east: 16,
      north: 54,
    });
  });

  test('their names are relative to where the command runs', () => {
    const cwd = process.cwd();
    const name = `NETCDF:"${at('up.nc').slice(cwd.length + 1)}":b1`;
    expect(inspectRaster(name)).toMatchObject({ path: name });
  });

  test.each([
    ['up.nc', /one raster .* `NETCDF:"UP":b1` `NETCDF:"UP":b2`$/],
    ['two.h5', /one raster .* `HDF5:"UP":\/\/b1` `HDF5:"UP":\/\/g\/b2`$/],
    [
      'scenes.zip',
      /one raster .* `\/vsizip\/UP\/a.tif` `\/vsizip\/UP\/sub\/b.tif` `\/vsizip\/UP\/c.vrt`$/,
    ],
    ['scenes.tar', /one raster .* `\/vsitar\/UP\/a.tif`$/],
    ['plain.tif.gz', /compressed.*`\/vsigzip\/UP`\.?$/],
  ])('%s alone is refused, and its parts are listed to be copied', (name, words) => {
    const shown = () => {
      try {
        return String(inspectRaster(at(name)));
      } catch (error) {
        return (error as Error).message.replaceAll(at(name), 'UP').replaceAll("'", '`');
      }
    };
    expect(shown()).toMatch(words);
    expect(shown()).not.toContain('\n');
  });

  test.each([
    ['NETCDF:"up.nc":b3', /b3 is not a variable/],
    ['NETCDF:"absent.nc":b1', /an existing raster file/],
    ['NETCDF:"plain.tif":b1', /plain\.tif/],
    ['GTIFF_DIR:7:plain.tif', /directory 7/],
    ['/vsizip/scenes.zip/none.tif', /none\.tif/],
    ['/vsizip/scenes.zip/c.vrt', /c\.vrt.*none of/],
    ['/vsizip/absent.zip/a.tif', /an existing raster file/],
    ['HDF5:"two.h5"://b1', /a raster with a CRS/],
  ])('%s is refused by its name', (name, words) => {
    const absolute = name.replace(
      /(?:up|absent)\.nc|plain\.tif|(?:scenes|absent)\.zip|two\.h5/,
      at,
    );
    expect(() => inspectRaster(absolute)).toThrow(words);
    expect(() => inspectRaster(absolute)).toThrow(absolute);
  });

  test('a file whose own name looks like that of a part is a file', async () => {
    const other = await mkdtemp(join(tmpdir(), 'geocubes-parts-'));
    try {
      for (const name of ['NETCDF:a.nc:b', 'a b.tif', 'a"b.tif']) {
        copyFileSync(at('plain.tif'), join(other, name));
        expect(inspectRaster(join(other, name)).path).toBe(join(other, name));
      }
    } finally {
      await rm(other, { recursive: true });
    }
  });
});
