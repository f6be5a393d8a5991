import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DiskSync } from '../../../../src/store/durability/disk-sync.js';
import { explainDamage, rollBack } from '../../../../src/store/durability/roll-back.js';
import { Repository } from '../../../../src/store/repository.js';
import { parseStorage } from '../../../../src/store/storage-url.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-rollback-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ARRAY = Buffer.from(
  JSON.stringify({
    shape: [8],
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
const GROUP = Buffer.from('{"attributes":{},"zarr_format":3,"node_type":"group"}');

async function write(repository: Repository, value: number): Promise<string> {
  const session = await repository.writeSession();
  await session.store.set(`a/c/${value}`, Buffer.of(value));
  return repository.commit(session, `Write ${value}`, async () => {});
}

/** A repository with three commits. @returns the snapshots of the last two */
async function filled(path: string, format: number): Promise<[string, string]> {
  const repository = await Repository.create(parseStorage(path), { format });
  const session = await repository.writeSession();
  await session.store.set('zarr.json', GROUP);
  await session.store.set('a/zarr.json', ARRAY);
  await repository.commit(session, 'Initialize', async () => {});
  return [await write(repository, 1), await write(repository, 2)];
}

/** The values that are there. */
async function values(path: string): Promise<number[]> {
  const { store } = await (await Repository.open(parseStorage(path))).readSession();
  const found = await Promise.all([1, 2, 3].map(async (i) => (await store.get(`a/c/${i}`))?.[0]));
  return found.filter((value) => value !== undefined);
}

const allFiles = async (path: string) => (await readdir(path, { recursive: true })).sort();

/** What a power cut makes of a file: its name, with nothing in it, or with zeros. */
async function erase(file: string, how: 'empty' | 'zeros'): Promise<void> {
  if (how === 'empty') await truncate(file, 0);
  else await writeFile(file, Buffer.alloc((await stat(file)).size));
}

async function newestManifest(path: string): Promise<string> {
  const names = await readdir(join(path, 'manifests'));
  const times = await Promise.all(
    names.map(async (name) => (await stat(join(path, 'manifests', name))).mtimeMs),
  );
  return join(path, 'manifests', names[times.indexOf(Math.max(...times))] ?? '');
}

describe.each([1, 2])('a repository of format %i', (format) => {
  test.each([
    ['snapshot', 'empty'],
    ['snapshot', 'zeros'],
    ['manifest', 'empty'],
    ['manifest', 'zeros'],
  ] as const)(
    'whose newest %s is %s goes back one commit, and is filled further',
    async (what, how) => {
      const path = join(folder, 'cube');
      const [before, tip] = await filled(path, format);
      const file = what === 'snapshot' ? join(path, 'snapshots', tip) : await newestManifest(path);
      await erase(file, how);
      const files = await allFiles(path);
      const location = parseStorage(path);
      const error = (await explainDamage(location, new Error('other'))) as Error;
      expect(error.message).toMatch(
        /^Expected the newest commit of the cube at .* as after a power cut: .*"Write 1".*verify --repair/,
      );
      expect(await rollBack(location)).toMatchObject({ to: { id: before, message: 'Write 1' } });
      expect(await values(path)).toEqual([1]);
      // Nothing is removed.
      expect(await allFiles(path)).toEqual(expect.arrayContaining(files));
      await write(await Repository.open(location), 3);
      expect(await values(path)).toEqual([1, 3]);
      expect(await rollBack(location)).toBeUndefined();
    },
  );

  test.each(['empty', 'zeros'] as const)('whose branch is %s gets it back', async (how) => {
    const path = join(folder, 'cube');
    const [before, tip] = await filled(path, format);
    const location = parseStorage(path);
    await erase(join(path, format === 1 ? 'refs/branch.main/ref.json' : 'repo'), how);
    // In format 2 the last copy is that of the commit before.
    const to = { id: format === 1 ? tip : before };
    expect(await rollBack(location)).toMatchObject({ to });
    expect(await values(path)).toEqual(format === 1 ? [1, 2] : [1]);
  });

  test('that is whole is left alone, and errors of another kind are not explained away', async () => {
    const path = join(folder, 'cube');
    await filled(path, format);
    expect(await rollBack(parseStorage(path))).toBeUndefined();
    const other = new Error('other');
    expect(await explainDamage(parseStorage(path), other)).toBe(other);
    expect(await explainDamage(parseStorage(join(folder, 'none')), other)).toBe(other);
    expect(await values(path)).toEqual([1, 2]);
  });
});

test('of two snapshots on one parent the one that was built on is gone back to', async () => {
  const path = join(folder, 'cube');
  const repository = await Repository.create(parseStorage(path), { format: 1 });
  const session = await repository.writeSession();
  await session.store.set('zarr.json', GROUP);
  await session.store.set('a/zarr.json', ARRAY);
  await repository.commit(session, 'Initialize', async () => {});
  const ref = join(path, 'refs/branch.main/ref.json');
  const root = await readFile(ref);
  await write(repository, 1);
  // Written and never the end of the branch for others, as by a process that lost its lease.
  const [own, built] = [await readFile(ref), await write(repository, 2)];
  await writeFile(ref, root);
  await write(repository, 3);
  await writeFile(ref, own);
  await writeFile(ref, '');
  expect(await rollBack(parseStorage(path))).toMatchObject({ to: { id: built } });
});

test('where nothing is whole, that is said', async () => {
  const path = join(folder, 'cube');
  await filled(path, 1);
  for (const name of await readdir(join(path, 'snapshots')))
    await truncate(join(path, 'snapshots', name), 0);
  await expect(rollBack(parseStorage(path))).rejects.toThrow(/Bring it back from a copy/);
});

test('a plain directory loses the parts of its ledger that cannot be read, and no others', async () => {
  const path = join(folder, 'cube.zarr');
  const repository = await Repository.create(parseStorage(path), { format: 1 });
  const session = await repository.writeSession();
  await session.store.set('zarr.json', GROUP);
  await repository.commit(session, '', async () => {});
  const next = await repository.writeSession();
  await repository.commit(next, '', async (newest) => {
    const { gzipSync } = await import('node:zlib');
    for (const key of ['0/0', '0/1']) await newest.set(`geocubes/ledger/c/${key}`, gzipSync('x'));
  });
  expect(await rollBack(parseStorage(path))).toBeUndefined();
  await truncate(join(path, 'geocubes/ledger/c/0/1'), 0);
  expect(await rollBack(parseStorage(path))).toMatchObject({
    problem: expect.stringContaining('1 parts of the ledger'),
  });
  expect(await readdir(join(path, 'geocubes/ledger/c/0'))).toEqual(['0']);
});

test('where there is no sync -f, each new file is brought to the disk by itself', async () => {
  const disk = new DiskSync(true, 'no-such-command');
  await writeFile(join(folder, 'one'), 'x');
  await expect(disk.all(folder)).resolves.toBeUndefined();
  await expect(disk.all(folder)).resolves.toBeUndefined();
  await expect(disk.all(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});
