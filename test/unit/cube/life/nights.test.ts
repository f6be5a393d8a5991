/** What a job that runs each night does in a night in which there is nothing new. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import { parseToi } from '../../../../src/dataset/toi.js';
import { createPool } from '../../../../src/pool/pool.js';
import type { SourceUpdate } from '../../../../src/tile.js';
import { WHOLE, YEARLY, yearlySource } from './yearly-cube.js';

/** Each file of a folder, with its size and when it was written. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const told = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      const { size, mtimeNs } = await stat(path, { bigint: true });
      return `${path} ${size} ${mtimeNs}`;
    }),
  );
  return told.sort();
}

test.each([
  ['an Icechunk repository', 'cube'],
  ['a plain Zarr directory', 'cube.zarr'],
])('a night in which nothing changed makes no commit and writes no file: %s', async (_, name) => {
  const folder = await mkdtemp(join(tmpdir(), 'geocubes-nights-'));
  const storage = join(folder, name);
  const isPlain = name.endsWith('.zarr');
  const pool = createPool({ size: 0 });
  try {
    const { source, asked } = yearlySource();
    const updates = async (): Promise<SourceUpdate[]> => [{ updatedAt: 0 }];
    const nightly = { ...source, updates };
    await (await Cube.create(storage, YEARLY, { pool })).ingest(WHOLE, { source: nightly, pool });
    const [before, commits] = [await filesIn(storage), await (await Cube.open(storage)).history()];
    const fetched = asked.length;
    for (let night = 0; night < 3; night++) {
      const cube = await Cube.open(storage);
      const { added, snapshot } = await cube.extend({ time: parseToi('../2020') });
      expect(added).toEqual([]);
      if (!isPlain) expect(snapshot).not.toBe(undefined);
      await cube.ingest(WHOLE, { source: nightly, pool });
      if (!isPlain)
        await cube.ingest(WHOLE, {
          ...{ source: nightly, pool, refreshBefore: new Date(), ifChanged: true },
        });
      await cube.drop(WHOLE, { dryRun: true });
    }
    expect(asked.length).toBe(fetched);
    expect(await (await Cube.open(storage)).history()).toEqual(commits);
    expect(await filesIn(storage)).toEqual(before);
  } finally {
    await pool.close();
    await rm(folder, { recursive: true });
  }
});
