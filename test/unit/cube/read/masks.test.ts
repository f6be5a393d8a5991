/** What files say of pixels outside a region's shape, and in tiles that are not loaded. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeGeoTiff } from '../../../../src/cube/read/raster-files.js';
import type { DatasetFile } from '../../../../src/dataset/file/dataset-file.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import type { GeoJsonRegion } from '../../../../src/grid/roi.js';
import { loadGdal } from '../../../../src/kernel/gdal/load.js';
import { createPool, type Pool } from '../../../../src/pool/pool.js';
import { type FilledCube, filledCube } from '../filled-cube.js';
import { HEIGHT, numberAt, numberedCube, POLAR, WIDTH } from '../values/numbered-cube.js';

const EXPECTED = JSON.parse(
  readFileSync(new URL('../values/expected.json', import.meta.url), 'utf8'),
) as {
  shapes: Record<string, GeoJsonRegion>;
  degrees: [number, number][];
  /** By rasterio's geometry_mask and, of degrees, by pyproj. */
  masks: Record<string, string>;
};

const crs = { type: 'name', properties: { name: 'EPSG:3413' } };
const shape = (name: string) =>
  (name === 'degrees'
    ? { type: 'Polygon', coordinates: [EXPECTED.degrees] }
    : { ...EXPECTED.shapes[name], crs }) as GeoJsonRegion;

function maskOf(name: string, length: number): boolean[] {
  const bytes = Buffer.from(EXPECTED.masks[name] ?? '', 'hex');
  return Array.from({ length }, (_, i) => ((bytes[i >> 3] ?? 0) & (128 >> (i & 7))) !== 0);
}

const isLoaded = (row: number, col: number) =>
  (Math.floor(row / 20) + Math.floor(col / 30)) % 4 !== 3;

interface Read {
  readonly row: number;
  readonly col: number;
  readonly height: number;
  readonly width: number;
  /** GDAL's. */
  readonly flags: number;
  readonly mask: readonly number[];
  readonly bands: readonly (readonly number[])[];
}

/** What GDAL finds, and which pixels of the numbered cube they are. */
function read(file: string): Read {
  const dataset = loadGdal().open(file);
  const { x: width, y: height } = dataset.rasterSize;
  const [west = 0, , , north = 0] = dataset.geoTransform ?? [];
  const first = dataset.bands.get(1);
  const found = {
    ...{ row: Math.round((-2e6 - north) / 1e4), col: Math.round((west + 1e6) / 1e4) },
    ...{ height, width, flags: first.getMaskFlags() },
    mask: [...(first.getMaskBand()?.pixels.read(0, 0, width, height) ?? [])],
    bands: dataset.bands.map((band) => [...band.pixels.read(0, 0, width, height)]),
  };
  dataset.close();
  return found;
}

const [ALL_VALID, PER_DATASET, NODATA] = [1, 2, 8];

let folder: string;
let pool: Pool;
const cubes = new Map<string, FilledCube>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'geocubes-masks-'));
  pool = createPool({ size: 2 });
  for (const dtype of ['uint16', 'int16', 'float32'] as const)
    cubes.set(dtype, await numberedCube(dtype));
  cubes.set('whole', await numberedCube('uint16', { isWhole: true }));
});
afterAll(async () => {
  await pool.close();
  for (const cube of cubes.values()) cube.remove();
  rmSync(folder, { recursive: true, force: true });
});
const cubeOf = (name: string) => (cubes.get(name) as FilledCube).cube;

describe('a GeoTIFF of integers without a code for "no value"', () => {
  const ways = [
    ['in one piece', {}],
    ['part by part', { pixelBytes: 1 }],
    ['in strips', { pixelBytes: 1, creationOptions: ['TILED=NO', 'BLOCKYSIZE=3'] }],
    ['as a COG', { format: 'cog' }],
    ['as a COG, part by part', { format: 'cog', pixelBytes: 1 }],
  ] as const;
  const cases = ways.flatMap(([way, options]) =>
    ['triangle', 'overlapping', 'degrees'].map((name) => [way, name, options] as const),
  );
  test.each(cases)(
    'has, %s, a mask of the pixels of the shape "%s" that are loaded, as rasterio has it',
    async (way, name, options) => {
      const file = join(folder, `${way} ${name}.tif`);
      await cubeOf('uint16').saveGeoTiff(shape(name), file, { pool, ...options });
      const { row, col, height, width, flags, mask, bands } = read(file);
      expect(flags).toBe(PER_DATASET);
      const inside = maskOf(name, HEIGHT * WIDTH);
      const wanted = Array.from({ length: height * width }, (_, i) => {
        const [y, x] = [row + Math.floor(i / width), col + (i % width)];
        return inside[y * WIDTH + x] && isLoaded(y, x) ? 255 : 0;
      });
      expect(mask).toEqual(wanted);
      expect(wanted.filter((each) => each > 0).length).toBeGreaterThan(500);
      const values = wanted.map((each, i) =>
        each === 0 ? 0 : numberAt('uint16', row + Math.floor(i / width), col + (i % width)),
      );
      expect(bands).toEqual([values]);
    },
  );

  test('is, loaded first and written then, the same file to a reader', async () => {
    const [saved, written] = ['saved.tif', 'written.tif'].map((name) => join(folder, name));
    const cube = cubeOf('uint16');
    await cube.saveGeoTiff(shape('triangle'), saved as string, { pool });
    const region = await cube.load(shape('triangle'), { pool, clip: true });
    await writeGeoTiff(region, written as string, { pool, hasNodata: false });
    expect(read(written as string)).toEqual(read(saved as string));
    const wrong = { ...region, mask: new Uint8Array(3) };
    await expect(
      writeGeoTiff(wrong, written as string, { pool, hasNodata: false }),
    ).rejects.toThrow(/the mask of the GeoTIFF to write but received "?Uint8Array of 3/);
  });

  test('has without clipping, and with a buffer, the whole box, and a mask of what is loaded', async () => {
    for (const [options, by] of [
      [{ clip: false }, 0],
      [{ buffer: 2 }, 2],
    ] as const) {
      const file = join(folder, `box ${by}.tif`);
      await cubeOf('uint16').saveGeoTiff(shape('triangle'), file, { pool, ...options });
      const { row, col, height, width, mask } = read(file);
      expect([row, col]).toEqual([2 - by, 3 - by]);
      const wanted = Array.from({ length: height * width }, (_, i) =>
        isLoaded(row + Math.floor(i / width), col + (i % width)) ? 255 : 0,
      );
      expect(mask).toEqual(wanted);
    }
  });

  test('has no mask where every pixel has a value', async () => {
    const file = join(folder, 'whole.tif');
    const cube = cubeOf('whole');
    await cube.saveGeoTiff(cube.grid.geobox, file, { pool });
    expect(read(file).flags).toBe(ALL_VALID);
    expect((await cube.load(cube.grid.geobox, { pool })).mask).toBeUndefined();
  });

  test.each(['near', 'bilinear', 'cubic', 'average', 'mode'] as const)(
    'has, on another grid by %s, the values and gaps of a cube that has a code',
    async (resampling) => {
      const file = {
        ...{ title: 'coded', local: true, bands: ['value'], dtype: 'uint16', nodata: 65535 },
        grid: { ...POLAR, shape: [HEIGHT, WIDTH], chunk: [20, 30] },
      } as unknown as DatasetFile;
      const coded = await filledCube(file, (_, row, col) => numberAt('uint16', row, col), {
        isLoaded: ({ row, col }) => (row + col) % 4 !== 3,
      });
      try {
        const like = new GeoBox(
          parseCrs('EPSG:32622'),
          { height: 90, width: 80 },
          [11_000, 0, 100_000, 0, -12_000, 8_000_000],
        );
        const files = ['coded', 'plain'].map((name) => join(folder, `${name} ${resampling}.tif`));
        const how = { pool, like, resampling };
        await coded.cube.saveGeoTiff(like, files[0] as string, how);
        await cubeOf('uint16').saveGeoTiff(like, files[1] as string, { ...how, pixelBytes: 1 });
        const [wanted, found] = files.map(read);
        expect(found?.flags).toBe(PER_DATASET);
        expect(found?.mask).toEqual(wanted?.mask);
        expect(found?.bands[0]).toEqual(wanted?.bands[0]?.map((n) => (n === 65535 ? 0 : n)));
        expect(new Set(found?.mask)).toEqual(new Set([0, 255]));
      } finally {
        coded.remove();
      }
    },
  );

  test.each(['triangle', 'overlapping'])(
    'has, on another grid, the pixels of "%s" there whose centre lies inside, as rasterio has them',
    async (name) => {
      const file = join(folder, `fine ${name}.tif`);
      const like = new GeoBox(
        parseCrs('EPSG:3413'),
        { height: 100, width: 110 },
        [7_000, 0, -1_033_000, 0, -7_000, -1_979_000],
      );
      await cubeOf('whole').saveGeoTiff(shape(name), file, { pool, like });
      const { mask } = read(file);
      const wanted = maskOf(`${name} of 7 km`, 100 * 110);
      expect(mask).toEqual(wanted.map((isInside) => (isInside ? 255 : 0)));
    },
  );
});

describe('a shape', () => {
  test.each([
    ['int16', -9999],
    ['float32', Number.NaN],
  ] as const)('has around it, in %s, the code %d', async (dtype, code) => {
    const file = join(folder, `${dtype}.tif`);
    await cubeOf(dtype).saveGeoTiff(shape('triangle'), file, { pool });
    const { row, col, height, width, flags, bands } = read(file);
    expect(flags).toBe(NODATA);
    const inside = maskOf('triangle', HEIGHT * WIDTH);
    const wanted = Array.from({ length: height * width }, (_, i) => {
      const [y, x] = [row + Math.floor(i / width), col + (i % width)];
      const value = inside[y * WIDTH + x] && isLoaded(y, x) ? numberAt(dtype, y, x) : code;
      return dtype === 'float32' ? Math.fround(value) : value;
    });
    expect(bands).toEqual([wanted]);
    // The pixels in memory are those of the file.
    const region = await cubeOf(dtype).load(shape('triangle'), { pool, clip: true });
    expect([...(region.bands.get('value') ?? [])]).toEqual(wanted);
    expect(region.mask).toBeUndefined();
  });

  test('between the centres of pixels is refused, unless the box is asked for', async () => {
    const at = (x: number, y: number) => [-1e6 + x * 1e4, -2e6 - y * 1e4];
    const small = {
      ...{ type: 'Polygon', crs },
      coordinates: [[at(5.1, 5.1), at(5.3, 5.1), at(5.2, 5.4), at(5.1, 5.1)]],
    } as GeoJsonRegion;
    const file = join(folder, 'small.tif');
    await expect(cubeOf('int16').saveGeoTiff(small, file, { pool })).rejects.toThrow(
      /^Expected a region that holds the centre of one pixel.*--no-clip/,
    );
    await cubeOf('int16').saveGeoTiff(small, file, { pool, clip: false });
    expect(read(file)).toMatchObject({ row: 5, col: 5, height: 1, width: 1 });
  });

  test('across the antimeridian is clipped on both of its sides, and tiles that are not loaded are masked there', async () => {
    const place = { crs: 'EPSG:4326', bounds: [-180, -60, 180, 60] };
    const world = await numberedCube('uint16', { place, shape: [60, 90] });
    try {
      const file = join(folder, 'across.tif');
      // 4 x 2 degrees a pixel: a diamond around 180 degrees east, one place twice for the grid.
      const diamond = {
        type: 'Polygon',
        coordinates: [
          [
            [150, 0],
            [180, -40],
            [211, 1],
            [179, 39],
            [150, 0],
          ],
        ],
      } as GeoJsonRegion;
      await world.cube.saveGeoTiff(diamond, file, { pool });
      const { mask, height, width } = read(file);
      const ring = (diamond as { coordinates?: unknown }).coordinates as [number, number][][];
      const isInside = (x: number, y: number) => {
        let crossings = 0;
        for (const [i, [x1, y1]] of (ring[0] ?? []).slice(0, -1).entries()) {
          const [x2, y2] = ring[0]?.[i + 1] ?? [0, 0];
          if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) crossings++;
        }
        return crossings % 2 === 1;
      };
      const [firstRow, firstCol] = [Math.floor((60 - 39) / 2), Math.floor((150 + 180) / 4)];
      const wanted = Array.from({ length: height * width }, (_, i) => {
        const [row, col] = [firstRow + Math.floor(i / width), firstCol + (i % width)];
        const isIn = isInside(-180 + (col + 0.5) * 4, 60 - (row + 0.5) * 2);
        return isIn && isLoaded(row, col % 90) ? 255 : 0;
      });
      expect(width).toBeGreaterThan(10);
      expect(mask).toEqual(wanted);
    } finally {
      world.remove();
    }
  });
});

describe('several steps', () => {
  const file = (nodata: object) =>
    ({
      ...{ title: 'steps', local: true, bands: ['one', 'two'], dtype: 'uint8', ...nodata },
      grid: { crs: 'EPSG:4326', bounds: [0, 0, 8, 6], resolution: 1, chunk: 4 },
      time: { start: '2019-12', step: '1 month', end: '2020-02' },
    }) as unknown as DatasetFile;
  const value = (band: number, row: number, col: number, t: number) =>
    1 + band * 100 + t * 30 + row * 4 + (col % 4);

  test.each([
    ['in one piece', {}],
    ['part by part', { pixelBytes: 1 }],
    ['with interleaved pixels', { pixelBytes: 1, creationOptions: ['INTERLEAVE=PIXEL'] }],
  ])('are bands one after the other that say their time, %s', async (name, options) => {
    const { cube, remove } = await filledCube(file({ nodata: 0 }), value);
    try {
      const path = join(folder, `steps ${name}.tif`);
      const saved = await cube.saveGeoTiff(cube.grid.geobox, path, { pool, ...options });
      expect(saved.steps?.map(({ index }) => index)).toEqual([0, 1, 2]);
      expect(saved.bands).toEqual(['one', 'two']);
      const dataset = loadGdal().open(path);
      const times = dataset.bands.map((band) => band.getMetadata() as Record<string, string>);
      expect(dataset.bands.map((band) => band.description)).toEqual([
        ...['2019-12: one', '2019-12: two', '2020-01: one', '2020-01: two'],
        ...['2020-02: one', '2020-02: two'],
      ]);
      dataset.close();
      expect(times[2]).toMatchObject({ TIME_START: '2020-01-01', TIME_END: '2020-02-01' });
      const wanted = [0, 1, 2].flatMap((t) =>
        [0, 1].map((band) =>
          Array.from({ length: 48 }, (_, i) => value(band, Math.floor(i / 8), i % 8, t)),
        ),
      );
      expect(read(path).bands).toEqual(wanted);
    } finally {
      remove();
    }
  });

  test('of which different tiles are loaded need a mask each, which one file has not', async () => {
    const isThere = ({ t = 0, col }: { t?: number; col: number }) => t === 1 || col === 0;
    const { cube, remove } = await filledCube(file({}), value, { isLoaded: isThere });
    try {
      const path = join(folder, 'uneven.tif');
      await expect(cube.saveGeoTiff(cube.grid.geobox, path, { pool })).rejects.toThrow(
        /^Expected steps of which the same tiles are loaded .* \{time\} in the name of --out\.$/,
      );
      const even = {
        kind: 'list',
        times: ['2019-12', '2020-02'].map((time) => ({ kind: 'at', time })),
      };
      await cube.saveGeoTiff(cube.grid.geobox, path, { pool, time: even as never });
      const { mask, bands } = read(path);
      expect(bands).toHaveLength(4);
      expect(mask).toEqual(Array.from({ length: 48 }, (_, i) => (i % 8 < 4 ? 255 : 0)));
    } finally {
      remove();
    }
  });

  test('of bands of several types have NaN where one without a code is not loaded', async () => {
    const mixed = {
      ...file({}),
      bands: [{ name: 'one' }, { name: 'two', dtype: 'float32' }],
    } as DatasetFile;
    const isThere = ({ t = 0, col }: { t?: number; col: number }) => t === 1 || col === 0;
    const { cube, remove } = await filledCube(mixed, value, { isLoaded: isThere });
    try {
      const path = join(folder, 'mixed.tif');
      await cube.saveGeoTiff(cube.grid.geobox, path, { pool });
      const wanted = [0, 1, 2].flatMap((t) =>
        [0, 1].map((band) =>
          Array.from({ length: 48 }, (_, i) =>
            isThere({ t, col: i % 8 < 4 ? 0 : 1 })
              ? value(band, Math.floor(i / 8), i % 8, t)
              : Number.NaN,
          ),
        ),
      );
      expect(read(path).bands).toEqual(wanted);
      // The same from memory, of a step.
      const one = { kind: 'at', time: '2019-12' } as const;
      const region = await cube.load(cube.grid.geobox, { pool, time: one });
      await writeGeoTiff(region, path, { pool });
      expect(read(path).bands).toEqual(wanted.slice(0, 2));
    } finally {
      remove();
    }
  });
});
