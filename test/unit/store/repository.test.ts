/** What every kind of repository that needs no network must do alike. */
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Repository } from '../../../src/store/repository.js';
import type { WriteSession } from '../../../src/store/session.js';
import {
  type ObjectStoreLocation,
  PLACES,
  parseStorage,
  type StorageLocation,
} from '../../../src/store/storage-url.js';

const STORAGE_KINDS = Object.keys(PLACES) as StorageLocation['kind'][];

let folder: string;
/** All that need no network. */
type Kind = Exclude<StorageLocation['kind'], ObjectStoreLocation['kind']>;
let urls: Record<Kind, string>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-repository-'));
  urls = {
    local: join(folder, 'cube'),
    zarr: join(folder, 'cube.zarr'),
    memory: `memory:${folder.split('-').at(-1)}`,
  };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const GROUP = Buffer.from('{"attributes":{},"zarr_format":3,"node_type":"group"}');
const ARRAY = Buffer.from(
  JSON.stringify({
    shape: [4],
    data_type: 'uint8',
    chunk_grid: { name: 'regular', configuration: { chunk_shape: [1] } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: 0,
    codecs: [{ name: 'bytes' }],
    attributes: {},
    zarr_format: 3,
    node_type: 'array',
  }),
);

const nothing = async () => {};
const byte = (value: number) => Buffer.of(value);

/** A repository with the arrays `a` and `ledger`. */
async function filled(url: string): Promise<Repository> {
  const repository = await Repository.create(parseStorage(url), { format: 1 });
  const session = await repository.writeSession();
  await session.store.set('zarr.json', GROUP);
  await session.store.set('a/zarr.json', ARRAY);
  await session.store.set('ledger/zarr.json', ARRAY);
  await repository.commit(session, 'Initialize', nothing);
  return repository;
}

async function read(repository: Repository, key: string): Promise<number | undefined> {
  const { store } = await repository.readSession();
  return (await store.get(key))?.[0];
}

async function begin(repository: Repository, key: string, value: number): Promise<WriteSession> {
  const session = await repository.writeSession();
  await session.store.set(key, byte(value));
  return session;
}

/** Adds 1 to the ledger, as two writers of one ledger chunk do. */
const count: Parameters<Repository['commit']>[2] = async (newest) => {
  const before = (await newest.get('ledger/c/0'))?.[0] ?? 0;
  await newest.set('ledger/c/0', byte(before + 1));
};

describe.each(STORAGE_KINDS.filter((kind): kind is Kind => !PLACES[kind].mayBeAway))(
  'a repository of kind %s',
  (kind) => {
    test('is opened again with what was committed', async () => {
      await filled(urls[kind]);
      const again = await Repository.open(parseStorage(urls[kind]));
      await again.commit(await begin(again, 'a/c/3', 7), 'Write', count);
      const third = await Repository.open(parseStorage(urls[kind]));
      expect([await read(third, 'a/c/3'), await read(third, 'ledger/c/0')]).toEqual([7, 1]);
      expect(await read(third, 'a/c/2')).toBeUndefined();
      expect(await read(third, 'b/c/2')).toBeUndefined();
    });

    test('lists the nodes of a group', async () => {
      const { store } = await (await filled(urls[kind])).readSession();
      expect(await store.list('')).toEqual(expect.arrayContaining(['a', 'ledger']));
    });

    test('does not exist before it is made', async () => {
      const open = Repository.open(parseStorage(urls[kind]));
      await expect(open).rejects.toMatchObject({ tag: 'store', kind: 'not-a-cube' });
    });

    test('keeps the chunks and the ledger entries of two writers that overlap', async () => {
      const one = await filled(urls[kind]);
      const other = await Repository.open(parseStorage(urls[kind]));
      const first = await begin(one, 'a/c/0', 1);
      const second = await begin(other, 'a/c/1', 2);
      await other.commit(second, 'Second', count);
      await one.commit(first, 'First', count);
      expect(
        await Promise.all(['a/c/0', 'a/c/1', 'ledger/c/0'].map((key) => read(one, key))),
      ).toEqual([1, 2, 2]);
    });

    test('keeps those of many writers that commit at the same moment', async () => {
      const repository = await filled(urls[kind]);
      const keys = ['a/c/0', 'a/c/1', 'a/c/2', 'a/c/3'];
      const sessions = await Promise.all(keys.map((key, i) => begin(repository, key, i + 1)));
      await Promise.all(sessions.map((session) => repository.commit(session, 'Write', count)));
      expect(await Promise.all(keys.map((key) => read(repository, key)))).toEqual([1, 2, 3, 4]);
      expect(await read(repository, 'ledger/c/0')).toBe(4);
    });
  },
);

describe('a repository in memory', () => {
  test('sees a commit that comes between its ledger and its own commit, and writes the ledger anew', async () => {
    const repository = await filled(urls.memory);
    const mine = await begin(repository, 'a/c/0', 1);
    const theirs = await begin(repository, 'a/c/1', 2);
    let calls = 0;
    await repository.commit(mine, 'Mine', async (newest) => {
      await count(newest);
      if (++calls === 1) await repository.commit(theirs, 'Theirs', count);
    });
    expect(calls).toBe(2);
    expect(await read(repository, 'ledger/c/0')).toBe(2);
    const messages = (await repository.history()).map(({ message }) => message);
    expect(messages.slice(0, 2)).toEqual(['Mine', 'Theirs']);
  });

  test('refuses the second of two writers of one chunk, whose commit would hide the first', async () => {
    const repository = await filled(urls.memory);
    const [mine, theirs] = [
      await begin(repository, 'a/c/0', 1),
      await begin(repository, 'a/c/0', 2),
    ];
    await repository.commit(theirs, 'Theirs', nothing);
    const lost = repository.commit(mine, 'Mine', nothing);
    await expect(lost).rejects.toMatchObject({ tag: 'store', kind: 'conflict' });
    expect(await read(repository, 'a/c/0')).toBe(2);
  });

  test('without a name is a new one each time', async () => {
    await filled('memory:');
    expect(await read(await filled('memory:'), 'a/c/0')).toBeUndefined();
    await expect(Repository.open(parseStorage('memory:'))).rejects.toThrow('memory:NAME');
  });
});

describe('a plain Zarr directory', () => {
  test('is not there until its first commit, which leaves nothing beside it', async () => {
    const repository = await Repository.create(parseStorage(urls.zarr), { format: 1 });
    const session = await repository.writeSession();
    await session.store.set('zarr.json', GROUP);
    expect(await readdir(folder)).toEqual([]);
    await repository.commit(session, 'Initialize', nothing);
    expect(await readdir(folder)).toEqual(['cube.zarr']);
    expect(await readdir(urls.zarr)).toEqual(['zarr.json']);
  });

  test('is not made over files that were put there meanwhile, and leaves nothing of itself', async () => {
    const repository = await Repository.create(parseStorage(urls.zarr), { format: 1 });
    const session = await repository.writeSession();
    await session.store.set('zarr.json', GROUP);
    await mkdir(urls.zarr);
    await writeFile(join(urls.zarr, 'thesis.txt'), 'years of work');
    const commit = repository.commit(session, 'Initialize', nothing);
    await expect(commit).rejects.toMatchObject({ tag: 'store', kind: 'exists' });
    expect(await readdir(folder)).toEqual(['cube.zarr']);
    expect(await readdir(urls.zarr)).toEqual(['thesis.txt']);
  });

  test('shows a chunk at once, and the ledger with the commit alone', async () => {
    const repository = await filled(urls.zarr);
    const session = await begin(repository, 'a/c/0', 1);
    expect([await read(repository, 'a/c/0'), await read(repository, 'ledger/c/0')]).toEqual([
      1,
      undefined,
    ]);
    expect(await repository.commit(session, 'Write', count)).toBe('');
    expect(await read(repository, 'ledger/c/0')).toBe(1);
    expect(await repository.history()).toEqual([]);
  });

  test('drops a chunk that an earlier process left', async () => {
    const repository = await filled(urls.zarr);
    const { store } = await begin(repository, 'a/c/0', 1);
    await store.discard('a/c/0');
    await store.discard('a/c/1');
    expect(await read(repository, 'a/c/0')).toBeUndefined();
  });

  test('leaves no other file than the one that was written', async () => {
    const repository = await filled(urls.zarr);
    await Promise.all([1, 2, 3, 4].map((value) => begin(repository, 'a/c/0', value)));
    expect(await readdir(join(urls.zarr, 'a', 'c'))).toEqual(['0']);
  });

  test.each(['../out', 'a/../../out', '/', 'a//0', '.', 'a/..', 'a\\..\\..\\out'])(
    'has no key "%s", which leads out of it',
    async (key) => {
      const repository = await filled(urls.zarr);
      const { store } = await repository.writeSession();
      await expect(store.get(key)).rejects.toMatchObject({ tag: 'store', kind: 'io' });
      await expect(store.set(key, byte(1))).rejects.toThrow('inside the cube');
      await expect(store.discard(key)).rejects.toThrow('inside the cube');
      expect((await readdir(folder)).sort()).toEqual(['cube.zarr']);
    },
  );

  test('has one lock, by whatever name it is opened', async () => {
    await filled(urls.zarr);
    const link = join(folder, 'link.zarr');
    await symlink(urls.zarr, link);
    const { location } = await Repository.open(parseStorage(link));
    expect(location).toEqual(parseStorage(urls.zarr));
  });
});
