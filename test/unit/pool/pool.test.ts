import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { InvalidInputError, RasterError } from '../../../src/errors.js';
import { createPool } from '../../../src/pool/pool.js';
import { transferablesOf } from '../../../src/pool/run-task.js';
import { LentMemory } from '../../../src/raster/lent-memory.js';
import type { EncodedTile, FetchedTile, Recipe } from '../../../src/tile.js';
import { blosc, geoboxOf, recipeOf, tileOf, writeGeoTiff } from '../kernel/geotiff.js';
import { countLoans } from '../raster/loans.js';

const [H, W] = [96, 128];
const RECIPE: Recipe = recipeOf('uint8', [H, W], {
  bands: 2,
  mask: { kind: 'bits' },
  codec: blosc('uint8'),
  processing: { fill: 'idw', maxFillDistance: 20, clipToObserved: true, resampling: 'near' },
});

/** A tile with gaps; each call makes its own bytes, because a pool takes them. */
function tile(id = '0-0', seed = 0, valid = 3): FetchedTile {
  const values = (k: number) =>
    Array.from({ length: H * W }, (_, i) => Math.round(127 + 90 * Math.sin((i * k + seed) / 500)));
  const bits = Array.from({ length: H * W }, (_, i) => ((i + seed) % 13 === 0 ? 0 : valid));
  const bytes = writeGeoTiff({
    geobox: geoboxOf(H, W),
    dtype: 'uint8',
    bands: [values(1), values(3), bits],
  });
  return { ...tileOf(geoboxOf(H, W), bytes, 2), id };
}

const corrupt = (id: string): FetchedTile => {
  const { parts, ...rest } = tile(id);
  return { ...rest, id, parts: parts.map((part) => ({ ...part, bytes: part.bytes.fill(7) })) };
};

const inline = createPool({ size: 0 });
const threads = createPool({ size: 2 });
const js = createPool({ size: 1, kernel: 'js' });

const MB = 1024 ** 2;

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(async () => {
  await inline.close();
  await threads.close();
  await js.close();
});

/** What a tile is, apart from when and where it was computed. */
function contentOf({ id, index, chunks, isEmpty }: EncodedTile) {
  return { id, index, isEmpty, chunks };
}

describe('a pool', () => {
  test('with threads and without gives the same bytes and counts', async () => {
    const [one, other] = await Promise.all([
      inline.process(tile(), RECIPE),
      threads.process(tile(), RECIPE),
    ]);
    expect(contentOf(other)).toEqual(contentOf(one));
    expect(one.chunks[0]?.bytes?.byteLength).toBeGreaterThan(100);
    expect(one.thread).toBe(0);
    expect(other.thread).toBeGreaterThan(0);
  });

  test('says its size and what its kernel can do', async () => {
    expect([inline.size, threads.size]).toEqual([0, 2]);
    expect(await inline.ready()).toMatchObject({ hasBlosc: true });
    expect(await threads.ready()).toMatchObject({ hasBlosc: true });
  });

  test('encodes an array alike with threads and without, and leaves it to the caller', async () => {
    const bytes = new Uint8Array(8 * 50).fill(3);
    const array = { dtype: 'float64', shape: [1, 50], bytes } as const;
    const one = await inline.encode(array, blosc('float64'));
    expect(await threads.encode(array, blosc('float64'))).toEqual(one);
    expect(bytes.byteLength).toBe(400);
  });

  test('moves the bytes of a tile to its thread: they are gone for the caller', async () => {
    const moved = tile();
    await threads.process(moved, RECIPE);
    expect(moved.parts.map(({ bytes }) => bytes.byteLength)).toEqual([0]);
  });

  test('reads bytes in shared memory where they lie, and leaves them as they are', async () => {
    for (const pool of [threads, js]) {
      const { parts, ...rest } = tile();
      const [part] = parts;
      if (part === undefined) throw new Error('no part');
      const bytes = new Uint8Array(new SharedArrayBuffer(MB)).subarray(0, part.bytes.length);
      bytes.set(part.bytes);
      const result = await pool.process({ ...rest, parts: [{ ...part, bytes }] }, RECIPE);
      const pixels = await pool.process(tile(), RECIPE);
      expect(contentOf(result)).toEqual(contentOf(pixels));
      expect(Buffer.compare(bytes, part.bytes)).toBe(0);
    }
  });

  test('writes chunks into memory it is lent, and gives back what it does not use', async () => {
    // A band without a valid pixel has no chunk.
    const half = () => tile('0-1', 0, 1);
    for (const pool of [inline, threads, js]) {
      const memory = new LentMemory();
      const loans = countLoans();
      const result = await pool.process(half(), RECIPE, memory);
      expect(contentOf(result)).toEqual(contentOf(await pool.process(half(), RECIPE)));
      expect(result.chunks.map(({ bytes }) => bytes?.buffer.constructor)).toEqual([
        SharedArrayBuffer,
        undefined,
      ]);
      expect(loans.now).toBe(1);
      for (const { bytes } of result.chunks) if (bytes !== undefined) memory.giveBack(bytes);
      await expect(pool.process(corrupt('0-0'), RECIPE, memory)).rejects.toThrow('Expected');
      expect(loans.now).toBe(0);
      vi.restoreAllMocks();
    }
  });

  test('is lent memory for the tiles under way, not for those that wait', async () => {
    const loans = countLoans();
    const memory = new LentMemory();
    await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const { chunks } = await threads.process(tile(`0-${i}`, i), RECIPE, memory);
        for (const { bytes } of chunks) if (bytes !== undefined) memory.giveBack(bytes);
      }),
    );
    // Two threads, one tile that is next, and as many that are done and not given back yet.
    expect(loans.most).toBeLessThanOrEqual(2 * RECIPE.bands * (threads.size + 1));
    expect(loans.now).toBe(0);
  });

  test('lends no memory for a tile of chunks of half a gigabyte', async () => {
    const loans = countLoans();
    const recipe = { ...RECIPE, chunk: [H, 3_000_000] as const };
    await threads.process(tile(), recipe, new LentMemory()).catch(() => {});
    expect(loans.most).toBe(0);
  });

  test('without threads leaves the bytes where they are', async () => {
    const kept = tile();
    await inline.process(kept, RECIPE);
    expect(kept.parts[0]?.bytes.byteLength).toBeGreaterThan(0);
  });

  test('copies bytes that are a part of a larger buffer, which may be in use elsewhere', async () => {
    const { parts, ...rest } = tile();
    const [part] = parts;
    if (part === undefined) throw new Error('no part');
    const shared = new Uint8Array(part.bytes.byteLength + 10);
    shared.set(part.bytes, 5);
    const bytes = shared.subarray(5, 5 + part.bytes.byteLength);
    const result = await threads.process({ ...rest, parts: [{ ...part, bytes }] }, RECIPE);
    expect(contentOf(result)).toEqual(contentOf(await inline.process(tile(), RECIPE)));
    expect(shared.byteLength).toBe(part.bytes.byteLength + 10);
  });

  test('a reply gives away the chunks it holds, each a buffer of its own size', async () => {
    const result = await inline.process(tile(), RECIPE);
    const buffers = transferablesOf(result);
    expect(buffers).toHaveLength(2);
    expect(buffers.map((buffer) => buffer.byteLength)).toEqual(
      result.chunks.map(({ bytes }) => bytes?.byteLength),
    );
  });
});

describe('failures', () => {
  test('keep class, stage and message across the thread', async () => {
    for (const pool of [inline, threads]) {
      const error = await pool.process(corrupt('1-1'), RECIPE).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RasterError);
      expect(error).toMatchObject({ tag: 'raster', stage: 'decode', name: 'RasterError' });
      expect((error as Error).message).toContain('that GDAL cannot open');
    }
  });

  test('of one tile leave the others alone', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, (_, i) =>
        threads.process(i % 3 === 1 ? corrupt(`0-${i}`) : tile(`0-${i}`, i), RECIPE),
      ),
    );
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    const ids = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []));
    expect(ids).toEqual(['0-0', '0-2', '0-3', '0-5']);
  });
});

test('a pool that is closed while a thread answers ends, and nobody is told of an answer that nobody waits for', async () => {
  const told: unknown[] = [];
  const note = (error: unknown) => told.push(error);
  process.on('uncaughtException', note);
  for (let turns = 0; turns < 24; turns++) {
    const pool = createPool({ size: 2, kernel: 'js' });
    await pool.ready();
    // Its thread is loaded, and answers while the pool is taken down: one time in eight, where it was told.
    const asked = pool.ready().catch(() => {});
    for (let i = 0; i < turns; i++) await null;
    await pool.close();
    await asked;
  }
  process.off('uncaughtException', note);
  expect(told).toEqual([]);
});

describe('threads', () => {
  test('several compute at a time, and what they compute does not mix', async () => {
    const pool = createPool({ size: 4 });
    try {
      await pool.ready();
      const results = await Promise.all(
        Array.from({ length: 8 }, (_, i) => pool.process(tile(`0-${i}`, i * 40), RECIPE)),
      );
      expect(new Set(results.map(({ thread }) => thread)).size).toBeGreaterThanOrEqual(2);
      for (const [i, result] of results.entries()) {
        const alone = await inline.process(tile(`0-${i}`, i * 40), RECIPE);
        expect(contentOf(result)).toEqual(contentOf(alone));
      }
    } finally {
      await pool.close();
    }
  });
});

test('tasks are done in the order in which they were asked for', async () => {
  await using crowded = createPool({ size: 1, kernel: 'js' });
  const done: number[] = [];
  const one = { dtype: 'uint8', shape: [1, 1], bytes: new Uint8Array(1) } as const;
  const asked = Array.from({ length: 12 }, (_, i) => i);
  await Promise.all(
    asked.map((i) => crowded.encode(one, { name: 'gzip', level: 1 }).then(() => done.push(i))),
  );
  expect(done).toEqual(asked);
});

test('the thread that writes files can be started ahead: it writes the next one, and goes with a pool that writes none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ahead-'));
  const pool = createPool({ size: 1 });
  try {
    expect(await pool.ready('files')).toMatchObject({ hasBlosc: true });
    for (const name of ['one.tif', 'other.tif']) {
      const file = await pool.createGeoTiff({
        path: join(folder, name),
        ...{ file: name, format: 'geotiff', dtype: 'uint8', creationOptions: [], threads: 1 },
        geobox: geoboxOf(4, 4),
        bands: [{ name: 'band' }],
      });
      const pixels = new Uint8Array(new SharedArrayBuffer(16)).fill(7);
      await file.write({
        window: { row: 0, col: 0, height: 4, width: 4 },
        firstBand: 0,
        pixels: [pixels],
      });
      await file.end(true);
      expect(readFileSync(join(folder, name)).subarray(0, 2).toString()).toBe('II');
    }
    // Started, and not asked for anything.
    const unused = pool.ready('files').catch(() => {});
    await pool.close();
    await unused;
    await expect(pool.ready('files')).rejects.toThrow('an open pool');
  } finally {
    await pool.close();
    rmSync(folder, { recursive: true });
  }
});

test.each([-1, 1.5, 257, Number.NaN, Number.POSITIVE_INFINITY])(
  'a pool of %d threads is refused',
  (size) => {
    expect(() => createPool({ size })).toThrow(InvalidInputError);
    expect(() => createPool({ size })).toThrow('a whole number from 0 to 256');
  },
);
