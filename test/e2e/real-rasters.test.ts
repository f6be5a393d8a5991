import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { Cube, createPool, type DatasetFile, earthEngine, parseDataset } from '../../src/index.js';
import { loadGdal } from '../../src/kernel/gdal/load.js';
import { dataFile, testWithData } from '../data.js';
import { compare, gdalwarp } from './gdalwarp.js';
import { serveRaster, temporaryFolder } from './loopback-cubes.js';

async function ingestWhole(folder: string, file: string, dataset: DatasetFile): Promise<Cube> {
  const bands = dataset.bands.map((band) => (typeof band === 'string' ? band : band.name));
  const server = await serveRaster(folder, file, dataset.image ?? '', bands);
  const pool = createPool({ size: 2 });
  try {
    const cube = await Cube.create(join(folder, 'cube'), parseDataset(dataset), { pool });
    const source = await earthEngine(cube.dataset, {
      endpoint: server.url,
      token: 'loopback',
      project: 'test',
    });
    const summary = await cube.ingest(cube.grid.geobox, { source, pool });
    await source.close();
    expect(summary.failed).toEqual([]);
    expect(summary.committed).toBe(cube.grid.rows * cube.grid.cols);
    return cube;
  } finally {
    await pool.close();
    await server.close();
  }
}

describe('real rasters, served by the loopback server and ingested through the pool', () => {
  testWithData(
    'a Landsat scene in UTM fills an EPSG:4326 cube with exactly the pixels of gdalwarp',
    async () => {
      const folder = await temporaryFolder();
      const file = 'landsat7-utm18n-rgb-uint8.tif';
      const cube = await ingestWhole(folder.path, file, {
        title: 'Landsat',
        image: 'users/test/landsat7',
        bands: ['red', 'green', 'blue'],
        dtype: 'uint8',
        nodata: 0,
        grid: {
          crs: 'EPSG:4326',
          bounds: [-78.98, 23.56, -76.57, 25.56],
          resolution: 0.0027,
          chunk: 256,
        },
      });
      const theirs = gdalwarp([dataFile(file)], join(folder.path, 'warped.tif'), cube, {
        nodata: '0',
      });
      const { bands, missingTiles } = await cube.load(cube.grid.geobox);
      expect(missingTiles).toBe(0);
      for (const [i, name] of ['red', 'green', 'blue'].entries()) {
        const { different, valid, length } = compare(bands.get(name), theirs[i], 0);
        expect(length).toBe(cube.grid.geobox.width * cube.grid.geobox.height);
        expect(valid).toBeGreaterThan(100_000);
        expect(different).toBe(0);
      }
      await folder.remove();
    },
  );

  testWithData(
    'a scene asked for on its own UTM grid and resampled here gives exactly the pixels of gdalwarp, by every resampling',
    async () => {
      for (const { resampling, resolution, chunk } of [
        { resampling: 'bilinear', resolution: 0.002, chunk: 200 },
        { resampling: 'cubic', resolution: 0.002, chunk: 200 },
        { resampling: 'average', resolution: 0.004, chunk: 128 },
        { resampling: 'mode', resolution: 0.004, chunk: 128 },
        // Towards coarser pixels GDAL widens these two by a ratio of its own for each piece it warps.
        { resampling: 'bilinear', resolution: 0.004, chunk: 512 },
        { resampling: 'cubic', resolution: 0.004, chunk: 512 },
      ] as const) {
        const folder = await temporaryFolder();
        const file = 'landsat7-utm18n-rgb-uint8.tif';
        const size = [300.0379266750948, 300.041782729805] as [number, number];
        const cube = await ingestWhole(folder.path, file, {
          title: 'Landsat',
          image: 'users/test/landsat7',
          bands: ['red', 'green', 'blue'],
          dtype: 'uint8',
          nodata: 0,
          resampling,
          requestGrid: { crs: 'EPSG:32618', resolution: size, origin: [101985, 2826915] },
          grid: { crs: 'EPSG:4326', bounds: [-78.4, 23.9, -77.2, 24.9], resolution, chunk },
        });
        const { bands } = await cube.load(cube.grid.geobox);
        for (const [i, name] of ['red', 'green', 'blue'].entries()) {
          // Band by band: with several, gdalwarp takes a pixel for valid where one of them is.
          const one = join(folder.path, `${name}.tif`);
          const gdal = loadGdal();
          gdal.translate(one, gdal.open(dataFile(file)), ['-b', String(i + 1)]).close();
          const warped = join(folder.path, `${name}-warped.tif`);
          const [theirs] = gdalwarp([one], warped, cube, { nodata: '0', resampling });
          const { different, valid } = compare(bands.get(name), theirs, 0);
          expect(valid).toBeGreaterThan(20_000);
          expect({ resampling, resolution, name, different }).toMatchObject({ different: 0 });
        }
        await folder.remove();
      }
    },
  );

  testWithData(
    'a polar float raster with NaN gaps fills an EPSG:3031 cube with exactly the pixels of gdalwarp',
    async () => {
      const folder = await temporaryFolder();
      const file = 'sea-ice-epsg3031-float32-nan.tif';
      const cube = await ingestWhole(folder.path, file, {
        title: 'Sea ice',
        image: 'users/test/sea-ice',
        bands: ['concentration'],
        dtype: 'float32',
        grid: {
          crs: 'EPSG:3031',
          bounds: [-3_950_000, -3_950_000, 3_950_000, 4_350_000],
          resolution: 10_000,
          chunk: 200,
        },
      });
      const theirs = gdalwarp([dataFile(file)], join(folder.path, 'warped.tif'), cube, {
        nodata: 'nan',
      });
      const { bands } = await cube.load(cube.grid.geobox);
      const { different, valid } = compare(bands.get('concentration'), theirs[0], Number.NaN);
      expect(valid).toBeGreaterThan(100_000);
      expect(different).toBe(0);
      await folder.remove();
    },
  );
});
