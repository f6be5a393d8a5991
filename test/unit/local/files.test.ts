import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Cube, createPool, defineDataset, type Pool } from '../../../src/index.js';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { GDAL_TYPES } from '../../../src/kernel/gdal/raw-dataset.js';
import { type LocalFilesOptions, localFiles } from '../../../src/local/source.js';
import type { WorkType } from '../../../src/raster/dtype.js';
import { pixelsOf } from '../kernel/geotiff.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool({ size: 0 });
});
afterAll(() => pool.close());

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** 4 x 4 pixels of 10 m in tiles of 2 x 2. */
type File = Parameters<typeof defineDataset>[0];
const cubeOf = (more: Partial<File> = {}) =>
  Cube.create(
    'memory:',
    defineDataset({
      title: 'small',
      local: true,
      bands: ['v'],
      dtype: 'int16',
      nodata: -1,
      grid: { crs: 'EPSG:3413', bounds: [0, 0, 40, 40], resolution: 10, chunk: 2 },
      ...more,
    }),
    { pool },
  );

interface Written {
  readonly dtype?: WorkType;
  /** By band, 4 x 4 or, with `at`, of that width and height. */
  readonly bands: readonly (readonly number[])[];
  readonly names?: readonly string[];
  readonly nodata?: number;
  readonly at?: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  readonly options?: readonly string[];
  readonly crs?: string | null;
  /** 0 or 255 for each pixel; in the file, or beside it as .msk. */
  readonly mask?: { readonly values: readonly number[]; readonly isInside: boolean };
}

function write(name: string, written: Written): string {
  const { dtype = 'int16', bands, names, nodata, options = [], crs = 'EPSG:3413', mask } = written;
  const { x, y, width, height } = written.at ?? { x: 0, y: 0, width: 4, height: 4 };
  const gdal = loadGdal();
  const path = join(folder, name);
  const file = gdal.drivers
    .get('GTiff')
    .create(path, width, height, bands.length, GDAL_TYPES[dtype], [...options]);
  file.geoTransform = [x * 10, 10, 0, 40 - y * 10, 0, -10];
  if (crs !== null) file.srs = gdal.SpatialReference.fromUserInput(crs);
  for (const [i, values] of bands.entries()) {
    const band = file.bands.get(i + 1);
    if (nodata !== undefined) band.noDataValue = nodata;
    band.pixels.write(0, 0, width, height, pixelsOf(dtype, values));
  }
  if (mask !== undefined) {
    gdal.config.set('GDAL_TIFF_INTERNAL_MASK', mask.isInside ? 'YES' : 'NO');
    file.bands.get(1).createMaskBand(2);
    file.bands
      .get(1)
      .getMaskBand()
      ?.pixels.write(0, 0, width, height, Uint8Array.from(mask.values));
  }
  file.close();
  return names === undefined ? path : named(path, names);
}

/** The same file with names of its bands, which the binding cannot set: a VRT can say them, and is copied. */
function named(path: string, names: readonly string[]): string {
  const gdal = loadGdal();
  const view = `${path}.vrt`;
  const file = gdal.open(path);
  gdal.translate(view, file, ['-of', 'VRT']).close();
  file.close();
  let band = 0;
  const xml = readFileSync(view, 'utf8').replace(
    /<VRTRasterBand [^>]*>/g,
    (tag) => `${tag}<Description>${names[band++]}</Description>`,
  );
  writeFileSync(view, xml);
  const described = gdal.open(view);
  gdal.translate(`${path}-named.tif`, described).close();
  described.close();
  return `${path}-named.tif`;
}

async function imported(cube: Cube, paths: readonly string[], options: LocalFilesOptions = {}) {
  const source = await localFiles(cube.dataset, paths, options);
  const summary = await cube.ingest(cube.grid.geobox, { source, pool });
  expect(summary.failed).toEqual([]);
  const { bands } = await cube.load(cube.grid.geobox);
  return [...bands.values()].map((pixels) => [...pixels]);
}

const ONE_TO_16 = Array.from({ length: 16 }, (_, i) => i + 1);
const all = (value: number) => Array<number>(16).fill(value);
/** The first eight pixels of one, the last eight of the other. */
const halves = (one: readonly number[], other: readonly number[]) => [
  ...one.slice(0, 8),
  ...other.slice(8),
];

describe('what has no value', () => {
  const upper = halves(all(0), all(255));

  test.each<[string, Written]>([
    ['the nodata tag', { bands: [halves(all(7), ONE_TO_16)], nodata: 7 }],
    ['a mask in the file', { bands: [ONE_TO_16], mask: { values: upper, isInside: true } }],
    ['a mask beside the file', { bands: [ONE_TO_16], mask: { values: upper, isInside: false } }],
    [
      'an alpha band, which is no band of the cube',
      { dtype: 'uint8', bands: [ONE_TO_16, upper], options: ['ALPHA=YES'] },
    ],
    ["the cube's own code, where the file says nothing", { bands: [halves(all(-1), ONE_TO_16)] }],
  ])('%s says it, for files that are copied and files that are warped', async (_, written) => {
    const expectedPixels = halves(all(-1), ONE_TO_16);
    const file = write('f.tif', written);
    expect(await imported(await cubeOf(), [file])).toEqual([expectedPixels]);
    // Pixels of half the side lie on another grid.
    for (const resampling of ['near', 'bilinear'] as const) {
      const cube = await cubeOf({
        grid: { crs: 'EPSG:3413', bounds: [0, 0, 40, 40], resolution: 5, chunk: 4 },
      });
      const [pixels = []] = await imported(cube, [file], { resampling });
      expect(pixels.slice(0, 32)).toEqual(Array(32).fill(-1));
      expect(Math.min(...pixels.slice(32))).toBeGreaterThanOrEqual(9);
      expect(Math.max(...pixels.slice(32))).toBe(16);
    }
  });

  test('the value that is given goes before the tag, in every file, but not before a mask', async () => {
    const tagged = write('tagged.tif', { bands: [halves(all(7), all(9))], nodata: 9 });
    expect(await imported(await cubeOf(), [tagged], { nodata: 7 })).toEqual([
      halves(all(-1), all(9)),
    ]);
    const masked = write('masked.tif', {
      bands: [[7, ...ONE_TO_16.slice(1)]],
      mask: { values: halves(all(255), all(0)), isInside: true },
    });
    expect(await imported(await cubeOf(), [masked], { nodata: 7 })).toEqual([
      [-1, 2, 3, 4, 5, 6, -1, 8, ...all(-1).slice(8)],
    ]);
  });

  test('NaN, with a nodata tag or without', async () => {
    const values = halves(all(Number.NaN), ONE_TO_16);
    const cube = () => cubeOf({ dtype: 'float32' });
    const plain = write('plain.tif', { dtype: 'float32', bands: [values] });
    expect(await imported(await cube(), [plain])).toEqual([values]);
    const tagged = write('tagged.tif', { dtype: 'float32', bands: [values], nodata: 16 });
    expect(await imported(await cube(), [tagged])).toEqual([[...values.slice(0, 15), Number.NaN]]);
  });

  test("a valid pixel that has the cube's code is stored beside it, as gdalwarp does", async () => {
    const file = write('f.tif', { bands: [[-1, ...ONE_TO_16.slice(1)]], nodata: 7 });
    const [pixels] = await imported(await cubeOf(), [file]);
    expect(pixels?.[0]).toBe(-2);
    expect(pixels?.[6]).toBe(-1);
  });
});

describe('bands', () => {
  const two = (more: Partial<Written> = {}): Written => ({ bands: [all(1), all(2)], ...more });

  test('are matched by name, and others are left out', async () => {
    const file = write('f.tif', { bands: [all(1), all(2), all(3)], names: ['b', 'other', 'a'] });
    expect(await imported(await cubeOf({ bands: ['a', 'b'] }), [file])).toEqual([all(3), all(1)]);
  });

  test('are matched by order where the file has no names, or others', async () => {
    const file = write('f.tif', two({ names: ['x', 'y'] }));
    expect(await imported(await cubeOf({ bands: ['a', 'b'] }), [file])).toEqual([all(1), all(2)]);
  });

  test('are those that are chosen, by number or name', async () => {
    const file = write('f.tif', two({ names: ['x', 'y'] }));
    const cube = () => cubeOf({ bands: ['a', 'b'] });
    expect(await imported(await cube(), [file], { bands: [2, 'x'] })).toEqual([all(2), all(1)]);
    for (const [bands, message] of [
      [[1], "Expected 2 bands, one for each of the cube's (a, b)"],
      [[1, 3], 'Expected a band number from 1 to 2'],
      [[1, 'z'], 'Expected one of its bands'],
    ] as const)
      await expect(localFiles((await cube()).dataset, [file], { bands })).rejects.toThrow(message);
  });

  test('may come from several files, as long as all of them come', async () => {
    const a = write('a.tif', { bands: [all(1)], names: ['a'] });
    const b = write('b.tif', { bands: [all(2)], names: ['b'] });
    const cube = await cubeOf({ bands: ['a', 'b'] });
    await expect(localFiles(cube.dataset, [a])).rejects.toThrow('none with b');
    expect(await imported(cube, [a, b])).toEqual([all(1), all(2)]);
  });
});

describe('files', () => {
  test('that overlap give the valid pixel of the last, or of the first', async () => {
    const holes = ONE_TO_16.map((value) => (value % 2 === 0 ? 0 : value));
    const low = write('low.tif', { bands: [all(50)], nodata: 0 });
    const high = write('high.tif', { bands: [holes], nodata: 0 });
    expect(await imported(await cubeOf(), [low, high])).toEqual([
      holes.map((value) => (value === 0 ? 50 : value)),
    ]);
    expect(await imported(await cubeOf(), [low, high], { order: 'first' })).toEqual([all(50)]);
    expect(await imported(await cubeOf(), [high, low])).toEqual([all(50)]);
  });

  test('make the tiles they touch, no others, and a second run makes none again', async () => {
    const corner = write('corner.tif', { bands: [[5]], at: { x: 3, y: 3, width: 1, height: 1 } });
    const cube = await cubeOf();
    const source = await localFiles(cube.dataset, [corner]);
    const first = await cube.ingest(cube.grid.geobox, { source, pool });
    expect([first.tiles, first.committed]).toEqual([1, 1]);
    expect((await cube.tileStates(cube.grid.geobox)).map(({ state }) => state)).toEqual([
      0, 0, 0, 1,
    ]);
    const again = await cube.ingest(cube.grid.geobox, { source, pool });
    expect([again.tiles, again.alreadyLoaded]).toEqual([0, 1]);
  });

  test('of a narrower type are widened, and of a wider one refused', async () => {
    const bytes = write('bytes.tif', { dtype: 'uint8', bands: [ONE_TO_16] });
    expect(await imported(await cubeOf(), [bytes])).toEqual([ONE_TO_16]);
    const floats = write('floats.tif', { dtype: 'float32', bands: [ONE_TO_16] });
    await expect(localFiles((await cubeOf()).dataset, [floats])).rejects.toThrow(
      `Expected pixels that fit into the cube's int16 for the file ${floats} but received "float32".`,
    );
  });

  test('that cannot be used are refused by name', async () => {
    const { dataset } = await cubeOf();
    const text = join(folder, 'notes.txt');
    await writeFile(text, 'mine');
    const plain = write('plain.tif', { bands: [all(1)], crs: null });
    const away = write('away.tif', { bands: [all(1)], at: { x: 90, y: 0, width: 4, height: 4 } });
    for (const [path, message] of [
      [text, `Expected a raster that GDAL can read but received "${text}"`],
      [join(folder, 'absent.tif'), 'Expected an existing raster file'],
      ['/vsicurl/http://127.0.0.1:9/x.tif', 'Expected an existing raster file'],
      [folder, 'It is a folder'],
      [plain, `Expected a raster with a CRS for the file ${plain}`],
      [away, 'Expected files that touch the cube'],
    ] as const)
      await expect(localFiles(dataset, [path])).rejects.toThrow(message);
    await expect(localFiles(dataset, [])).rejects.toThrow('Expected at least one file');
  });

  test('outside of the cube are told of, where others are inside', async () => {
    const inside = write('inside.tif', { bands: [all(1)] });
    const away = write('away.tif', { bands: [all(1)], at: { x: 90, y: 0, width: 4, height: 4 } });
    const { dataset } = await cubeOf();
    expect((await localFiles(dataset, [away, inside])).outside).toEqual([away]);
  });
});
