/** Bands that are stored as int8 and bool, beside the wider ones that they are computed in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as zarr from 'zarrita';
import { parseDataset } from '../../../src/dataset/parse.js';
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

/** Some of it sea, which is masked; 3 rows and columns of tiles, the last ones cut. */
const COMMON = {
  title: 'Narrow',
  collection: 'projects/geocubes/assets/demo',
  grid: { crs: 'EPSG:4326', bounds: [120, 70, 123, 73], resolution: 0.02, chunk: 64 },
} as const;

/** Values of 0 to 255: some end above 127, others below -128, where the code is. */
const HIGH = { name: 'TCB_slope', offset: -100, nodata: -128 } as const;
const LOW = { name: 'TCG_slope', offset: -200, nodata: -128 } as const;

async function fill(dataset: Dataset, store = 'memory:', by = pool): Promise<Cube> {
  const cube = await Cube.create(store, dataset, { pool: by });
  const source = await earthEngine(dataset, {
    ...{ endpoint: server.url, token: 'loopback', project: 'test' },
  });
  const { failed } = await cube.ingest(cube.grid.geobox, { source, pool: by });
  await source.close();
  expect(failed).toEqual([]);
  return cube;
}

async function pixelsOf(cube: Cube) {
  return (await cube.load(cube.grid.geobox, { pool })).bands;
}

/** As numpy's clip and astype do it; what is no gap stays none. */
function asInt8(values: ArrayLike<number>, nodata: number): Int8Array {
  return Int8Array.from(values, (value) => {
    if (value === nodata) return nodata;
    const clipped = Math.min(Math.max(value, -128), 127);
    return clipped === nodata ? nodata + 1 : clipped;
  });
}

/** The bands of the demo, 1 where they are not 0: asked for by an expression of another hand. */
function truths(name: string) {
  const call = (functionName: string, args: object) => ({
    functionInvocationValue: { functionName, arguments: args },
  });
  const all = call('ImageCollection.mosaic', {
    collection: call('ImageCollection.load', { id: { constantValue: COMMON.collection } }),
  });
  const band = call('Image.select', { input: all, bandSelectors: { constantValue: [name] } });
  const zero = call('Image.constant', { value: { constantValue: 0 } });
  return { result: '0', values: { 0: call('Image.neq', { image1: band, image2: zero }) } };
}

describe('int8 and bool, among others, are the int16 and uint8 of other cubes, narrowed:', () => {
  test.each([
    ['gaps left open', {}],
    ['gaps filled with the nearest value', { fill: 'nearest', maxFillDistance: 5 }],
    ["gaps filled by GDAL's fillNodata", { fill: 'idw', maxFillDistance: 5 }],
    [
      'pixels of another grid, which cubic convolution carries beyond their range',
      { requestGrid: { crs: 'EPSG:4326', resolution: 0.03 }, resampling: 'cubic' },
    ],
  ] as const)('%s', async (_, how) => {
    const { collection: __, ...plain } = COMMON;
    const bands = [
      { ...HIGH, dtype: 'int8' },
      { name: 'TCW_slope', dtype: 'bool' },
      { ...LOW, dtype: 'int8' },
    ] as const;
    const together = await pixelsOf(await fill(defineDataset({ ...COMMON, ...how, bands })));
    const wide = { dtype: 'int16', bands: [HIGH, LOW] } as const;
    const signed = await pixelsOf(await fill(defineDataset({ ...COMMON, ...how, ...wide })));
    const truth = { dtype: 'uint8', bands: ['TCW_slope'], expression: truths('TCW_slope') };
    const bytes = await pixelsOf(await fill(parseDataset({ ...plain, ...how, ...truth })));
    let [above, below] = [0, 0];
    for (const { name } of [HIGH, LOW]) {
      const values = signed.get(name) ?? [];
      for (const value of values) {
        if (value > 127) above++;
        if (value < -128) below++;
      }
      const narrowed = together.get(name);
      expect(narrowed).toBeInstanceOf(Int8Array);
      expect(Buffer.compare(asBuffer(narrowed), asBuffer(asInt8(values, -128)))).toBe(0);
    }
    expect(Math.min(above, below)).toBeGreaterThan(100);
    const flags = together.get('TCW_slope');
    expect(flags).toBeInstanceOf(Uint8Array);
    expect(new Set(flags)).toEqual(new Set([0, 1]));
    expect(Buffer.compare(asBuffer(flags), asBuffer(bytes.get('TCW_slope')))).toBe(0);
  });
});

function asBuffer(pixels: ArrayBufferView | undefined): Buffer {
  if (pixels === undefined) throw new Error('Expected pixels.');
  return Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
}

const BOTH = {
  ...COMMON,
  bands: [
    { ...HIGH, dtype: 'int8' },
    { name: 'TCW_slope', dtype: 'bool' },
  ],
} as const;

test('both kernels store the same bytes', async () => {
  const js = createPool({ size: 1, kernel: 'js' });
  try {
    const [one, other] = [
      await fill(defineDataset(BOTH)),
      await fill(defineDataset(BOTH), 'memory:', js),
    ];
    expect(await pixelsOf(other)).toEqual(await pixelsOf(one));
  } finally {
    await js.close();
  }
});

test('arrays are of int8 and bool, which a Zarr library reads as they are loaded', async () => {
  const place = join(folder.path, 'plain.zarr');
  const cube = await fill(defineDataset(BOTH), place);
  const document = (name: string) =>
    JSON.parse(readFileSync(join(place, name, 'zarr.json'), 'utf8')) as Record<string, unknown>;
  expect(document('TCW_slope')).toMatchObject({ data_type: 'bool', fill_value: false });
  expect(document('TCB_slope')).toMatchObject({ data_type: 'int8', fill_value: -128 });
  for (const name of ['TCW_slope', 'TCB_slope']) {
    const [bytes, blosc] = document(name).codecs as { configuration?: object }[];
    expect(bytes).toEqual({ name: 'bytes' });
    expect(blosc?.configuration).toMatchObject({ typesize: 1, shuffle: 'bitshuffle' });
  }
  const { arrays } = await cube.openZarr<
    zarr.Group<zarr.AsyncReadable>,
    zarr.Array<zarr.DataType, zarr.AsyncReadable>
  >();
  const loaded = await pixelsOf(cube);
  for (const [name, array] of arrays) {
    const { data } = await zarr.get(array);
    expect(Array.from(data as Iterable<number>, Number)).toEqual(
      Array.from(loaded.get(name) ?? []),
    );
  }
});

test('on another grid, values stay in their type', async () => {
  const cube = await fill(defineDataset(BOTH));
  const target = GeoBox.fromRecord({
    ...{ crs: 'EPSG:3857', shape: [120, 100] },
    affine: [3000, 0, 13_370_000, 0, -3000, 11_900_000],
  });
  const wide = await fill(defineDataset({ ...COMMON, dtype: 'int16', bands: [HIGH] }));
  const like = (of: Cube) =>
    of.loadLike(target, { pool, resampling: 'bilinear' }).then(({ bands }) => bands);
  const narrow = await like(cube);
  const reference = (await like(wide)).get('TCB_slope') as Int16Array;
  const own = narrow.get('TCB_slope') as Int8Array;
  // Means of clipped values are no clipped means: where no neighbour was clipped they are the same.
  const same = own.filter((value, i) => value === reference[i]).length;
  expect(own).toBeInstanceOf(Int8Array);
  expect(same).toBeGreaterThan(own.length / 2);
  expect(new Set(narrow.get('TCW_slope'))).toEqual(new Set([0, 1]));
});

test('statistics take signed bytes in their order, and truths as 0 and 1', async () => {
  const cube = await fill(defineDataset(BOTH));
  const loaded = await pixelsOf(cube);
  const { each } = await cube.stats(cube.grid.geobox, { pool, quantiles: [0, 0.5, 1] });
  for (const { band, valid, min, max, quantiles } of each) {
    const isSigned = band === 'TCB_slope';
    const values = [...(loaded.get(band) ?? [])].filter((value) => !isSigned || value !== -128);
    values.sort((one, other) => one - other);
    const at = (part: number) => {
      const place = part * (values.length - 1);
      const [low = 0, high = 0] = [values[Math.floor(place)], values[Math.ceil(place)]];
      return low + (high - low) * (place % 1);
    };
    expect(valid).toBe(values.length);
    expect([min, max]).toEqual([values[0], values.at(-1)]);
    expect(quantiles?.map(({ value }) => value)).toEqual([at(0), at(0.5), at(1)]);
  }
});

test('a cube that needs them is refused by versions that do not know them', async () => {
  const cube = await fill(defineDataset(BOTH), join(folder.path, 'cube.zarr'));
  const record = join(folder.path, 'cube.zarr', 'geocubes', 'zarr.json');
  const { attributes } = JSON.parse(readFileSync(record, 'utf8')) as { attributes: object };
  expect(attributes).toMatchObject({
    layout: 3,
    requires: expect.arrayContaining(['narrow-types']),
  });
  expect((await Cube.open(join(folder.path, 'cube.zarr'))).dataset).toEqual(cube.dataset);
});

describe('files', () => {
  function write(name: string, options: readonly string[], values: readonly number[]): string {
    const gdal = loadGdal();
    const path = join(folder.path, name);
    const file = gdal.drivers.get('GTiff').create(path, 4, 4, 1, 'Byte', [...options]);
    file.geoTransform = [0, 1, 0, 4, 0, -1];
    file.srs = gdal.SpatialReference.fromEPSG(4326);
    file.bands.get(1).pixels.write(0, 0, 4, 4, Uint8Array.from(values));
    file.close();
    return path;
  }

  const dataset = (dtype: string) =>
    parseDataset({
      ...{ title: 'Files', local: true, dtype, bands: ['a'] },
      grid: { crs: 'EPSG:4326', bounds: [0, 0, 4, 4], resolution: 1, chunk: 4 },
    });

  async function imported(path: string, dtype: string) {
    const cube = await Cube.create('memory:', dataset(dtype), { pool });
    const source = await localFiles(dataset(dtype), [path], { bands: [1] });
    await cube.ingest(cube.grid.geobox, { source, pool });
    return (await pixelsOf(cube)).get('a');
  }

  const SIGNED = [-128, -127, -1, 0, 1, 126, 127, 5, -5, 9, -9, 33, -33, 64, -64, 2];
  const BITS = [0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1];

  test('of signed bytes become int8, and int16, as they are', async () => {
    const path = write(
      'signed.tif',
      ['PIXELTYPE=SIGNEDBYTE'],
      SIGNED.map((value) => value & 255),
    );
    expect(await imported(path, 'int8')).toEqual(Int8Array.from(SIGNED));
    expect(Array.from((await imported(path, 'int16')) ?? [])).toEqual(SIGNED);
  });

  test('of bits become bool, and uint8, as they are', async () => {
    const path = write('bits.tif', ['NBITS=1'], BITS);
    expect(Array.from((await imported(path, 'bool')) ?? [])).toEqual(BITS);
    expect(Array.from((await imported(path, 'uint8')) ?? [])).toEqual(BITS);
  });

  test('whose values may not fit are refused', async () => {
    const path = write('bytes.tif', [], BITS);
    for (const dtype of ['bool', 'int8'])
      await expect(imported(path, dtype)).rejects.toThrow(
        `Expected pixels that fit into the cube's ${dtype} for the file ${path} but received "uint8".`,
      );
  });

  test('that are written have the next wider type of GDAL', async () => {
    const cube = await fill(defineDataset(BOTH));
    const types = { TCB_slope: 'Int16', TCW_slope: 'Byte' } as const;
    const loaded = await pixelsOf(cube);
    for (const [name, type] of Object.entries(types)) {
      const path = join(folder.path, `${name}.tif`);
      await cube.saveGeoTiff(cube.grid.geobox, path, { pool, bands: [name] });
      const file = loadGdal().open(path);
      const band = file.bands.get(1);
      expect([band.dataType, band.noDataValue]).toEqual([type, name === 'TCB_slope' ? -128 : null]);
      const { width, height } = cube.grid.geobox;
      expect(Array.from(band.pixels.read(0, 0, width, height) as never)).toEqual(
        Array.from(loaded.get(name) ?? []),
      );
      file.close();
    }
  });
});

test('a code of "no value" in bool is refused, which has no value to spare', () => {
  expect(() => defineDataset({ ...COMMON, dtype: 'bool', nodata: 0, bands: ['a'] })).toThrow(
    'Expected a "nodata" of null for the band a of bool for the dataset but received 0. It would be one of the two values.',
  );
});
