import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { splitSide } from '../../../../src/store/icechunk/manifest-split.js';
import { chunkKey, metadataOf } from '../../../../src/store/metadata/zarr-metadata.js';
import { Repository } from '../../../../src/store/repository.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-manifests-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the side of a manifest', () => {
  test.each([
    [1, 16],
    [69_192, 16],
    [330_000, 32],
    [5_000_000, 64],
    [1e9, 128],
    [1e12, 128],
  ])('in a cube of %d tiles is %d tiles', (tiles, side) => {
    expect(splitSide(tiles)).toBe(side);
  });
});

describe.each([1, 2])('in a repository of format %i', (format) => {
  /** 40 x 40 tiles at two steps. */
  const dataset = parseDataset({
    title: 'split',
    collection: 'c',
    bands: ['one'],
    dtype: 'uint8',
    grid: { crs: 'EPSG:3413', bounds: [0, 0, 40, 40], resolution: 0.1, chunk: 10 },
    time: { start: '2020', step: '1 year', count: 2 },
  });
  const codec = { name: 'uncompressed' } as const;

  async function manifestsAfter(splitSide: number | undefined): Promise<number[]> {
    const path = join(folder, `cube-${splitSide}`);
    const settings = { format, ...(splitSide === undefined ? {} : { splitSide }) };
    const made = await Repository.create({ kind: 'local', path }, settings);
    const first = await made.writeSession();
    for (const [key, document] of metadataOf(dataset, codec, codec))
      await first.store.set(key, Buffer.from(JSON.stringify(document)));
    for (let t = 0; t < 2; t++)
      for (let row = 0; row < 40; row += 5)
        for (let col = 0; col < 40; col += 5)
          await first.store.set(chunkKey('one', { t, row, col }), Buffer.of(1));
    await made.commit(first, 'fill', async () => {});
    const before = new Set(await readdir(join(path, 'manifests')));
    // Another writer knows nothing but the folder.
    const other = await Repository.open({ kind: 'local', path });
    const session = await other.writeSession();
    await session.store.set(chunkKey('one', { t: 1, row: 1, col: 1 }), Buffer.of(1));
    await other.commit(session, 'add', async () => {});
    const after = await readdir(join(path, 'manifests'));
    return [before.size, after.filter((name) => !before.has(name)).length];
  }

  test('references lie in one manifest for each square of tiles at each step, for every writer', async () => {
    expect(await manifestsAfter(20)).toEqual([2 * 2 * 2, 1]);
    expect(await manifestsAfter(undefined)).toEqual([1, 1]);
  });
});
