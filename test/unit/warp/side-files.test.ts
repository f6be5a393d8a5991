import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPool, type Pool, readGeoBox } from '../../../src/index.js';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { imported, writeRaster } from './rasters.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool({ size: 0 });
});
afterAll(() => pool.close());

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-side-'));
});
afterEach(async () => {
  await chmod(folder, 0o755);
  await rm(folder, { recursive: true, force: true });
});

const ONE_TO_16 = Array.from({ length: 16 }, (_, i) => i + 1);
const NAN = Number.NaN;
const grid = (resolution: number) => ({
  crs: 'EPSG:32633',
  bounds: [500_000, 5_000_000, 500_040, 5_000_040] as [number, number, number, number],
  resolution,
  chunk: 4,
});

/** A GeoTIFF without nodata, CRS or transform of its own. */
function bare(name: string): string {
  const gdal = loadGdal();
  const path = join(folder, name);
  const file = gdal.drivers.get('GTiff').create(path, 4, 4, 1, 'Float32', ['PROFILE=BASELINE']);
  file.bands.get(1).pixels.write(0, 0, 4, 4, Float32Array.from(ONE_TO_16));
  file.close();
  return path;
}

const AUX = `<PAMDataset>
  <SRS dataAxisToSRSAxisMapping="1,2">EPSG:32633</SRS>
  <GeoTransform>500000, 10, 0, 5000040, 0, -10</GeoTransform>
  <PAMRasterBand band="1"><Description>v</Description><NoDataValue>7</NoDataValue></PAMRasterBand>
</PAMDataset>`;

const withGap = (gap: number) => ONE_TO_16.map((value) => (value === gap ? NAN : value));

/** Names, sizes and times of all that lies in the folder. */
async function contents() {
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(folder, name));
      return { name, size, mtimeMs };
    }),
  );
}

describe('what lies beside a raster', () => {
  test('an .aux.xml gives nodata, CRS, transform and names of bands', async () => {
    const path = bare('f.tif');
    await writeFile(`${path}.aux.xml`, AUX);
    expect(await imported(pool, { grid: grid(10) }, [path])).toEqual([withGap(7)]);
    expect((await readGeoBox(path, { pool })).crs.epsg).toBe(32633);
  });

  test('nodata of an .aux.xml holds for a file with a transform of its own', async () => {
    const path = writeRaster(join(folder, 'f.tif'), {
      bands: [ONE_TO_16],
      width: 4,
      transform: [500_000, 10, 0, 5_000_040, 0, -10],
    });
    await writeFile(
      `${path}.aux.xml`,
      '<PAMDataset><PAMRasterBand band="1"><NoDataValue>16</NoDataValue></PAMRasterBand></PAMDataset>',
    );
    expect(await imported(pool, { grid: grid(10) }, [path])).toEqual([withGap(16)]);
  });

  test('a world file and a .prj still say where a raster lies', async () => {
    const path = bare('f.tif');
    await writeFile(join(folder, 'f.tfw'), '10\n0\n0\n-10\n500005\n5000035\n');
    await writeFile(
      `${path}.aux.xml`,
      '<PAMDataset><SRS dataAxisToSRSAxisMapping="1,2">EPSG:32633</SRS></PAMDataset>',
    );
    expect(await imported(pool, { grid: grid(10) }, [path])).toEqual([ONE_TO_16]);
  });

  test('is neither written nor changed by whatever reads a raster', async () => {
    const plain = writeRaster(join(folder, 'plain.tif'), {
      bands: [ONE_TO_16],
      width: 4,
      transform: [500_000, 10, 0, 5_000_040, 0, -10],
      nodata: [3],
      mask: { values: ONE_TO_16.map((value) => (value === 5 ? 0 : 255)), isInside: false },
    });
    const described = bare('described.tif');
    await writeFile(`${described}.aux.xml`, AUX);
    const png = join(folder, 'picture.png');
    const source = loadGdal().open(plain);
    loadGdal().translate(png, source, ['-of', 'PNG', '-ot', 'Byte']).close();
    source.close();
    for (const isWritable of [true, false]) {
      await chmod(folder, isWritable ? 0o755 : 0o555);
      const before = await contents();
      for (const resolution of [10, 5])
        await imported(pool, { grid: grid(resolution) }, [plain, described], {
          resampling: 'bilinear',
        });
      await readGeoBox(plain, { pool });
      await readGeoBox(described, { pool });
      await imported(pool, { grid: grid(10) }, [png]).catch(() => undefined);
      expect(await contents()).toEqual(before);
    }
  });
});
