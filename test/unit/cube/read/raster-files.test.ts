import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Region } from '../../../../src/cube/read/load.js';
import { readGeoBox, writeGeoTiff } from '../../../../src/cube/read/raster-files.js';
import { toGeoTransform } from '../../../../src/grid/affine.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import { loadGdal } from '../../../../src/kernel/gdal/load.js';
import { createPool, type Pool } from '../../../../src/pool/pool.js';
import { type DType, WORK_TYPES } from '../../../../src/raster/dtype.js';
import { allocateShared } from '../../../../src/raster/loaded-pixels.js';

let folder = '';
let pool: Pool;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'geocubes-tiff-'));
  pool = createPool({ size: 1 });
});
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

const POLAR = new GeoBox(
  parseCrs('EPSG:3413'),
  { height: 700, width: 900 },
  [30, 0, -600_000, 0, -30, 900_000],
);

function region(dtype: DType, geobox = POLAR): Region {
  const bands = ['first & last', 'second'].map((name, band) => {
    const pixels = allocateShared(dtype, geobox.height * geobox.width);
    for (let i = 0; i < pixels.length; i++) pixels[i] = (i * (band + 3)) % 251;
    return [name, pixels] as const;
  });
  return { geobox, dtype, nodata: 7, bands: new Map(bands), missingTiles: 0 };
}

/** What GDAL itself finds in a file. */
function open(file: string) {
  const gdal = loadGdal();
  const dataset = gdal.open(file);
  const { x: width, y: height } = dataset.rasterSize;
  const bands = [...dataset.bands].map((band) => ({
    name: band.description,
    nodata: band.noDataValue,
    type: band.dataType,
    overviews: band.overviews.count(),
    pixels: band.pixels.read(0, 0, width, height),
  }));
  const { geoTransform } = dataset;
  const epsg = dataset.srs?.getAuthorityCode(null as never);
  const structure = dataset.getMetadata('IMAGE_STRUCTURE') as Record<string, string>;
  dataset.close();
  return { width, height, bands, geoTransform, epsg, structure };
}

test.each([
  [
    'another type',
    new Float64Array(630_000),
    /630000 pixels in one Int16Array .* "Float64Array of 630000"/,
  ],
  ['another length', new Int16Array(3), /"Int16Array of 3"/],
  ['a list', [1, 2, 3], /"Array of 3"/],
  ['nothing', null, /the band wrong/],
])('bands of %s are refused, and no file is made', async (_, pixels, words) => {
  const file = join(folder, 'refused.tif');
  const bands = new Map([['wrong', pixels]]) as unknown as Region['bands'];
  await expect(writeGeoTiff({ ...region('int16'), bands }, file, { pool })).rejects.toThrow(words);
  await expect(
    writeGeoTiff({ ...region('int16'), bands: new Map() }, file, { pool }),
  ).rejects.toThrow(/one band at least/);
  expect(existsSync(file)).toBe(false);
});

describe('a GeoTIFF of a region', () => {
  test.each(WORK_TYPES)(
    'of %s gives GDAL the same pixels, names, nodata and place',
    async (dtype) => {
      const file = join(folder, `${dtype}.tif`);
      const wanted = region(dtype);
      await writeGeoTiff(wanted, file, { pool });
      const found = open(file);
      expect(found).toMatchObject({ width: 900, height: 700, epsg: '3413' });
      expect(found.geoTransform).toEqual([...toGeoTransform(POLAR.affine)]);
      expect(found.structure.COMPRESSION).toBe('DEFLATE');
      expect(found.bands.map(({ name, nodata }) => [name, nodata])).toEqual([
        ['first & last', 7],
        ['second', 7],
      ]);
      for (const [i, pixels] of [...wanted.bands.values()].entries()) {
        const theirs = found.bands[i]?.pixels as Uint8Array;
        expect(theirs.constructor).toBe(pixels.constructor);
        expect(theirs.every((value, at) => value === pixels[at])).toBe(true);
      }
    },
  );

  test('that is a COG has overviews and says so', async () => {
    const file = join(folder, 'cog.tif');
    await writeGeoTiff(region('int16'), file, { pool, format: 'cog' });
    const found = open(file);
    expect(found.structure).toMatchObject({ LAYOUT: 'COG', COMPRESSION: 'DEFLATE' });
    expect(found.bands.map(({ overviews }) => overviews > 0)).toEqual([true, true]);
    expect((found.bands.at(1)?.pixels as Int16Array | undefined)?.[12_345]).toBe(
      (12_345 * 4) % 251,
    );
  });

  test('of floats has NaN for nodata; one of integers without a code for it has none', async () => {
    const floats = join(folder, 'nan.tif');
    await writeGeoTiff({ ...region('float32'), nodata: Number.NaN }, floats, { pool });
    expect(open(floats).bands[0]?.nodata).toBeNaN();
    const bytes = join(folder, 'none.tif');
    await writeGeoTiff(region('uint8'), bytes, { pool, hasNodata: false });
    expect(open(bytes).bands[0]?.nodata).toBeNull();
  });

  test.each([
    [
      'across the antimeridian',
      new GeoBox(parseCrs('EPSG:4326'), { height: 30, width: 40 }, [0.5, 0, 170, 0, -0.5, 70]),
    ],
    [
      'rotated, in a CRS without a code',
      new GeoBox(
        parseCrs('+proj=laea +lat_0=80 +lon_0=12 +datum=WGS84 +units=m'),
        { height: 9, width: 11 },
        [20, 5, 100, 5, -20, 900],
      ),
    ],
  ])('%s gives its geobox back', async (name, geobox) => {
    const file = join(folder, `${name.slice(0, 6)}.tif`);
    await writeGeoTiff(region('uint8', geobox), file, { pool });
    const found = await readGeoBox(file, { pool });
    expect(found.shape).toEqual(geobox.shape);
    for (const [i, value] of geobox.affine.entries()) expect(found.affine[i]).toBeCloseTo(value, 9);
    if (geobox.crs.epsg !== undefined) expect(found.crs.name).toBe('EPSG:4326');
  });

  test('leaves nothing behind where it cannot be written', async () => {
    const before = readdirSync(folder);
    const file = join(folder, 'not-there', 'x.tif');
    await expect(writeGeoTiff(region('uint8'), file, { pool })).rejects.toThrow(
      /^Expected to write .*x\.tif but received/,
    );
    expect(readdirSync(folder)).toEqual(before);
  });

  test('replaces an existing file', async () => {
    const file = join(folder, 'twice.tif');
    writeFileSync(file, 'something else');
    await writeGeoTiff(region('uint8'), file, { pool });
    expect(open(file).width).toBe(900);
    expect(existsSync(file)).toBe(true);
  });
});

describe('the geobox of a file', () => {
  test('is refused for what is no file, no raster or not georeferenced', async () => {
    await expect(readGeoBox(join(folder, 'absent.tif'), { pool })).rejects.toThrow(
      'an existing raster file',
    );
    await expect(readGeoBox('/vsicurl/http://127.0.0.1/x.tif', { pool })).rejects.toThrow(
      'an existing raster file',
    );
    const text = join(folder, 'text.tif');
    writeFileSync(text, 'no raster');
    await expect(readGeoBox(text, { pool })).rejects.toThrow(
      'Expected a raster that GDAL can read',
    );
    const plain = join(folder, 'plain.tif');
    loadGdal().drivers.get('GTiff').create(plain, 2, 2, 1, 'Byte').close();
    await expect(readGeoBox(plain, { pool })).rejects.toThrow('geotransform');
  });

  test('and files at all need the kernel gdal', async () => {
    const js = createPool({ size: 0, kernel: 'js' });
    await expect(
      writeGeoTiff(region('uint8'), join(folder, 'js.tif'), { pool: js }),
    ).rejects.toThrow('Use the kernel "gdal"');
  });
});
