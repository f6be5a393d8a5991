import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCrs, transformer } from '../../../src/grid/crs/crs.js';
import {
  Cube,
  createPool,
  type Dataset,
  earthEngine,
  type Pool,
  parseDataset,
} from '../../../src/index.js';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { GDAL_TYPES } from '../../../src/kernel/gdal/raw-dataset.js';
import { startLoopback } from '../../../src/loopback/index.js';
import { allocate, type PixelArray, type WorkType } from '../../../src/raster/dtype.js';
import { temporaryFolder } from '../loopback-cubes.js';
import { type Factors, pairwise } from './pairwise.js';

const KERNELS = ['gdal', 'js'] as const;
type KernelName = (typeof KERNELS)[number];

/** Two tiles by two, those of the last row and column not whole. */
const [HEIGHT, WIDTH, CHUNK] = [40, 37, 24];

/** Masks of `uint8` travel as bits, those of the others in the pixels. */
const TYPES = ['uint8', 'int16', 'uint32', 'float32', 'float64'] as const;
const BANDS = ['one', 'two', 'three'];

const GRID = {
  crs: 'EPSG:32631',
  bounds: [500_010, 4_600_020 - 30 * HEIGHT, 500_010 + 30 * WIDTH, 4_600_020],
  resolution: 30,
  chunk: CHUNK,
};

/** What the source rasters call no value, and what the cube's dataset does. */
const [FILE_NODATA, CUBE_NODATA] = [77, 99];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let rasters: string;
const pools = {} as Record<KernelName, Pool>;

beforeAll(async () => {
  folder = await temporaryFolder();
  rasters = join(folder.path, 'rasters');
  await mkdir(rasters);
  for (const dtype of TYPES) writeRaster(join(rasters, `${dtype}.tif`), dtype);
  const assets = TYPES.map((dtype) => ({
    id: `users/test/${dtype}`,
    type: 'IMAGE',
    images: [{ file: `${dtype}.tif`, bands: BANDS }],
  }));
  await writeFile(join(rasters, 'manifest.json'), JSON.stringify({ assets }));
  for (const kernel of KERNELS) pools[kernel] = createPool({ size: 0, kernel });
});

afterAll(async () => {
  for (const kernel of KERNELS) await pools[kernel]?.close();
  await folder.remove();
});

/** Every value from 0 on below 120 but the two that mean none; one pixel in 13 has none. */
function valueAt(band: number, i: number): number | undefined {
  if ((i + band) % 13 === 5) return undefined;
  const value = (i * 7 + band * 31) % 120;
  return value === FILE_NODATA || value === CUBE_NODATA ? 3 : value;
}

function writeRaster(path: string, dtype: WorkType): void {
  const gdal = loadGdal();
  const type = GDAL_TYPES[dtype];
  const dataset = gdal.drivers.get('GTiff').create(path, WIDTH, HEIGHT, BANDS.length, type);
  dataset.geoTransform = [500_010, 30, 0, 4_600_020, 0, -30];
  dataset.srs = gdal.SpatialReference.fromEPSG(32631);
  for (const [at] of BANDS.entries()) {
    const pixels = allocate(dtype, HEIGHT * WIDTH);
    for (let i = 0; i < pixels.length; i++) pixels[i] = valueAt(at, i) ?? FILE_NODATA;
    const band = dataset.bands.get(at + 1);
    band.noDataValue = FILE_NODATA;
    band.pixels.write(0, 0, WIDTH, HEIGHT, pixels);
  }
  dataset.close();
}

/** What a cube must hold; in bytes, which have no code to spare for "no value", gaps are filled. */
function expectedOf(dtype: WorkType): Map<string, PixelArray> | undefined {
  if (dtype === 'uint8') return undefined;
  const none = dtype.startsWith('float') ? Number.NaN : CUBE_NODATA;
  return new Map(
    BANDS.map((name, band) => {
      const pixels = allocate(dtype, HEIGHT * WIDTH);
      for (let i = 0; i < pixels.length; i++) pixels[i] = valueAt(band, i) ?? none;
      return [name, pixels];
    }),
  );
}

/** The pixels of a cube that was filled with replies in that form. */
async function fill(dataset: Dataset, kernel: KernelName, replyFormat?: string) {
  const server = await startLoopback({
    folder: rasters,
    ...(replyFormat === undefined ? {} : { replyFormat }),
  });
  try {
    const pool = pools[kernel];
    const cube = await Cube.create('memory:', dataset, { pool });
    const source = await earthEngine(dataset, {
      ...{ endpoint: server.url, token: 'loopback', project: 'test' },
      retry: { maxTries: 1 },
    });
    const { failed } = await cube.ingest(cube.grid.geobox, { source, pool });
    await source.close();
    expect(failed).toEqual([]);
    expect(server.requests.served).toBeGreaterThanOrEqual(1);
    return (await cube.load(cube.grid.geobox, { pool })).bands;
  } finally {
    await server.close();
  }
}

function datasetOf(dtype: WorkType, grid = GRID): Dataset {
  return parseDataset({
    title: dtype,
    image: `users/test/${dtype}`,
    bands: BANDS,
    dtype,
    grid,
    ...(dtype === 'uint8' ? { fill: 'nearest' } : { fill: 'none' }),
    ...(dtype.startsWith('float') || dtype === 'uint8' ? {} : { nodata: CUBE_NODATA }),
  });
}

const usual = new Map<WorkType, ReadonlyMap<string, unknown>>();

/** Pixels of a cube filled with replies in the usual form. */
async function usualOf(dtype: WorkType): Promise<ReadonlyMap<string, unknown>> {
  const known = usual.get(dtype);
  if (known !== undefined) return known;
  const bands = await fill(datasetOf(dtype), 'gdal');
  usual.set(dtype, bands);
  return bands;
}

test.each(TYPES)('a cube of %s holds the pixels of the raster that is served', async (dtype) => {
  const bands = await usualOf(dtype);
  expect([...bands.keys()]).toEqual(BANDS);
  const wanted = expectedOf(dtype);
  if (wanted !== undefined) expect(bands).toEqual(wanted);
});

describe.each(KERNELS)('with the kernel %s, a cube is the same', (kernel) => {
  const PLACEMENTS = ['tiepoint', 'tiepoints', 'matrix'].flatMap((tags) => [tags, `${tags},point`]);

  test.each(PLACEMENTS)('from replies that are placed by %s', async (placement) => {
    for (const dtype of ['uint8', 'int16'] as const)
      expect(await fill(datasetOf(dtype), kernel, placement)).toEqual(await usualOf(dtype));
  });
});

describe.each(['ESRI:54009', '+proj=laea +lat_0=41.5 +lon_0=3 +datum=WGS84 +type=crs'])(
  'a cube in %s, which no EPSG code names,',
  (crs) => {
    test('is the same from replies in every placement, with either kernel', async () => {
      const [x, y] = transformer(parseCrs('EPSG:32631'), parseCrs(crs))(500_500, 4_599_500);
      const [west, south] = [Math.round(x) - 360, Math.round(y) - 360];
      const bounds = [west, south, west + 720, south + 720];
      const dataset = datasetOf('int16', { ...GRID, crs, bounds });
      const wanted = await fill(dataset, 'gdal');
      const pixels = Array.from(wanted.get('one') ?? []);
      expect(pixels.filter((value) => value !== CUBE_NODATA).length).toBeGreaterThan(100);
      for (const kernel of KERNELS)
        for (const words of ['tiepoint', 'matrix,big-endian', 'matrix,point,tiled=16,lzw'])
          expect(await fill(dataset, kernel, words), `${kernel} ${words}`).toEqual(wanted);
    });
  },
);

interface Row {
  readonly dtype: (typeof TYPES)[number];
  readonly kernel: KernelName;
  readonly placement: string;
  readonly pixelIs: string;
  readonly blocks: string;
  readonly compression: string;
  readonly predictor: number;
  readonly interleave: string;
  readonly file: string;
  readonly byteOrder: string;
  readonly nodata: string;
}

const FACTORS: Factors<Row> = {
  dtype: TYPES,
  kernel: KERNELS,
  placement: ['tiepoint', 'tiepoints', 'matrix'],
  pixelIs: ['area', 'point'],
  blocks: ['striped', 'striped=5', 'tiled=16', 'tiled'],
  compression: ['uncompressed', 'deflate', 'lzw', 'packbits'],
  predictor: [1, 2, 3],
  interleave: ['band-interleaved', 'pixel-interleaved'],
  file: ['classic', 'bigtiff'],
  byteOrder: ['little-endian', 'big-endian'],
  // One that is a valid pixel, one that the type may not hold.
  nodata: ['none', '3', '-9999', 'nan'],
};

const canBe = ({ dtype, compression, predictor, byteOrder }: Row): boolean =>
  predictor === 1 ||
  ((compression === 'deflate' || compression === 'lzw') &&
    (predictor === 2 || (dtype.startsWith('float') && byteOrder === 'little-endian')));

function wordsOf({ dtype: _, kernel: __, predictor, nodata, ...rest }: Row): string {
  return [...Object.values(rest), `predictor=${predictor}`, `nodata=${nodata}`].join(',');
}

const SEED = Number(process.env.GEOCUBES_TEST_SEED ?? 12);

test(`every two options of a reply's form meet in a cube, which is the same (seed ${SEED})`, async () => {
  const rows = pairwise(FACTORS, canBe, SEED);
  expect(rows.length).toBeGreaterThanOrEqual(20);
  for (const row of rows) {
    const words = wordsOf(row);
    const told = `${row.dtype} ${row.kernel} --reply-format ${words}`;
    const bands = await fill(datasetOf(row.dtype), row.kernel, words).catch((cause) => {
      throw new Error(told, { cause });
    });
    expect(bands, told).toEqual(await usualOf(row.dtype));
  }
});
