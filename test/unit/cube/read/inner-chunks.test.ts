import { describe, expect, onTestFinished, test } from 'vitest';
import * as zarr from 'zarrita';
import { Cube } from '../../../../src/cube/cube.js';
import { readRaster } from '../../../../src/cube/read/read-raster.js';
import type { DatasetFile } from '../../../../src/dataset/file/dataset-file.js';
import { createPool } from '../../../../src/pool/pool.js';
import type { DType } from '../../../../src/raster/dtype.js';
import { Repository } from '../../../../src/store/repository.js';
import type { Session } from '../../../../src/store/session.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import { filledCube } from '../filled-cube.js';

const [HEIGHT, WIDTH] = [60, 90];

const fileOf = (dtype: DType, more: Partial<DatasetFile> = {}): DatasetFile => ({
  title: 'inner chunks',
  image: 'users/me/inner',
  bands: ['a', 'b'],
  dtype,
  grid: { crs: 'EPSG:4326', bounds: [0, 0, 90, 60], resolution: 1, chunk: 40 },
  innerChunk: 10,
  ...more,
});

/** Of a fifth of the inner chunks no pixel has a value. */
const pixelsOf = (dtype: DType) => (band: number, row: number, col: number, t: number) => {
  const isEmpty = (Math.floor(row / 10) * 9 + Math.floor(col / 10)) % 5 === 0;
  if (isEmpty) return dtype.startsWith('float') ? Number.NaN : 0;
  const value = (t * 31 + band * 50 + row * 3 + (col % 7)) % 120;
  return dtype === 'bool' ? value & 1 : value;
};

function wanted(
  dtype: DType,
  band: number,
  t = 0,
  row = 0,
  col = 0,
  height = HEIGHT,
  width = WIDTH,
) {
  return Array.from({ length: height * width }, (_, i) =>
    pixelsOf(dtype)(band, row + Math.floor(i / width), col + (i % width), t),
  );
}

/** Counts what is read of chunks. */
function counting(session: Session) {
  const count = { bytes: 0, requests: 0 };
  const { store } = session;
  const counted = (key: string, bytes: Uint8Array | null | undefined) => {
    if (!key.endsWith('zarr.json')) {
      count.bytes += bytes?.byteLength ?? 0;
      count.requests++;
    }
    return bytes;
  };
  return {
    count,
    session: {
      store: {
        ...store,
        get: async (key: string) => counted(key, await store.get(key)),
        getRange: async (key: string, range: Parameters<typeof store.getRange>[1]) =>
          counted(key, await store.getRange(key, range)),
      } as Session['store'],
    } satisfies Session,
  };
}

describe.each(['cube', 'cube.zarr'])('%s whose chunks consist of inner chunks', (name) => {
  test.each(['bool', 'int8', 'uint8', 'int16', 'float32', 'float64'] as const)(
    'of %s is read by zarrita, by either kernel and by threads as it was written',
    async (dtype) => {
      const { cube, remove } = await filledCube(fileOf(dtype), pixelsOf(dtype), { name });
      onTestFinished(remove);
      const { arrays } = await cube.openZarr<
        zarr.Group<zarr.AsyncReadable>,
        zarr.Array<zarr.DataType, zarr.AsyncReadable>
      >();
      for (const [band, each] of ['a', 'b'].entries()) {
        const array = arrays.get(each);
        if (array === undefined) throw new Error(`there is no band ${each}`);
        expect(array.chunks).toEqual([10, 10]);
        const { data } = await zarr.get(array);
        expect(Array.from(data as Iterable<number>, Number)).toEqual(wanted(dtype, band));
      }
      for (const [kernel, size] of [
        ['gdal', 0],
        ['js', 0],
        ['gdal', 1],
      ] as const) {
        const pool = createPool({ size, kernel });
        onTestFinished(() => pool.close());
        const { bands } = await cube.load(cube.grid.geobox, { pool });
        expect([...(bands.get('b') ?? [])]).toEqual(wanted(dtype, 1));
      }
    },
  );

  test('with time steps has the pixels of each', async () => {
    const time = { start: '2017', step: '1 year', count: 2 } as const;
    const file = fileOf('int16', {
      time,
      image: undefined,
      collection: 'c',
    } as Partial<DatasetFile>);
    const { cube, remove } = await filledCube(file, pixelsOf('int16'), { name });
    onTestFinished(remove);
    for (const t of [0, 1]) {
      const steps = await cube.load(cube.grid.geobox, {
        time: { kind: 'at', time: `${2017 + t}` },
      });
      expect([...(steps.bands.get('a') ?? [])]).toEqual(wanted('int16', 0, t));
    }
  });

  test('gives any window, and a window of few pixels costs the index and what it lies in', async () => {
    const { path, remove } = await filledCube(
      fileOf('int16', { codec: 'fast' }),
      pixelsOf('int16'),
      { name },
    );
    onTestFinished(remove);
    const repository = await Repository.open(parseStorage(path));
    const session = await repository.readSession();
    for (const [row, col, height, width] of [
      [0, 0, 60, 90],
      [13, 17, 1, 1],
      [8, 9, 4, 3],
      [35, 38, 10, 11],
      [41, 3, 19, 60],
    ] as const) {
      const counted = counting(session);
      const pixels = await readRaster(counted, {
        path: 'b',
        shape: { height, width },
        parts: [{ window: { row, col, height, width }, row: 0, col: 0 }],
      });
      expect([...pixels]).toEqual(wanted('int16', 1, 0, row, col, height, width));
      const index = 16 * 16 + 4;
      if (height * width === 1)
        expect(counted.count.bytes).toBeLessThan(index + 10 * 10 * 2 + 16 + 1);
      if (height * width <= 12) expect(counted.count.requests).toBeLessThanOrEqual(3);
    }
  });

  test('is verified, and an inner chunk or index that was changed is told', async () => {
    const { cube, path, remove } = await filledCube(fileOf('int16'), pixelsOf('int16'), { name });
    onTestFinished(remove);
    const whole = await cube.verify(cube.grid.geobox);
    expect(whole).toMatchObject({ damaged: 0, chunks: 12 });
    const repository = await Repository.open(parseStorage(path));
    const { store } = await repository.readSession();
    const bytes = Buffer.from((await store.get('b/c/0/1')) ?? []);
    for (const [at, problem] of [
      [bytes.length - 30, /b: Expected an index that its checksum/],
      [12, /b: its inner chunk .*: its header tells of/],
    ] as const) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x15;
      const session = await repository.writeSession();
      await session.store.set('b/c/0/1', damaged);
      await repository.commit(session, 'damage', async () => {});
      for (const size of [undefined, 0, 1]) {
        const pool = size === undefined ? undefined : createPool({ size });
        if (pool !== undefined) onTestFinished(() => pool.close());
        const messages: string[] = [];
        const newest = await Cube.open(path);
        const report = await newest.verify(cube.grid.geobox, {
          pool,
          onDamage: ({ id, message }) => messages.push(`${id} ${message}`),
        });
        expect(report.byKind).toMatchObject({ unreadable: 1 });
        expect(messages).toEqual([expect.stringMatching(/^0-1 /)]);
        expect(messages[0]).toMatch(problem);
      }
      await expect((await Cube.open(path)).load(cube.grid.geobox)).rejects.toThrow(/Expected/);
    }
  });
});

test('the sides of a chunk that an inner chunk does not divide are refused with those that would do', async () => {
  await expect(filledCube(fileOf('int16', { innerChunk: 15 }), () => 1)).rejects.toThrow(
    'Expected a side that divides those of a chunk, 40 x 40 pixels, such as 10, 20, 40, for the inner chunk of the dataset but received 15',
  );
});

test('a window of 256 pixels of a chunk of 3600, which is 10 MB, takes less than 300 kB', async () => {
  const noise = (_: number, row: number, col: number) => {
    const mixed = Math.imul(row * 3600 + col + 1, 0x9e3779b1);
    const again = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
    return 1 + ((again ^ (again >>> 13)) & 0x3f);
  };
  const file = fileOf('uint8', {
    bands: ['a'],
    grid: { crs: 'EPSG:3413', bounds: [0, 0, 36_000, 36_000], resolution: 10, chunk: 3600 },
    innerChunk: 300,
  });
  const { path, remove } = await filledCube(file, noise);
  onTestFinished(remove);
  const session = await (await Repository.open(parseStorage(path))).readSession();
  const whole = (await session.store.get('a/c/0/0'))?.byteLength;
  const counted = counting(session);
  const window = { row: 1100, col: 2050, height: 256, width: 256 };
  const pixels = await readRaster(counted, {
    path: 'a',
    shape: window,
    parts: [{ window, row: 0, col: 0 }],
  });
  expect([...pixels]).toEqual(
    Array.from({ length: 256 ** 2 }, (_, i) =>
      noise(0, 1100 + Math.floor(i / 256), 2050 + (i % 256)),
    ),
  );
  expect(whole).toBeGreaterThan(9_000_000);
  expect(counted.count.bytes).toBeLessThan(300_000);
});
