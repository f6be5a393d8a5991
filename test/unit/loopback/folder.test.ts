import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GeoBoxRecord } from '../../../src/grid/geobox.js';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { readFolder } from '../../../src/loopback/assets/folder.js';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/server.js';
import type { PixelArray } from '../../../src/raster/dtype.js';
import {
  call,
  constant,
  DATA,
  fetchTiff,
  LACKS_DATA,
  mosaicOf,
  pixelBody,
  withMask,
} from './support.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'geocubes-loopback-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writeManifest(name: string, manifest: unknown): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'manifest.json'), JSON.stringify(manifest));
  return path;
}

/** A small raster: value = 10 * row + col, nodata as given. */
function writeRaster(path: string, type: string, size: number, nodata?: number): void {
  const gdal = loadGdal();
  const dataset = gdal.drivers.get('GTiff').create(path, size, size, 1, type);
  dataset.srs = gdal.SpatialReference.fromUserInput('EPSG:4326');
  dataset.geoTransform = [10, 1, 0, 50, 0, -1];
  const band = dataset.bands.get(1);
  if (nodata !== undefined) band.noDataValue = nodata;
  const values = Float64Array.from(
    { length: size * size },
    (_, i) => 10 * Math.floor(i / size) + (i % size),
  );
  band.pixels.write(0, 0, size, size, values);
  dataset.close();
}

describe('the manifest', () => {
  const image = { file: 'a.tif', bands: ['v'] };
  const refusal = (name: string, manifest: unknown) => () =>
    readFolder(writeManifest(name, manifest));

  test('a malformed manifest is refused with the place of the mistake', () => {
    const bad = { assets: [{ id: 'users/x/y', type: 'TABLE', images: [image] }] };
    expect(refusal('malformed', bad)).toThrow(/assets\[0\]\.type/);
    expect(() => readFolder(join(folder, 'absent'))).toThrow('readable JSON');
  });

  test('a file outside of the folder is refused, by whatever path', () => {
    for (const file of ['../a.tif', 'x/../../a.tif', join(folder, 'a.tif')]) {
      const manifest = {
        assets: [{ id: 'users/x/y', type: 'IMAGE', images: [{ ...image, file }] }],
      };
      expect(refusal('outside', manifest)).toThrow('inside the folder of the manifest');
    }
  });

  test('a file that is no raster, and band names that do not fit, are refused', () => {
    const assets = [{ id: 'users/x/y', type: 'IMAGE', images: [image] }];
    expect(refusal('absent-file', { assets })).toThrow('an existing raster file for an image file');
    const path = writeManifest('bands', {
      assets: [{ id: 'users/x/y', type: 'IMAGE', images: [{ ...image, bands: ['v', 'w'] }] }],
    });
    writeRaster(join(path, 'a.tif'), 'Byte', 4);
    expect(() => readFolder(path)).toThrow('1 band names');
  });
});

describe('small rasters', () => {
  let server: LoopbackServer;

  beforeAll(async () => {
    const types = ['Byte', 'Int16', 'UInt16', 'Int32', 'UInt32', 'Float32', 'Float64'];
    const assets = types.map((type) => ({
      id: `users/demo/${type}`,
      type: 'IMAGE',
      images: [{ file: `${type}.tif`, bands: ['v'], start: '2020-05-01' }],
    }));
    const path = writeManifest('small', { assets });
    for (const type of types) writeRaster(join(path, `${type}.tif`), type, 6, 12);
    server = await startLoopback({ folder: path });
  });

  afterAll(() => server.close());

  const stored = (type: string) => call('Image.load', { id: constant(`users/demo/${type}`) });

  test('every pixel type comes out as it is stored, masked where the nodata value is', async () => {
    const geobox: GeoBoxRecord = {
      crs: 'EPSG:4326',
      shape: [2, 3],
      affine: [1, 0, 11, 0, -1, 49],
    };
    for (const type of ['Byte', 'Int16', 'UInt16', 'Int32', 'UInt32', 'Float32', 'Float64']) {
      const { bands, types } = await fetchTiff(server, pixelBody(stored(type), geobox));
      expect(types).toEqual([type]);
      expect([type, ...(bands[0] ?? [])]).toEqual([type, 11, 0, 13, 21, 22, 23]);
    }
  });

  test('outside of the file all is masked, and unmask reaches there only when told to', async () => {
    const geobox: GeoBoxRecord = { crs: 'EPSG:4326', shape: [1, 3], affine: [1, 0, 9, 0, -1, 50] };
    const unmasked = (sameFootprint: boolean) =>
      call('Image.unmask', {
        input: stored('Byte'),
        value: constant(9),
        sameFootprint: constant(sameFootprint),
      });
    const valid = await fetchTiff(
      server,
      pixelBody(
        call('Image.toByte', { value: call('Image.mask', { image: stored('Byte') }) }),
        geobox,
      ),
    );
    const inside = await fetchTiff(server, pixelBody(unmasked(true), geobox));
    const everywhere = await fetchTiff(server, pixelBody(unmasked(false), geobox));
    expect([...(valid.bands[0] ?? [])]).toEqual([0, 1, 1]);
    expect([...(inside.bands[0] ?? [])]).toEqual([0, 0, 1]);
    expect([...(everywhere.bands[0] ?? [])]).toEqual([9, 0, 1]);
  });
});

describe.skipIf(LACKS_DATA)('real rasters (skipped where ../shared/data is absent)', () => {
  let server: LoopbackServer;
  const LANDSAT = 'landsat7-utm18n-rgb-uint8.tif';
  const ICE = 'sea-ice-epsg3031-float32-nan.tif';

  beforeAll(async () => {
    const path = writeManifest('real', {
      assets: [
        {
          id: 'users/demo/landsat',
          type: 'IMAGE_COLLECTION',
          images: [{ file: LANDSAT, bands: ['B3', 'B2', 'B1'], start: '2000-01-01' }],
        },
        { id: 'users/demo/ice', type: 'IMAGE', images: [{ file: ICE, bands: ['z'] }] },
      ],
    });
    for (const file of [LANDSAT, ICE]) copyFileSync(join(DATA, file), join(path, file));
    server = await startLoopback({ folder: path });
  });

  afterAll(() => server.close());

  const landsat = mosaicOf('users/demo/landsat');
  const ice = call('Image.load', { id: constant('users/demo/ice') });

  /** What gdalwarp makes of the file on the same grid: the command where it is installed, else the same code through the binding. */
  function warped(file: string, { crs, shape: [height, width], affine }: GeoBoxRecord) {
    const [a, , c, , e, f] = affine;
    const extent = [c, f + e * height, c + a * width, f].map(String);
    const options = ['-r', 'near', '-et', '0', '-t_srs', crs, '-te', ...extent];
    options.push('-ts', String(width), String(height));
    const target = join(folder, 'warped.tif');
    const gdal = loadGdal();
    try {
      execFileSync('gdalwarp', ['-q', '-overwrite', ...options, join(DATA, file), target]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      gdal.warp(target, null, [gdal.open(join(DATA, file))], ['-overwrite', ...options]).close();
    }
    const dataset = gdal.open(target);
    const bands = dataset.bands.map((band) => band.pixels.read(0, 0, width, height) as PixelArray);
    dataset.close();
    return bands;
  }

  test('a uint8 scene in UTM comes out on a longitude-latitude grid as gdalwarp makes it', async () => {
    const geobox: GeoBoxRecord = {
      crs: 'EPSG:4326',
      shape: [420, 500],
      affine: [0.004, 0, -78.5, 0, -0.004, 25.2],
    };
    const { bands } = await fetchTiff(server, pixelBody(landsat, geobox));
    const expected = warped(LANDSAT, geobox);
    expect(expected[0]?.some((value) => value > 0)).toBe(true);
    for (const [index, band] of expected.entries()) {
      expect(Buffer.compare(Buffer.from(bands[index] ?? []), Buffer.from(band))).toBe(0);
    }
  });

  test('a window of the scene on its own grid is a plain read of the file', async () => {
    const file = loadGdal().open(join(DATA, LANDSAT));
    const [c, a, , f, , e] = file.geoTransform ?? [];
    if (c === undefined || a === undefined || f === undefined || e === undefined) throw new Error();
    const geobox: GeoBoxRecord = {
      crs: 'EPSG:32618',
      shape: [90, 120],
      affine: [a, 0, c + 300 * a, 0, e, f + 200 * e],
    };
    const { bands } = await fetchTiff(server, pixelBody(landsat, geobox));
    expect(bands).toEqual(file.bands.map((band) => band.pixels.read(300, 200, 120, 90)));
    file.close();
  });

  test('a float scene with NaN gaps comes out as gdalwarp makes it, with the gaps masked as zero', async () => {
    const geobox: GeoBoxRecord = {
      crs: 'EPSG:4326',
      shape: [120, 360],
      affine: [0.5, 0, -90, 0, -0.25, -55],
    };
    const mask = call('Image.mask', { image: ice });
    const both = call('Image.addBands', { dstImg: ice, srcImg: mask });
    const { bands } = await fetchTiff(server, pixelBody(both, geobox));
    const [expected = new Float32Array()] = warped(ICE, geobox);
    const [values = new Float32Array(), valid = new Float32Array()] = bands;
    const wrong = values.filter((value, i) => {
      const wanted = expected[i] ?? 0;
      return Number.isNaN(wanted) ? value !== 0 || valid[i] !== 0 : value !== wanted;
    });
    expect(wrong).toHaveLength(0);
    expect(valid.some((value) => value === 1)).toBe(true);
    expect(valid.some((value) => value === 0)).toBe(true);
  });

  test('the mask of a scene follows the nodata value of each band', async () => {
    const geobox: GeoBoxRecord = {
      crs: 'EPSG:4326',
      shape: [200, 200],
      affine: [0.01, 0, -78.5, 0, -0.01, 25.5],
    };
    const { bands } = await fetchTiff(server, pixelBody(withMask(landsat), geobox));
    const [first = new Uint8Array(), , , valid = new Uint8Array()] = bands;
    expect([...valid]).toEqual([...first].map((value) => (value === 0 ? 0 : 1)));
  });
});
