/** Whole cubes filled by our command from a service of another hand, and what that service refuses. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  geocubes,
  options,
  PROJECT,
  runPython,
  startStrictService,
  TOKEN,
} from './strict-server.mjs';

const TCTREND = 'projects/ee-ingmarnitze/assets/TCTrend_SR_2005-2024_TCVIS';
const EMBEDDING = 'GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL';
const COMPARE = fileURLToPath(new URL('compare_strict_cube.py', import.meta.url));

const call = (functionName, args) => ({
  functionInvocationValue: { functionName, arguments: args },
});
const constant = (value) => ({ constantValue: value });
const number = (value) => call('Image.constant', { value: constant(value) });
const band = (input, name) => call('Image.select', { input, bandSelectors: constant([name]) });

/** Where pixels lie, masked south of a parallel. */
const LON_LAT = {
  result: 'masked',
  values: {
    lonlat: call('Image.pixelLonLat', {}),
    masked: call('Image.updateMask', {
      image: { valueReference: 'lonlat' },
      mask: call('Image.gt', {
        image1: band({ valueReference: 'lonlat' }, 'latitude'),
        image2: number(48.2),
      }),
    }),
  },
};

/**
 * Centres of pixels lie half-way between the steps of what the service serves, so that no rounding of a
 * coordinate decides, and bounds are whole pixels from the origin, so that none is moved. West of 130° W is an ocean without a value; elsewhere every eleventh pixel is masked.
 */
const CUBES = {
  'uint8, three bands, masked pixels stored as the nodata value': {
    collection: TCTREND,
    bands: ['TCB_slope', 'TCG_slope', 'TCW_slope'],
    dtype: 'uint8',
    nodata: 0,
    grid: { crs: 'EPSG:4326', bounds: [-130.1, 40, -129.9, 40.1], resolution: 0.00025, chunk: 160 },
  },
  'int16, a nodata value that no pixel has': {
    collection: TCTREND,
    bands: ['TCW_slope', 'TCB_slope'],
    dtype: 'int16',
    nodata: -32768,
    grid: {
      crs: 'EPSG:4326',
      bounds: [-130.08, 40.005, -129.9, 40.095],
      resolution: 0.00075,
      chunk: [40, 64],
    },
  },
  'int32, on a projected grid': {
    collection: TCTREND,
    bands: ['TCG_slope'],
    dtype: 'int32',
    nodata: -1,
    grid: {
      crs: 'EPSG:32633',
      bounds: [500_000, 5_300_000, 503_000, 5_302_000],
      resolution: 20,
      chunk: 64,
    },
  },
  'float32, three bands, four years': {
    collection: EMBEDDING,
    bands: ['A00', 'A05', 'A63'],
    dtype: 'float32',
    grid: {
      crs: 'EPSG:4326',
      bounds: [-130.02, 40.02, -129.96, 40.05],
      resolution: 0.0003,
      chunk: 64,
    },
    time: { start: '2019', end: '2022', step: '1 year' },
  },
  'float64, an expression on a projected grid': {
    expression: LON_LAT,
    bands: ['longitude', 'latitude'],
    dtype: 'float64',
    grid: {
      crs: 'EPSG:3035',
      bounds: [4_400_000, 2_785_000, 4_420_000, 2_800_000],
      resolution: 100,
      chunk: 64,
    },
  },
};

/** The service's replies are read by both kernels. */
const WITHOUT_GDAL = new Set(['int16', 'float32']);

let folder = '';
let service;
before(async () => {
  if (options.skip) return;
  folder = mkdtempSync(join(tmpdir(), 'geocubes-strict-cubes-'));
  service = await startStrictService();
});
after(() => {
  service?.close();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

for (const [name, fields] of Object.entries(CUBES)) {
  test(`every pixel of a cube of ${name} is the service's`, options, async () => {
    const place = join(folder, fields.dtype);
    const [file, store, raster] = [`${place}.json`, place, `${place}.tif`];
    writeFileSync(file, JSON.stringify({ title: name, ...fields }));
    const cube = ['--store', store];
    const { bounds, crs } = fields.grid;
    const region = [`--bbox=${bounds.join(',')}`, '--bbox-crs', crs];
    await succeed('create', ...cube, '--dataset', file);
    const where = ['--endpoint', service.url, '--project', PROJECT];
    const kernel = WITHOUT_GDAL.has(fields.dtype) ? 'js' : 'gdal';
    await succeed('ingest', ...cube, ...region, ...where, '--threads', '2', '--kernel', kernel);
    const time = fields.time === undefined ? [] : ['--time', '2021'];
    await succeed('load', ...cube, ...region, ...time, '--out', raster);
    assert.equal(runPython(COMPARE, file, store, raster), 0);
    // What compares would see a pixel's width.
    const east = {
      ...fields.grid,
      bounds: bounds.map((b, i) => b + (1 - (i % 2)) * fields.grid.resolution),
    };
    writeFileSync(file, JSON.stringify({ title: name, ...fields, grid: east }));
    assert.equal(runPython(COMPARE, file, store, raster, 'differs'), 0);
  });
}

async function succeed(...args) {
  const { status, stdout, stderr } = await geocubes(...args);
  assert.equal(status, 0, `geocubes ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

const GRID = {
  dimensions: { width: 4, height: 3 },
  affineTransform: { scaleX: 1, shearX: 0, translateX: 0, shearY: 0, scaleY: -1, translateY: 0 },
  crsCode: 'EPSG:4326',
};
const body = (more = {}) => ({
  expression: { result: '0', values: { 0: number(7) } },
  fileFormat: 'GEO_TIFF',
  grid: GRID,
  ...more,
});
const values = (all) => body({ expression: { result: '0', values: all } });
const cast = (value) => call('Image.toFloat', { value });

/** What the reference says is invalid, and a word of what the service must say of it. */
const INVALID = {
  'an unknown field': [body({ mask: 1 }), 'Unknown name "mask"'],
  'an unknown field further in': [body({ grid: { ...GRID, epsg: 1 } }), '"epsg" at \'grid\''],
  'text for a whole number': [
    body({ grid: { ...GRID, dimensions: { width: 'four', height: 3 } } }),
    'TYPE_INT32',
  ],
  'text for a number': [
    body({ grid: { ...GRID, affineTransform: { ...GRID.affineTransform, scaleX: 'one' } } }),
    'TYPE_DOUBLE',
  ],
  'an unknown format': [body({ fileFormat: 'GEOTIFF' }), 'fileFormat'],
  'two names of the CRS': [body({ grid: { ...GRID, crsWkt: 'GEOGCS[]' } }), 'oneof'],
  'no grid': [body({ grid: undefined }), "'grid' is required"],
  'no expression': [body({ expression: undefined }), "'expression' is required"],
  'no pixels': [
    body({ grid: { ...GRID, dimensions: { width: 0, height: 3 } } }),
    'must be positive',
  ],
  'too many pixels on a side': [
    body({ grid: { ...GRID, dimensions: { width: 32769, height: 1 } } }),
    'less than or equal to 32768',
  ],
  'too many bytes': [
    body({ grid: { ...GRID, dimensions: { width: 6000, height: 6000 } } }),
    'less than or equal to 50331648',
  ],
  'an unknown CRS': [body({ grid: { ...GRID, crsCode: 'EPSG:1' } }), 'could not be parsed'],
  'a node with two values': [values({ 0: { ...number(7), constantValue: 7 } }), 'oneof'],
  'a node without a value': [values({ 0: {} }), 'no value is set'],
  'a reference that leads nowhere': [
    values({ 0: cast({ valueReference: '1' }) }),
    "'1' is not defined",
  ],
  'a cycle': [values({ 0: cast({ valueReference: '0' }) }), 'part of a cycle'],
  'an unknown function': [values({ 0: call('Image.paint', {}) }), "'Image.paint' not found"],
  'a missing argument': [
    values({ 0: call('Image.gt', { image1: number(7) }) }),
    "'image2' is required",
  ],
  'an unknown argument': [
    values({ 0: call('Image.toFloat', { value: number(7), dtype: constant('f4') }) }),
    'Unexpected arguments: dtype',
  ],
  'an argument of another type': [values({ 0: cast(constant(7)) }), 'Expected type: Image'],
  'a list of another type': [
    values({ 0: call('Image.rename', { input: number(7), names: constant([7]) }) }),
    'Expected type: List<String>',
  ],
  'a result that is no image': [values({ 0: constant(7) }), 'does not evaluate to an Image'],
  'a number that JSON does not have': [
    JSON.stringify(body()).replace('"scaleX":1', '"scaleX":NaN'),
    'Invalid JSON payload',
  ],
  'one field twice': ['{"fileFormat":"NPY","fileFormat":"NPY"}', 'Invalid JSON payload'],
};

test(
  'what the reference says is invalid is refused, and what is not is served',
  options,
  async () => {
    const post = (json, headers = {}) =>
      fetch(`${service.url}/v1/projects/${PROJECT}/image:computePixels`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${TOKEN}`,
          'x-goog-user-project': PROJECT,
          'content-type': 'application/json',
          ...headers,
        },
        body: typeof json === 'string' ? json : JSON.stringify(json),
      });
    assert.equal((await post(body())).status, 200);
    for (const [claim, [json, word]] of Object.entries(INVALID)) {
      const reply = await post(json);
      const text = await reply.text();
      assert.equal(reply.status, 400, `${claim}: ${text.slice(0, 200)}`);
      const { error } = JSON.parse(text);
      assert.ok(error.message.includes(word), `${claim}: ${error.message}`);
    }
    assert.equal((await post(body(), { authorization: 'Bearer other' })).status, 401);
    assert.equal((await post(body(), { 'x-goog-user-project': 'other' })).status, 403);
    assert.equal((await post(body(), { 'content-type': 'text/plain' })).status, 400);
  },
);
