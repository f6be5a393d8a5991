import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import {
  Cube,
  createPool,
  defineDataset,
  type LocalFilesOptions,
  localFiles,
  type Pool,
} from '../../src/index.js';
import { loadGdal } from '../../src/kernel/gdal/load.js';
import { dataFile, testWithData } from '../data.js';
import { compare, gdalwarp } from './gdalwarp.js';
import { temporaryFolder } from './loopback-cubes.js';

const LANDSAT = dataFile('landsat7-utm18n-rgb-uint8.tif');
const SEA_ICE = dataFile('sea-ice-epsg3031-float32-nan.tif');
const NEW_ZEALAND = dataFile('nz-habitat-antimeridian-epsg4326.tif');
const CROPLAND = dataFile('cropland-global-epsg4326-uint8.tif');

let pool: Pool;
beforeAll(() => {
  pool = createPool({ size: 2 });
});
afterAll(() => pool.close());

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const RGB = {
  title: 'Landsat',
  local: true,
  bands: ['red', 'green', 'blue'],
  dtype: 'uint8',
  nodata: 0,
  grid: {
    crs: 'EPSG:4326',
    bounds: [-78.98, 23.56, -76.57, 25.56],
    resolution: 0.0027,
    chunk: 256,
  },
} as const;

async function importWhole(
  dataset: Parameters<typeof defineDataset>[0],
  files: readonly string[],
  options: LocalFilesOptions = {},
): Promise<Cube> {
  const cube = await Cube.create('memory:', defineDataset(dataset), { pool });
  const source = await localFiles(cube.dataset, files, options);
  const summary = await cube.ingest(cube.grid.geobox, { source, pool });
  expect(summary.failed).toEqual([]);
  expect(summary.committed).toBe(source.tiles);
  return cube;
}

function translate(name: string, from: string, options: readonly string[]): string {
  const gdal = loadGdal();
  const path = join(folder.path, name);
  const source = gdal.open(from);
  gdal.translate(path, source, [...options]).close();
  source.close();
  return path;
}

/** Every band, and that something was compared at all. */
async function expectSame(
  cube: Cube,
  theirs: ReturnType<typeof gdalwarp>,
  nodata: number,
  least: number,
): Promise<void> {
  const { bands } = await cube.load(cube.grid.geobox);
  const { height, width } = cube.grid.geobox;
  for (const [i, [name, pixels]] of [...bands].entries()) {
    const { different, valid, length } = compare(pixels, theirs[i], nodata);
    expect(length).toBe(height * width);
    expect(valid).toBeGreaterThan(least);
    expect({ name, different }).toEqual({ name, different: 0 });
  }
}

/**
 * Three overlapping pieces, and two of them darkened or brightened, so that it shows which lies on top.
 * `-scale` would move the nodata value too; the pieces keep it.
 */
function pieces(): string[] {
  return [
    translate('a.tif', LANDSAT, ['-srcwin', '0', '0', '450', '500']),
    translate('b.tif', LANDSAT, [
      '-srcwin',
      '350',
      '100',
      '441',
      '618',
      '-scale',
      '0',
      '255',
      '0',
      '127',
    ]),
    translate('c.tif', LANDSAT, [
      '-srcwin',
      '100',
      '300',
      '400',
      '300',
      '-scale',
      '0',
      '128',
      '0',
      '255',
    ]),
  ];
}

describe('files on disk, imported through the pool', () => {
  testWithData(
    'a Landsat scene in UTM gives exactly the pixels of gdalwarp in an EPSG:4326 cube',
    async () => {
      const cube = await importWhole(RGB, [LANDSAT]);
      const theirs = gdalwarp([LANDSAT], join(folder.path, 'w.tif'), cube, { nodata: '0' });
      await expectSame(cube, theirs, 0, 100_000);
    },
  );

  testWithData(
    'overlapping pieces give exactly the pixels of gdalwarp in the same order, and in the reverse one',
    async () => {
      const files = pieces();
      // Whether a pixel has a value is asked of each band: gdalwarp's default asks all bands together.
      const more = ['-wo', 'UNIFIED_SRC_NODATA=NO'];
      const last = await importWhole(RGB, files);
      const theirs = gdalwarp(files, join(folder.path, 'last.tif'), last, { nodata: '0', more });
      await expectSame(last, theirs, 0, 100_000);
      const first = await importWhole(RGB, files, { order: 'first' });
      const reversed = gdalwarp([...files].reverse(), join(folder.path, 'first.tif'), first, {
        nodata: '0',
        more,
      });
      await expectSame(first, reversed, 0, 100_000);
      expect(compare(theirs[0], reversed[0], 0).different).toBeGreaterThan(10_000);
    },
  );

  testWithData(
    'overlapping pieces resampled bilinearly give exactly the pixels of gdalwarp, band by band',
    async () => {
      const files = pieces();
      const dataset = {
        ...RGB,
        grid: { ...RGB.grid, bounds: [-78.4, 23.9, -77.2, 24.9], resolution: 0.002, chunk: 200 },
      } as const;
      const cube = await importWhole(dataset, files, { resampling: 'bilinear' });
      const theirs = [1, 2, 3].map((number) => {
        const ones = files.map((file, i) =>
          translate(`${number}-${i}.tif`, file, ['-b', String(number)]),
        );
        const output = join(folder.path, `w${number}.tif`);
        const [band] = gdalwarp(ones, output, cube, { nodata: '0', resampling: 'bilinear' });
        return band as NonNullable<typeof band>;
      });
      await expectSame(cube, theirs, 0, 20_000);
    },
  );

  testWithData(
    'a scene on its own grid is copied, each band to its own place, and nothing is warped',
    async () => {
      const gdal = loadGdal();
      const file = translate('square.tif', LANDSAT, [
        ...[
          '-srcwin',
          '100',
          '100',
          '512',
          '400',
          '-a_ullr',
          '300000',
          '2700000',
          '453600',
          '2580000',
        ],
      ]);
      const dataset = {
        ...RGB,
        grid: {
          crs: 'EPSG:32618',
          bounds: [299_400, 2_579_400, 454_200, 2_700_600],
          resolution: 300,
          chunk: 100,
        },
      } as const;
      const cube = await Cube.create('memory:', defineDataset(dataset), { pool });
      const source = await localFiles(cube.dataset, [file], { bands: [3, 2, 1] });
      const { stages, failed } = await cube.ingest(cube.grid.geobox, { source, pool });
      expect(failed).toEqual([]);
      expect(stages.warp).toBe(0);
      const opened = gdal.open(file);
      const { bands } = await cube.load(
        cube.grid.geobox.crop({ row: 2, col: 2, height: 400, width: 512 }),
      );
      for (const [i, name] of ['blue', 'green', 'red'].entries())
        expect(
          compare(bands.get(name), opened.bands.get(i + 1).pixels.read(0, 0, 512, 400) as never, 0),
        ).toMatchObject({ different: 0, length: 512 * 400 });
      opened.close();
    },
  );

  testWithData(
    'a polar raster whose gaps are NaN gives exactly the pixels of gdalwarp, near and bilinear',
    async () => {
      const dataset = {
        title: 'Sea ice',
        local: true,
        bands: ['concentration'],
        dtype: 'float32',
        grid: {
          crs: 'EPSG:3031',
          bounds: [-3_950_000, -3_950_000, 3_950_000, 4_350_000],
          resolution: 5_000,
          chunk: 400,
        },
      } as const;
      for (const resampling of ['near', 'bilinear'] as const) {
        const cube = await importWhole(dataset, [SEA_ICE], { resampling });
        const theirs = gdalwarp([SEA_ICE], join(folder.path, `${resampling}.tif`), cube, {
          nodata: 'nan',
          resampling,
          // The file has no nodata tag: without this, NaN would spread to its neighbours.
          more: ['-srcnodata', 'nan'],
        });
        await expectSame(cube, theirs, Number.NaN, 100_000);
      }
    },
  );

  testWithData(
    'a raster of the whole earth fills a cube across 180 degrees from both of its ends',
    async () => {
      const dataset = {
        title: 'New Zealand',
        local: true,
        bands: ['habitat'],
        dtype: 'float32',
        grid: { crs: 'EPSG:4326', bounds: [160, -56, 200, -26], resolution: 0.25, chunk: 32 },
      } as const;
      const cube = await importWhole(dataset, [NEW_ZEALAND]);
      // gdalwarp takes longitudes as they are: a copy of the file, one turn further east, is its other half.
      const east = translate('east.tif', NEW_ZEALAND, [
        ...['-a_ullr', '180.000002272', '-25.542405128', '540.000002272', '-56.542405128'],
      ]);
      const theirs = gdalwarp([NEW_ZEALAND, east], join(folder.path, 'w.tif'), cube, {
        nodata: 'nan',
      });
      await expectSame(cube, theirs, Number.NaN, 1_000);
      const { bands } = await cube.load({
        west: 180,
        south: -56,
        east: 200,
        north: -26,
        crs: cube.grid.geobox.crs,
      });
      expect(bands.get('habitat')?.some((value) => !Number.isNaN(value))).toBe(true);
    },
  );

  testWithData(
    'bytes with the nodata value 255 fill a float cube in another CRS, where they are NaN',
    async () => {
      const dataset = {
        title: 'Cropland',
        local: true,
        bands: ['fraction'],
        dtype: 'float32',
        grid: {
          crs: 'EPSG:3035',
          bounds: [2_500_000, 1_500_000, 6_000_000, 5_000_000],
          resolution: 8_000,
          chunk: 128,
        },
      } as const;
      const cube = await importWhole(dataset, [CROPLAND]);
      const theirs = gdalwarp([CROPLAND], join(folder.path, 'w.tif'), cube, {
        nodata: 'nan',
        more: ['-ot', 'Float32'],
      });
      await expectSame(cube, theirs, Number.NaN, 50_000);
      const { bands } = await cube.load(cube.grid.geobox);
      expect(bands.get('fraction')).not.toContain(255);
    },
  );

  testWithData('a corrupt block fails its own tiles, by the name of the file', async () => {
    const whole = translate('deflate.tif', LANDSAT, [
      '-co',
      'COMPRESS=DEFLATE',
      '-co',
      'TILED=YES',
    ]);
    const bytes = await readFile(whole);
    bytes.fill(0x5a, Math.floor(bytes.length * 0.6), Math.floor(bytes.length * 0.7));
    const path = join(folder.path, 'damaged.tif');
    await writeFile(path, bytes);
    const cube = await Cube.create('memory:', defineDataset(RGB), { pool });
    const source = await localFiles(cube.dataset, [path]);
    const { failed, committed, retries } = await cube.ingest(cube.grid.geobox, { source, pool });
    expect(failed.length).toBeGreaterThan(0);
    expect(committed).toBe(source.tiles - failed.length);
    expect(committed).toBeGreaterThan(0);
    expect(retries).toBe(0);
    for (const { error } of failed) expect(error.message).toContain(`in ${path} but received`);
  });
});
