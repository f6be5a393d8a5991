import { closeSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { StoreError } from '../../../../src/errors.js';
import { createPool } from '../../../../src/pool/pool.js';
import { chunkLocator } from '../../../../src/store/icechunk/chunk-files.js';
import { Repository } from '../../../../src/store/repository.js';
import type { Location } from '../../../../src/store/session.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import { type FilledCube, filledCube } from '../../cube/filled-cube.js';

let filled: FilledCube | undefined;
afterEach(() => filled?.remove());

function dataset(chunk: number, tiles: number) {
  return {
    title: 'chunks',
    image: 'users/me/chunks',
    bands: ['a'],
    dtype: 'uint8' as const,
    grid: {
      crs: 'EPSG:3413',
      bounds: [0, 0, chunk * tiles, chunk] as [number, number, number, number],
      resolution: 1,
      chunk,
    },
  };
}

const valueAt = (_: number, row: number, col: number) => (row * 7 + col * 13) % 251;
const uncompressed = { codec: { name: 'uncompressed' } } as const;

function readLocation(location: Location | undefined): Buffer {
  if (location === undefined || typeof location === 'string')
    throw new Error(`Expected a file but received ${location}.`);
  const bytes = Buffer.alloc(location.length);
  const descriptor = openSync(location.file, 'r');
  readSync(descriptor, bytes, 0, location.length, location.offset);
  closeSync(descriptor);
  return bytes;
}

async function open(path: string) {
  const repository = await Repository.open(parseStorage(path));
  const session = await repository.readSession();
  const { locate } = session;
  if (locate === undefined) throw new Error('Expected a local cube to tell where chunks lie.');
  // As whoever is about to read much: then it tells of a few, too.
  await locate([]);
  const [newest] = await repository.history();
  return { session, locate, snapshotId: newest?.id ?? '' };
}

describe('where chunks lie', () => {
  test('is told by file for those that were written, of any size, and missing for the others', async () => {
    // Icechunk asks for files of more than 12 MB in several ranges.
    filled = await filledCube(dataset(3700, 1), valueAt, uncompressed);
    const { session, locate } = await open(filled.path);
    const [first, other] = (await locate(['a/c/0/0', 'a/c/7/7'])) ?? [];
    expect(other).toBe('missing');
    const stored = await session.store.get('a/c/0/0');
    expect(stored?.length).toBe(3700 * 3700);
    expect(Buffer.compare(readLocation(first), Buffer.from(stored ?? []))).toBe(0);
  });

  test('is elsewhere for chunks so small that they lie in the manifest', async () => {
    filled = await filledCube(dataset(10, 1), valueAt, uncompressed);
    const { locate } = await open(filled.path);
    expect(await locate(['a/c/0/0'])).toEqual(['elsewhere']);
  });

  test('is not told where there is no such repository or snapshot', async () => {
    filled = await filledCube(dataset(10, 1), valueAt);
    const { snapshotId } = await open(filled.path);
    expect(await chunkLocator(filled.path, snapshotId)(['a/c/0/0'])).not.toBe(undefined);
    expect(await chunkLocator(join(filled.path, 'not'), snapshotId)(['a/c/0/0'])).toBe(undefined);
    expect(await chunkLocator(filled.path, 'AAAAAAAAAAAAAAAAAAAA')(['a/c/0/0'])).toBe(undefined);
  });
});

test('where a few chunks lie is not told before somebody asks about many or none: finding them takes a thread', async () => {
  filled = await filledCube(dataset(64, 1), valueAt, uncompressed);
  const { snapshotId } = await open(filled.path);
  vi.resetModules();
  const { chunkLocator: fresh } = await import('../../../../src/store/icechunk/chunk-files.js');
  const locate = fresh(filled.path, snapshotId);
  const keys = Array.from({ length: 8 }, (_, col) => `a/c/0/${col}`);
  expect(await locate(keys.slice(1))).toBe(undefined);
  // Nor of many, where the caller would only wait.
  expect(await locate(keys, false)).toBe(undefined);
  expect(await locate([])).toEqual([]);
  expect(await locate(keys.slice(0, 2), false)).toEqual([
    expect.objectContaining({ length: 64 * 64 }),
    'missing',
  ]);
  vi.resetModules();
  const { chunkLocator: another } = await import('../../../../src/store/icechunk/chunk-files.js');
  expect(await another(filled.path, snapshotId)(keys)).toHaveLength(8);
});

test('a plain Zarr directory tells the file of each chunk', async () => {
  filled = await filledCube(dataset(10, 2), valueAt, { ...uncompressed, name: 'cube.zarr' });
  const { session, locate } = await open(filled.path);
  const [first, other] = (await locate(['a/c/0/1', 'a/c/7/7'])) ?? [];
  expect(other).toBe('missing');
  const stored = await session.store.get('a/c/0/1');
  expect(Buffer.compare(readLocation(first), Buffer.from(stored ?? []))).toBe(0);
});

test('a cube is loaded from its files by threads, and a file that is gone is a clear error', async () => {
  filled = await filledCube(dataset(64, 10), valueAt, uncompressed);
  const { cube, path } = filled;
  const pool = createPool({ size: 2 });
  try {
    const whole = await cube.load(cube.grid.geobox, { pool });
    const pixels = whole.bands.get('a') ?? [];
    expect(pixels.length).toBe(64 * 640);
    for (let i = 0; i < pixels.length; i++)
      if (pixels[i] !== valueAt(0, Math.floor(i / 640), i % 640)) expect(i).toBe(-1);
    const chunks = join(path, 'chunks');
    // Those of the band, not of a coordinate.
    const files = readdirSync(chunks).filter(
      (name) => statSync(join(chunks, name)).size === 64 * 64,
    );
    expect(files.length).toBe(10);
    rmSync(join(chunks, files[3] ?? ''));
    await expect(cube.load(cube.grid.geobox, { pool })).rejects.toThrow(StoreError);
  } finally {
    await pool.close();
  }
});
