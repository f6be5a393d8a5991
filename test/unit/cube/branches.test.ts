/** Work that readers see whole or not at all: what is committed to a branch, and the step that makes it the cube's. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Cube } from '../../../src/cube/cube.js';
import { InvalidInputError, StoreError } from '../../../src/errors.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../src/grid/roi.js';
import { createPool } from '../../../src/pool/pool.js';
import { loadIcechunk } from '../../../src/store/icechunk/load.js';
import { DATASET, fakeSource } from './fake-source.js';

const pool = createPool({ size: 0 });
afterAll(() => pool.close());

const WHOLE = parseBoundingBox('0,0,340,250', parseCrs('EPSG:3413'));
const TILES = 9;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-branches-'));
  onTestFinished(() => rm(folder, { recursive: true }));
});

const create = (storage: string, icechunkFormat: 1 | 2 = 1) =>
  Cube.create(storage, DATASET, { pool, icechunkFormat });
const fill = (cube: Cube, tiles: string[] | typeof WHOLE = WHOLE) =>
  cube.ingest(tiles, { source: fakeSource(), pool, groupSize: 2 });

async function loadedIn(cube: Cube): Promise<number> {
  const [{ loaded = 0, empty = 0 } = {}] = await cube.countStates(WHOLE);
  return loaded + empty;
}

/** The repository itself, as another program opens it. */
async function repositoryAt(path: string) {
  const { Repository, Storage } = await loadIcechunk();
  return Repository.open(await Storage.newLocalFilesystem(path));
}

describe.each([1, 2] as const)('in a folder, in format %d', (format) => {
  test('readers of the cube see nothing of a branch, then all of it, and the branch is gone', async () => {
    const path = join(folder, 'cube');
    const cube = await create(path, format);
    await fill(cube, ['0-0']);
    const branch = await cube.openBranch('night');
    expect(await loadedIn(branch)).toBe(1);
    await fill(branch);
    const reader = await Cube.open(path);
    expect([await loadedIn(reader), await loadedIn(cube)]).toEqual([1, 1]);
    const other = await Cube.open(path, { branch: 'night' });
    expect(await loadedIn(other)).toBe(TILES);
    const newest = (await branch.history())[0];
    const published = await cube.publish('night');
    expect(published.snapshot).toBe(newest?.id);
    expect(published.commits).toBeGreaterThan(1);
    expect([await loadedIn(reader), await loadedIn(cube)]).toEqual([TILES, TILES]);
    expect((await reader.history())[0]).toEqual(newest);
    expect(await reader.verify(WHOLE)).toMatchObject({ damaged: 0, notLoaded: 0 });
    expect(await (await repositoryAt(path)).listBranches()).toEqual(['main']);
    // Whoever fills it still has nowhere to commit to, and hears of it.
    await expect(branch.drop(['0-0'])).rejects.toThrow(StoreError);
    await expect(Cube.open(path, { branch: 'night' })).rejects.toThrow(
      /^Expected a branch of this cube \(it has none\) for the branch but received "night"\./,
    );
  });

  test('made by two at once it is one, and a branch that is there is gone on with', async () => {
    const path = join(folder, 'cube');
    const cube = await create(path, format);
    const both = [await Cube.open(path), await Cube.open(path)];
    const branches = await Promise.all(both.map((each) => each.openBranch('night')));
    for (const [i, each] of branches.entries()) await fill(each, [`0-${i}`]);
    expect(await loadedIn(await cube.openBranch('night'))).toBe(2);
    expect(await loadedIn(cube)).toBe(0);
  });

  test('killed between the step and the removal of the branch, the same call ends it', async () => {
    const path = join(folder, 'cube');
    const cube = await create(path, format);
    await fill(await cube.openBranch('night'));
    const repository = await repositoryAt(path);
    const tip = await repository.lookupBranch('night');
    await repository.resetBranch('main', tip, await repository.lookupBranch('main'));
    const again = await Cube.open(path);
    expect(await loadedIn(again)).toBe(TILES);
    expect(await again.publish('night')).toEqual({ snapshot: tip, commits: 0 });
    expect(await (await repositoryAt(path)).listBranches()).toEqual(['main']);
  });

  test('where the cube has got commits since, nothing is moved, and both stay', async () => {
    const path = join(folder, 'cube');
    const cube = await create(path, format);
    const branch = await cube.openBranch('night');
    await fill(branch, ['1-1', '1-2']);
    await fill(cube, ['0-0']);
    const before = await cube.history();
    const refused = cube.publish('night');
    await expect(refused).rejects.toMatchObject({ kind: 'conflict' });
    await expect(refused).rejects.toThrow(
      /^Expected main to be where the branch night began but it has got \d commits? since, the newest "[^\n]*$/,
    );
    expect(await cube.history()).toEqual(before);
    expect([await loadedIn(cube), await loadedIn(branch)]).toEqual([1, 2]);
  });
});

test.each(['main', 'geocubes.run.x', '', 'a/b', '../x', 'a b', '-x', 'x'.repeat(101)])(
  'a branch cannot be called %j',
  async (name) => {
    const cube = await create('memory:');
    for (const task of [cube.openBranch(name), cube.publish(name)])
      await expect(task).rejects.toThrow(InvalidInputError);
  },
);

test('a plain Zarr directory has none, and an older state of a branch cannot be asked for', async () => {
  const plain = await create(join(folder, 'cube.zarr'));
  for (const task of [plain.openBranch('night'), plain.publish('night')])
    await expect(task).rejects.toThrow(/^Expected a cube that can have branches but [^\n]*$/);
  const cube = await create(join(folder, 'cube'));
  await cube.openBranch('night');
  const both = Cube.open(cube.storage, { branch: 'night', asOf: '2999' });
  await expect(both).rejects.toThrow(InvalidInputError);
});
