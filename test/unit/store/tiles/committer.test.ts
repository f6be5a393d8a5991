import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCube } from '../../../../src/cube/create.js';
import type { TileIndex } from '../../../../src/grid/tiling.js';
import { tileId } from '../../../../src/grid/tiling.js';
import { createPool, type Pool } from '../../../../src/pool/pool.js';
import { Repository } from '../../../../src/store/repository.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import { Committer } from '../../../../src/store/tiles/committer.js';
import { Ledger, TileState } from '../../../../src/store/tiles/ledger.js';
import type { EncodedTile } from '../../../../src/tile.js';
import { PATIENT } from '../../../patience.js';
import { DATASET } from '../../cube/fake-source.js';

let folder: string;
let pool: Pool;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-committer-'));
  pool = createPool({ size: 0 });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await pool.close();
  await rm(folder, { recursive: true, force: true });
});

/** A tile of two bands whose chunks are one byte. */
function tileOf(index: TileIndex, byte: number): EncodedTile {
  const counts = { valid: 1, filled: 0, empty: 0 };
  return {
    state: 'encoded',
    id: tileId(index),
    index,
    chunks: [0, 1].map((band) => ({ band, bytes: Uint8Array.of(byte), counts })),
    isEmpty: false,
    timings: { decode: 0, warp: 0, fill: 0, encode: 0 },
    startedAt: 0,
    thread: 0,
  };
}

async function emptyCube(storage: string): Promise<Repository> {
  const { repository } = await createCube(parseStorage(storage), DATASET, { pool });
  return repository;
}

async function statesOf(repository: Repository, tiles: readonly TileIndex[]) {
  const ledger = new Ledger((await repository.readSession()).store);
  const states = [];
  for (const tile of tiles) states.push(await ledger.get(tile));
  return states;
}

const [A, B, C] = [
  { row: 0, col: 0 },
  { row: 0, col: 1 },
  { row: 0, col: 2 },
] as const;
const { loaded, notLoaded } = TileState;

test('the bytes of a tile are not kept until its group is committed', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const committer = new Committer(await emptyCube('memory:'), DATASET, { groupSize: 10 });
  const add = async () => {
    const tile = tileOf(A, 1);
    await committer.add(tile);
    return tile.chunks.map(({ bytes }) => new WeakRef(bytes as Uint8Array));
  };
  const bytes = await add();
  await vi.waitFor(() => {
    collect();
    // A failed expectation would keep what it was shown.
    expect(bytes.filter((ref) => ref.deref() !== undefined).length).toBe(0);
  }, PATIENT);
  await committer.flush();
});

describe('in a plain directory', () => {
  test('the chunks of a group that cannot be committed are taken away, and those of others stay', async () => {
    const path = join(folder, 'cube.zarr');
    const repository = await emptyCube(path);
    const committer = new Committer(repository, DATASET, { groupSize: 10 });
    await committer.add(tileOf(A, 1));
    await committer.flush();
    await committer.add(tileOf(B, 2));
    // The second chunk of a tile finds no room.
    const { store } = await repository.writeSession();
    const set = store.set.bind(store);
    vi.spyOn(store, 'set').mockImplementation(async (key, value) => {
      if (key === 'two/c/0/2') throw new Error('no room');
      await set(key, value);
    });
    await expect(committer.add(tileOf(C, 3))).rejects.toThrow('no room');
    await expect(committer.flush()).rejects.toThrow('no room');
    expect(await readdir(join(path, 'one', 'c', '0'))).toEqual(['0']);
    expect(await readdir(join(path, 'two', 'c', '0'))).toEqual(['0']);
    expect(await statesOf(repository, [A, B, C])).toEqual([loaded, notLoaded, notLoaded]);
  });

  test('chunks stay where the ledger knows them, whatever failed after it was written', async () => {
    const path = join(folder, 'cube.zarr');
    const repository = await emptyCube(path);
    const committer = new Committer(repository, DATASET, { groupSize: 10 });
    await committer.add(tileOf(A, 1));
    const commit = repository.commit.bind(repository);
    vi.spyOn(repository, 'commit').mockImplementation(async (...args) => {
      await commit(...args);
      throw new Error('the lock cannot be removed');
    });
    await expect(committer.flush()).rejects.toThrow('the lock');
    expect(await readdir(join(path, 'one', 'c', '0'))).toEqual(['0']);
    expect(await statesOf(repository, [A])).toEqual([loaded]);
  });
});

test('tiles that another process has committed first stay as they are, and the others of the group are committed', async () => {
  const repository = await emptyCube('memory:committer-conflict');
  const other = await Repository.open(parseStorage('memory:committer-conflict'));
  const [committed, elsewhere]: [string[], string[]] = [[], []];
  const committer = new Committer(repository, DATASET, {
    groupSize: 10,
    onCommit: (tiles) => committed.push(...tiles.map(({ id }) => id)),
    onLoadedElsewhere: (ids) => elsewhere.push(...ids),
  });
  await committer.add(tileOf(A, 1));
  await committer.add(tileOf(B, 2));
  const first = new Committer(other, DATASET, { groupSize: 1 });
  await first.add(tileOf(B, 9));
  await committer.flush();
  expect([committed, elsewhere]).toEqual([['0-0'], ['0-1']]);
  const { store } = await repository.readSession();
  expect((await store.get('one/c/0/0'))?.[0]).toBe(1);
  expect((await store.get('two/c/0/1'))?.[0]).toBe(9);
  expect(await statesOf(repository, [A, B])).toEqual([loaded, loaded]);
  // All of a group may be there already: then there is nothing to commit.
  await committer.add(tileOf(C, 3));
  await first.add(tileOf(C, 8));
  await committer.flush();
  expect([committed, elsewhere]).toEqual([['0-0'], ['0-1', '0-2']]);
  expect((await (await repository.readSession()).store.get('one/c/0/2'))?.[0]).toBe(8);
  // And it goes on.
  await committer.add(tileOf({ row: 1, col: 0 }, 4));
  await committer.flush();
  expect(committed).toEqual(['0-0', '1-0']);
});

test('a conflict about something else than loaded tiles ends the run', async () => {
  const repository = await emptyCube('memory:committer-other-conflict');
  const other = await Repository.open(parseStorage('memory:committer-other-conflict'));
  const committer = new Committer(repository, DATASET, { groupSize: 10 });
  await committer.add(tileOf(A, 1));
  const session = await other.writeSession();
  await session.store.set('one/c/0/0', Buffer.of(7));
  await other.commit(session, 'Write a chunk and not the ledger', async () => {});
  await expect(committer.flush()).rejects.toMatchObject({ kind: 'conflict' });
});

describe('a tile that comes band by band', () => {
  const chunk = (band: number, byte?: number) => ({
    band,
    counts: { valid: byte === undefined ? 0 : 1, filled: 0, empty: 0 },
    ...(byte === undefined ? {} : { bytes: Uint8Array.of(byte) }),
  });
  const idOf = (index: TileIndex) => ({ id: tileId(index), index });

  test.each(['memory:', 'cube.zarr'])(
    'is there when it is ended, and not before, whatever is committed meanwhile (%s)',
    async (place) => {
      const repository = await emptyCube(place === 'memory:' ? place : join(folder, place));
      const committed: string[] = [];
      const committer = new Committer(repository, DATASET, {
        groupSize: 1,
        onCommit: (tiles) => committed.push(...tiles.map(({ id }) => id)),
      });
      const open = await committer.open(idOf(A));
      await open.add([chunk(1, 5)]);
      await committer.add(tileOf(B, 2));
      expect(await statesOf(repository, [A, B])).toEqual([notLoaded, loaded]);
      if (place === 'memory:')
        await expect((await repository.readSession()).store.get('two/c/0/0')).resolves.toBe(null);
      await open.add([chunk(0, 4)]);
      await open.end();
      expect(committed).toEqual(['0-1', '0-0']);
      const { store } = await repository.readSession();
      const bytes = await Promise.all(['one/c/0/0', 'two/c/0/0'].map((key) => store.get(key)));
      expect(bytes.map((each) => each?.[0])).toEqual([4, 5]);
      expect(await statesOf(repository, [A, B])).toEqual([loaded, loaded]);
    },
  );

  test('is empty where no band has a valid pixel, and else counts the bands without a chunk', async () => {
    const repository = await emptyCube('memory:');
    const committer = new Committer(repository, DATASET, { groupSize: 2 });
    for (const [index, bytes] of [
      [A, [undefined, undefined]],
      [B, [undefined, 7]],
    ] as const) {
      const open = await committer.open(idOf(index));
      for (const [band, byte] of bytes.entries()) await open.add([chunk(band, byte)]);
      await open.end();
    }
    expect(await statesOf(repository, [A, B])).toEqual([TileState.empty, loaded]);
    const ledger = new Ledger((await repository.readSession()).store);
    expect((await ledger.entry(B)).absentBands).toBe(1);
  });

  test('has the chunks that came last, where a band came twice', async () => {
    const path = join(folder, 'cube.zarr');
    for (const place of ['memory:', path]) {
      const repository = await emptyCube(place);
      const open = await new Committer(repository, DATASET, { groupSize: 1 }).open(idOf(A));
      await open.add([chunk(0, 1), chunk(1, 1)]);
      await open.add([chunk(0), chunk(1, 9)]);
      await open.end();
      const { store } = await repository.readSession();
      expect(await store.get('one/c/0/0')).toBeFalsy();
      expect((await store.get('two/c/0/0'))?.[0]).toBe(9);
      expect((await new Ledger(store).entry(A)).absentBands).toBe(1);
    }
  });

  test.each(['memory:', 'cube.zarr'])(
    'is committed with others of its group, whole ones and such as itself, in one commit (%s)',
    async (place) => {
      const repository = await emptyCube(place === 'memory:' ? place : join(folder, place));
      const commits: string[][] = [];
      const committer = new Committer(repository, DATASET, {
        groupSize: 3,
        onCommit: (tiles) => commits.push(tiles.map(({ id }) => id)),
      });
      const [first, second] = [await committer.open(idOf(A)), await committer.open(idOf(C))];
      await first.add([chunk(0, 1), chunk(1, 2)]);
      await committer.add(tileOf(B, 3));
      await second.add([chunk(0, 4), chunk(1, 5)]);
      await second.end();
      expect(await statesOf(repository, [A, B, C])).toEqual([notLoaded, notLoaded, notLoaded]);
      await first.end();
      expect(commits).toEqual([['0-1', '0-2', '0-0']]);
      const { store } = await repository.readSession();
      const keys = ['one/c/0/0', 'two/c/0/0', 'one/c/0/1', 'one/c/0/2', 'two/c/0/2'];
      const bytes = await Promise.all(keys.map((key) => store.get(key)));
      expect(bytes.map((each) => each?.[0])).toEqual([1, 2, 3, 4, 5]);
      expect(await statesOf(repository, [A, B, C])).toEqual([loaded, loaded, loaded]);
    },
  );

  test('that another process has committed first stays as it is, and the others of its group are committed', async () => {
    const repository = await emptyCube('memory:committer-open-conflict');
    const other = await Repository.open(parseStorage('memory:committer-open-conflict'));
    const [commits, elsewhere]: [string[][], string[]] = [[], []];
    const committer = new Committer(repository, DATASET, {
      groupSize: 10,
      onCommit: (tiles) => commits.push(tiles.map(({ id }) => id)),
      onLoadedElsewhere: (ids) => elsewhere.push(...ids),
    });
    for (const [i, index] of [A, B].entries()) {
      const open = await committer.open(idOf(index));
      await open.add([chunk(0, i + 1), chunk(1, i + 1)]);
      await open.end();
    }
    await committer.add(tileOf(C, 3));
    const faster = new Committer(other, DATASET, { groupSize: 1 });
    await faster.add(tileOf(A, 9));
    await committer.flush();
    expect([commits, elsewhere]).toEqual([[['0-1', '0-2']], ['0-0']]);
    const { store } = await repository.readSession();
    const bytes = await Promise.all([0, 1, 2].map((col) => store.get(`two/c/0/${col}`)));
    expect(bytes.map((each) => each?.[0])).toEqual([9, 2, 3]);
  });

  test('leaves nothing where it is dropped, or where another tile cannot be written', async () => {
    const path = join(folder, 'cube.zarr');
    const repository = await emptyCube(path);
    const committer = new Committer(repository, DATASET, { groupSize: 10 });
    const dropped = await committer.open(idOf(A));
    await dropped.add([chunk(0, 1)]);
    await dropped.drop();
    const files = async () => (await readdir(path, { recursive: true })).filter(isChunk);
    expect(await files()).toEqual([]);
    const open = await committer.open(idOf(B));
    await open.add([chunk(0, 1)]);
    expect(await files()).toHaveLength(1);
    const { store } = await repository.writeSession();
    vi.spyOn(store, 'set').mockRejectedValue(new Error('no room'));
    await expect(committer.add(tileOf(C, 3))).rejects.toThrow('no room');
    await expect(open.end()).rejects.toThrow('no room');
    await open.drop();
    expect(await files()).toEqual([]);
    expect(await statesOf(repository, [A, B, C])).toEqual([notLoaded, notLoaded, notLoaded]);
  });
});

const isChunk = (path: string) => /^(one|two)\/c\/\d+\/\d+$/.test(path);
