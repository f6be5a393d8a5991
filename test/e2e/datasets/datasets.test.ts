/** `geocubes dataset` for assets that people know: the files validate, and their cubes fill with the right pixels. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { typedFor } from '../../../src/dataset/band-types.js';
import {
  Cube,
  createPool,
  type Dataset,
  type DatasetFile,
  earthEngine,
  GeoBox,
  type Pool,
  parseDataset,
  TimeAxis,
} from '../../../src/index.js';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { runCommand } from '../command.js';
import { environmentFor, temporaryFolder } from '../loopback-cubes.js';
import {
  type Cycle,
  centresOf,
  imagesOf,
  last,
  mean,
  median,
  mode,
  pixelAt,
  type RestImage,
} from './made-up.js';

const schema = JSON.parse(
  readFileSync(new URL('../../../src/dataset/dataset.schema.json', import.meta.url), 'utf8'),
);
const validate = new Ajv2020({ strict: false }).compile(schema);

let server: LoopbackServer;
let pool: Pool;
beforeAll(async () => {
  server = await startLoopback();
  pool = createPool({ size: 0 });
});
afterAll(async () => {
  await pool.close();
  await server.close();
});

const run = (words: readonly string[]) => runCommand(['dataset', ...words], environmentFor(server));

async function describeAsset(words: readonly string[]): Promise<DatasetFile> {
  const { code, stdout, stderr } = await run(words);
  expect([code, stderr]).toEqual([0, '']);
  const file = JSON.parse(stdout) as DatasetFile;
  expect(validate(file), JSON.stringify(validate.errors)).toBe(true);
  expect(file.notes?.length).toBeGreaterThan(4);
  return file;
}

/** All bands of a cube that is filled whole. */
async function fill(dataset: Dataset): Promise<Record<string, number[]>> {
  const cube = await Cube.create('memory:', dataset, { pool });
  const source = await earthEngine(dataset, {
    ...{ endpoint: server.url, token: 'loopback', project: 'test' },
  });
  const region = GeoBox.fromRecord(dataset.grid.geobox);
  const { failed } = await cube.ingest(region, { source, pool });
  await source.close();
  expect(failed).toEqual([]);
  const { bands } = await cube.load(region);
  return Object.fromEntries([...bands].map(([name, pixels]) => [name, Array.from(pixels)]));
}

interface Expectation {
  /** Values of the bands that are read, masks among them. */
  readonly cycles: Readonly<Record<string, Cycle>>;
  readonly keeps?: (pixel: (band: string) => number | undefined) => boolean;
  readonly images?: (image: RestImage) => boolean;
  /** Of one image; absent: the band itself. */
  readonly values?: Readonly<Record<string, (pixel: (band: string) => number) => number>>;
  readonly reduce: (values: number[]) => number;
}

/** What the cube holds by the rules of the scenes, computed pixel by pixel. */
async function expectedOf(
  dataset: Dataset,
  { cycles, keeps, images: wanted = () => true, values = {}, reduce }: Expectation,
): Promise<Record<string, number[]>> {
  const { source, bands, grid, time } = dataset;
  const images = await imagesOf(server.url, (source as { id: string }).id);
  const spans =
    time === undefined ? [{ start: -Infinity, end: Infinity }] : TimeAxis.fromRecord(time).steps;
  const centres = centresOf(grid.geobox);
  return Object.fromEntries(
    bands.map((band) => {
      const { name } = band;
      const { dtype, nodata } = typedFor(dataset, band);
      const isWhole = !dtype.startsWith('float');
      const gap = isWhole ? (nodata ?? 0) : Number.NaN;
      const pixels = spans.flatMap(({ start, end }) =>
        centres.map((centre) => {
          const found = images.flatMap((image, number) => {
            const time = Date.parse(image.startTime);
            if (!(time >= start && time < end) || !wanted(image)) return [];
            const pixel = (band: string) =>
              pixelAt(image, number, band, cycles[band] as Cycle, grid.geobox.crs, centre);
            if (keeps !== undefined && !keeps(pixel)) return [];
            const value = (values[name] ?? ((of) => of(name)))((band) => pixel(band) ?? Number.NaN);
            return Number.isNaN(value) ? [] : [value];
          });
          if (found.length === 0) return gap;
          const value = reduce(found);
          return isWhole ? Math.round(value) : Math.fround(value);
        }),
      );
      return [name, pixels];
    }),
  );
}

const BBOX = ['--bbox', '126.500,72.3000,126.505,72.3015'];
const DN: Cycle = [1, 10_000];
const SCL: Cycle = { of: [2, 4, 5, 6, 7, 9, 4, 5, 3, 11, 10] };
const SR: Cycle = [7273, 43_636];
const QA: Cycle = { of: [21_824, 21_952, 30_048, 22_280, 23_888] };

const CASES: readonly (readonly [
  title: string,
  words: readonly string[],
  looks: Partial<DatasetFile>,
  expectation: Expectation,
])[] = [
  [
    'sentinel2-monthly: the cloudless median of each month',
    ['sentinel2-monthly', ...BBOX, '--time', '2024-01/2024-03'],
    { dtype: 'uint16', nodata: 65_535, mask: 's2-scl-keep-snow' },
    {
      cycles: { B2: DN, B3: DN, B4: DN, B8: DN, B11: DN, B12: DN, SCL },
      keeps: (pixel) => ![1, 3, 8, 9, 10, undefined].includes(pixel('SCL')),
      reduce: median,
    },
  ],
  [
    'Sentinel-2 by other words: scenes of a year by their clouds, at 20 m, with NDVI',
    [
      ...['COPERNICUS/S2_SR_HARMONIZED', '--bands', 'B5,NDVI=nd(B8,B4)*10000', ...BBOX],
      ...['--time', '2023', '--step', '1 year', '--filter', 'CLOUDY_PIXEL_PERCENTAGE < 50'],
      ...['--filter', 'SPACECRAFT_NAME = "Sentinel-2A"', '--reduce', 'max', '--resolution', '20'],
    ],
    {
      ...{ dtype: 'uint16', nodata: 65_535, reduce: 'max' },
      bands: [
        expect.objectContaining({ name: 'B5' }),
        expect.objectContaining({ name: 'NDVI', dtype: 'int16', nodata: -32_768 }),
      ],
    },
    {
      cycles: { B5: DN, B8: DN, B4: DN },
      images: ({ properties }) =>
        Number(properties.CLOUDY_PIXEL_PERCENTAGE) < 50 &&
        properties.SPACECRAFT_NAME === 'Sentinel-2A',
      values: {
        NDVI: (of) => 10_000 * Math.fround((of('B8') - of('B4')) / (of('B8') + of('B4'))),
      },
      reduce: (values) => Math.max(...values),
    },
  ],
  [
    'landsat-annual: the cloudless median of a year, on the pixels of the scenes',
    ['landsat-annual', ...BBOX, '--time', '2024'],
    { dtype: 'uint16', nodata: 0 },
    {
      cycles: { SR_B2: SR, SR_B3: SR, SR_B4: SR, SR_B5: SR, SR_B6: SR, SR_B7: SR, QA_PIXEL: QA },
      keeps: (pixel) => ((pixel('QA_PIXEL') ?? 1) & 0b11111) === 0,
      reduce: median,
    },
  ],
  [
    'Landsat 9 by other words: surface temperatures, their mean of each year',
    [
      ...['LANDSAT/LC09/C02/T1_L2', '--bands', 'ST_B10', ...BBOX, '--time', '2023/2024'],
      ...['--step', '1 year', '--reduce', 'mean', '--chunk', '8', '--codec', 'fast'],
    ],
    { dtype: 'uint16', nodata: 0, codec: 'fast' },
    { cycles: { ST_B10: [30_000, 50_000] }, reduce: mean },
  ],
  [
    'dynamic-world: the most frequent class of each year',
    ['dynamic-world', ...BBOX, '--time', '2024/2025'],
    { dtype: 'uint8', nodata: 255 },
    { cycles: { label: { of: [0, 1, 2, 3, 4, 5, 6, 7, 8] } }, reduce: mode },
  ],
  [
    'Dynamic World by other words: mean probabilities of a summer',
    [
      ...['GOOGLE/DYNAMICWORLD/V1', '--bands', 'water,built', ...BBOX],
      ...['--time', '2024-06/2024-08', '--reduce', 'mean', '--title', 'Summer'],
    ],
    { dtype: 'float32', title: 'Summer', time: ['2024-06/2024-09-01'] },
    { cycles: { water: [0, 1], built: [0, 1] }, reduce: mean },
  ],
  [
    'era5-land-monthly: on its own grid',
    ['era5-land-monthly', '--bbox', '126,72,127.5,73', '--time', '2024'],
    { dtype: 'float32' },
    {
      cycles: { temperature_2m: [230, 300], total_precipitation_sum: [0, 1], snow_depth: [0, 1] },
      reduce: last,
    },
  ],
  [
    'ERA5-Land by other words: hundredths of a degree Celsius, means of quarters',
    [
      ...['ECMWF/ERA5_LAND/MONTHLY_AGGR', '--bands', 'temperature_2m*100-27315'],
      ...['--bbox', '126,72,127.5,73', '--time', '2025', '--step', '3 months'],
      ...['--reduce', 'mean', '--dtype', 'int16', '--nodata', '-32768'],
    ],
    { dtype: 'int16', nodata: -32_768 },
    {
      cycles: { temperature_2m: [230, 300] },
      values: { temperature_2m: (of) => 100 * of('temperature_2m') - 27_315 },
      reduce: mean,
    },
  ],
  [
    'copernicus-dem: in the zone of the region',
    ['copernicus-dem', ...BBOX],
    { dtype: 'float32' },
    { cycles: { DEM: [-10, 500] }, reduce: last },
  ],
  [
    'Copernicus DEM by other words: its masks, in degrees, pixel upon pixel',
    [
      ...['COPERNICUS/DEM/GLO30', '--bands', 'WBM,EDM', ...BBOX, '--crs', 'EPSG:4326'],
      ...['--reduce', 'first'],
    ],
    { dtype: 'uint8', nodata: 255 },
    {
      cycles: { WBM: { of: [0, 1, 2, 3] }, EDM: { of: Array.from({ length: 14 }, (_, i) => i) } },
      reduce: (values) => values[0] as number,
    },
  ],
];

describe('the file is valid, and its cube has the pixels:', () => {
  test.each(CASES)('%s', async (_, words, looks, expectation) => {
    const file = await describeAsset(words);
    expect(file).toMatchObject(looks);
    const dataset = parseDataset(file);
    const filled = await fill(dataset);
    const wanted = await expectedOf(dataset, expectation);
    expect(Object.keys(filled)).toEqual(Object.keys(wanted));
    for (const [name, values] of Object.entries(wanted)) {
      expect(new Set(values).size, name).toBeGreaterThan(3);
      const far = values.map((value, i) => Math.abs(value - (filled[name]?.[i] as number)));
      expect(filled[name]).toHaveLength(values.length);
      const gaps = values.map(Number.isNaN);
      expect(filled[name]?.map(Number.isNaN), name).toEqual(gaps);
      expect(Math.max(...far.filter((_, i) => !gaps[i])), name).toBeLessThan(1e-4);
    }
  });
});

describe('on the command line', () => {
  const create = (...words: string[]) =>
    runCommand(['create', '--store', join(folder.path, 'cube'), ...words], environmentFor(server));
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterAll(() => folder.remove());

  test.each([
    [
      'an asset that is not there',
      ['COPERNICUS/S2_SR_HARMONISED'],
      /Near it: COPERNICUS\/S2_SR_HARMONIZED/,
    ],
    ['features', ['FAO/GAUL/2015/level0'], /a table"\. Features have no pixels\./],
    ['a band that is not there', ['copernicus-dem', '--bands', 'DME'], /"DME"\. Near it: DEM/],
    ['steps without a time', ['era5-land-monthly'], /images from 1950-02-01 on/],
    ['no region', ['copernicus-dem'], /Expected a region/],
    ['a time without images', ['dynamic-world', '--time', '2010'], /It begins on 2015-06-27/],
    [
      'a step that is none',
      ['dynamic-world', '--time', '2024', '--step', 'fortnight'],
      /"fortnight"/,
    ],
    ['a mask that is none', ['sentinel2-monthly', '--mask', 's2-snow'], /for --mask but/],
    ['a resolution that is none', ['copernicus-dem', '--resolution', '-30'], /for --resolution/],
    [
      'an inner chunk that divides no chunk',
      ['copernicus-dem', '--chunk', '100', '--inner-chunk', '30'],
      /divides/,
    ],
  ] as const)('%s is told in one line', async (title, words, said) => {
    const box = title === 'no region' ? [] : BBOX;
    const { code, stdout, stderr } = await run([...words, ...box]);
    expect([code, stdout, stderr.trimEnd().split('\n').length], stderr).toEqual([2, '', 1]);
    expect(stderr).toMatch(said);
  });

  test('a file has the inner chunks that are asked for, and is valid', async () => {
    const words = ['copernicus-dem', '--chunk', '100', '--inner-chunk', '50'];
    const { code, stdout, stderr } = await run([...words, ...BBOX]);
    expect(code, stderr).toBe(0);
    const file = JSON.parse(stdout);
    expect(validate(file), JSON.stringify(validate.errors)).toBe(true);
    expect(parseDataset(file).innerChunk).toBe(50);
  });

  test('create makes a cube of an asset, and tells on stderr what was chosen', async () => {
    const { code, stdout, stderr } = await create('--asset', 'copernicus-dem', ...BBOX);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/Copernicus DEM.*1 bands of float32/),
    ]);
    expect(stderr).toContain('CRS EPSG:32652: UTM zone 52 north');
    const cube = await Cube.open(join(folder.path, 'cube'));
    expect(cube.dataset.source).toEqual({ kind: 'collection', id: 'COPERNICUS/DEM/GLO30' });
  });

  test.each([
    [[], /Expected --dataset or --asset for a new cube but received "neither"/],
    [['--dataset', 'demo', '--bands', 'TCB_slope'], /Expected --asset for --bands but received/],
    [['--dataset', 'copernicus-dem'], /Expected --asset copernicus-dem for a dataset that is/],
    [['--dataset', 'demo', '--asset', 'copernicus-dem'], /cannot be used with/],
  ])('create refuses %j', async (words, said) => {
    const { code, stdout, stderr } = await create(...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(said);
  });
});
