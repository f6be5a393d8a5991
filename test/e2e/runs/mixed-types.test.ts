/** A cube whose bands have several types, beside a cube of one type for each of its bands. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  Cube,
  createPool,
  type Dataset,
  defineDataset,
  earthEngine,
  GeoBox,
  localFiles,
  type Pool,
} from '../../../src/index.js';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { temporaryFolder } from '../loopback-cubes.js';

let server: LoopbackServer;
let pool: Pool;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  server = await startLoopback();
  pool = createPool({ size: 1 });
});
afterAll(async () => {
  await pool.close();
  await server.close();
});
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

/** Some of it sea, which is masked. */
const COMMON = {
  title: 'Mixed',
  collection: 'projects/geocubes/assets/demo',
  grid: { crs: 'EPSG:4326', bounds: [120, 70, 123, 73], resolution: 0.02, chunk: 64 },
} as const;

const BANDS = [
  { name: 'TCB_slope', dtype: 'uint8' },
  { name: 'TCG_slope', dtype: 'float32' },
  { name: 'TCW_slope', dtype: 'int16', nodata: -32768, long_name: 'Wetness', scale_factor: 0.5 },
] as const;

const mixed = (more: object = {}) => defineDataset({ ...COMMON, bands: [...BANDS], ...more });

async function fill(dataset: Dataset, memory?: number): Promise<Cube> {
  const cube = await Cube.create('memory:', dataset, { pool });
  const source = await earthEngine(dataset, {
    ...{ endpoint: server.url, token: 'loopback', project: 'test' },
  });
  const options = memory === undefined ? {} : { memory };
  const { failed } = await cube.ingest(cube.grid.geobox, { source, pool, ...options });
  await source.close();
  expect(failed).toEqual([]);
  return cube;
}

async function pixelsOf(cube: Cube) {
  return new Map(
    [...(await cube.load(cube.grid.geobox, { pool })).bands].map(([name, pixels]) => [
      name,
      { kind: pixels.constructor.name, values: Array.from(pixels) },
    ]),
  );
}

describe('each band is what it is in a cube of its type alone:', () => {
  test.each([
    ['gaps left open', {}],
    ['gaps filled with the nearest value', { fill: 'nearest', maxFillDistance: 5 }],
    ["gaps filled by GDAL's fillNodata", { fill: 'idw', maxFillDistance: 5 }],
    [
      'pixels of another grid',
      { requestGrid: { crs: 'EPSG:4326', resolution: 0.03 }, resampling: 'bilinear' },
    ],
  ] as const)('%s', async (_, how) => {
    const together = await pixelsOf(await fill(mixed(how)));
    const kinds = ['Uint8Array', 'Float32Array', 'Int16Array'];
    for (const [i, { name, dtype, ...more }] of BANDS.entries()) {
      const nodata = 'nodata' in more ? { nodata: more.nodata } : {};
      const alone = defineDataset({ ...COMMON, ...how, bands: [name], dtype, ...nodata });
      const { values } = (await pixelsOf(await fill(alone))).get(name) ?? {};
      expect(together.get(name)).toEqual({ kind: kinds[i], values });
    }
  });
});

test('a tile that memory does not hold whole comes by groups of bands, and is the same', async () => {
  const whole = await pixelsOf(await fill(mixed()));
  const dataset = mixed();
  const least = 400_000;
  const cube = await fill(dataset, least);
  expect(await pixelsOf(cube)).toEqual(whole);
});

test('a request asks for bands of one type, so that none is sent wider than it is', async () => {
  const before = server.requests.pixels;
  const planned = await Cube.create('memory:', mixed(), { pool });
  const { requests, tiles } = await planned.estimate(planned.grid.geobox);
  await fill(mixed());
  expect(requests).toBe(3 * tiles);
  expect(server.requests.pixels - before).toBe(requests);
});

describe('what the store says of each band', () => {
  test('is its own type, fill value, codec and CF attributes', async () => {
    const cube = await Cube.create(join(folder.path, 'cube'), mixed(), { pool });
    const lazy = await cube.openDataset(cube.grid.geobox);
    const said = Object.values(lazy.bands).map(({ dtype, nodata, attributes }) => {
      const { _FillValue, long_name, scale_factor } = attributes;
      return { dtype, nodata, _FillValue, long_name, scale_factor };
    });
    expect(said).toEqual([
      { dtype: 'uint8', nodata: 0 },
      { dtype: 'float32', nodata: Number.NaN, _FillValue: 'AAAAAAAA+H8=' },
      {
        ...{ dtype: 'int16', nodata: -32768, _FillValue: -32768 },
        ...{ long_name: 'Wetness', scale_factor: 0.5 },
      },
    ]);
  });
});

describe('files', () => {
  function writeFile(name: string, type: string, values: readonly number[], nodata?: number) {
    const gdal = loadGdal();
    const path = join(folder.path, name);
    const file = gdal.drivers.get('GTiff').create(path, 4, 4, 1, type);
    file.geoTransform = [0, 1, 0, 4, 0, -1];
    file.srs = gdal.SpatialReference.fromEPSG(4326);
    const band = file.bands.get(1);
    if (nodata !== undefined) band.noDataValue = nodata;
    band.pixels.write(0, 0, 4, 4, Float64Array.from(values));
    file.close();
    // The binding cannot name a band.
    const vrt = join(folder.path, `${name}.vrt`);
    writeFileSync(
      vrt,
      `<VRTDataset rasterXSize="4" rasterYSize="4"><SRS>EPSG:4326</SRS><GeoTransform>0,1,0,4,0,-1</GeoTransform>
      <VRTRasterBand dataType="${type}" band="1"><Description>${name.replace('.tif', '')}</Description>
      ${nodata === undefined ? '' : `<NoDataValue>${nodata}</NoDataValue>`}
      <SimpleSource><SourceFilename relativeToVRT="1">${name}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>
      </VRTRasterBand></VRTDataset>`,
    );
    return vrt;
  }
  const ramp = Array.from({ length: 16 }, (_, i) => i);
  const local = defineDataset({
    title: 'Heights',
    local: true,
    bands: [
      { name: 'dem', dtype: 'float32' },
      { name: 'mask', dtype: 'uint8', nodata: 255 },
    ],
    grid: { crs: 'EPSG:4326', bounds: [0, 0, 4, 4], resolution: 1, chunk: 4 },
  });

  async function imported() {
    const dem = writeFile(
      'dem.tif',
      'Float32',
      ramp.map((value) => (value === 5 ? -9999 : value / 4)),
      -9999,
    );
    const mask = writeFile(
      'mask.tif',
      'Byte',
      ramp.map((value) => (value === 7 ? 255 : value % 2)),
      255,
    );
    const cube = await Cube.create('memory:', local, { pool });
    const source = await localFiles(cube.dataset, [dem, mask]);
    expect((await cube.ingest(cube.grid.geobox, { source, pool })).failed).toEqual([]);
    return cube;
  }

  test('of several types become bands of several types', async () => {
    const cube = await imported();
    const { bands } = await cube.load(cube.grid.geobox);
    expect(bands.get('dem')).toEqual(
      Float32Array.from(ramp, (value) => (value === 5 ? Number.NaN : value / 4)),
    );
    expect(bands.get('mask')).toEqual(
      Uint8Array.from(ramp, (value) => (value === 7 ? 255 : value % 2)),
    );
  });

  test('are exported in the type that holds all bands, gaps as its own', async () => {
    const cube = await imported();
    const path = join(folder.path, 'out.tif');
    await cube.saveGeoTiff(cube.grid.geobox, path, { pool });
    const file = loadGdal().open(path);
    const bands = [1, 2].map((band) => {
      const { dataType, noDataValue, pixels } = file.bands.get(band);
      return { dataType, noDataValue, values: Array.from(pixels.read(0, 0, 4, 4)) };
    });
    file.close();
    expect(bands).toEqual([
      {
        ...{ dataType: 'Float32', noDataValue: Number.NaN },
        values: ramp.map((value) => (value === 5 ? Number.NaN : value / 4)),
      },
      {
        ...{ dataType: 'Float32', noDataValue: Number.NaN },
        values: ramp.map((value) => (value === 7 ? Number.NaN : value % 2)),
      },
    ]);
  });

  test('whose pixels do not fit the type of their band are refused', async () => {
    const mask = writeFile('mask.tif', 'Int16', ramp);
    const dem = writeFile('dem.tif', 'Float32', ramp);
    const cube = await Cube.create('memory:', local, { pool });
    await expect(localFiles(cube.dataset, [dem, mask])).rejects.toThrow(
      /Expected pixels that fit into the cube's uint8 .* but received "int16"/,
    );
  });

  test('on another grid have each band warped in its own type', async () => {
    const cube = await imported();
    const like = defineDataset({
      ...{ title: 'x', local: true, bands: ['b'], dtype: 'uint8' },
      grid: { crs: 'EPSG:4326', bounds: [0, 0, 4, 4], resolution: 2, chunk: 2 },
    }).grid.geobox;
    const { bands } = await cube.load(cube.grid.geobox, {
      like: GeoBox.fromRecord(like),
      resampling: 'average',
    });
    // Means of the valid ones of 4: 0 1/4 4/4; 2/4 3/4 6/4 7/4; ...
    expect(Array.from(bands.get('dem') ?? [])).toEqual(
      [1.25 / 3, 4.5 / 4, 10.5 / 4, 12.5 / 4].map(Math.fround),
    );
    expect(bands.get('mask')).toBeInstanceOf(Uint8Array);
  });
});
