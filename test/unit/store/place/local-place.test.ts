import { chmod, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../../../src/cli/exit-codes.js';
import { Cube } from '../../../../src/cube/cube.js';
import { createPool } from '../../../../src/pool/pool.js';
import { Repository } from '../../../../src/store/repository.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import { DATASET } from '../../cube/fake-source.js';

const pool = createPool({ size: 0 });
afterAll(() => pool.close());

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-place-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const GROUP = JSON.stringify({ zarr_format: 3, node_type: 'group', attributes: { mine: 1 } });

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

/** A cube under a name of its kind, which is renamed. */
async function moved(from: string, to: string): Promise<void> {
  await Cube.create(from, DATASET, { pool });
  await rename(from, to);
}

/** What lies at the path, how it comes there, and what both opening and creating say of it. */
const IN_THE_WAY: [string, string, (path: string) => Promise<unknown>, RegExp][] = [
  ['a file', 'x', (path) => put(path, ''), /is a file/],
  ['a file', 'x.zarr', (path) => put(path, ''), /is a file/],
  ['a path through a file', 'f/x', (path) => put(dirname(path), ''), /leads through a file/],
  ['a path through a file', 'f/x.zarr', (path) => put(dirname(path), ''), /leads through a file/],
  ['a dangling link', 'x', (path) => symlink('gone', path), /is a link to nothing/],
  ['a dangling link', 'x.zarr', (path) => symlink('gone', path), /is a link to nothing/],
  ['a foreign folder', 'x', (path) => put(join(path, 'a.txt'), 'a'), /holds other files/],
  ['a foreign folder', 'x.zarr', (path) => put(join(path, 'a.txt'), 'a'), /holds other files/],
  ['a Zarr v2 group', 'x', (path) => put(join(path, '.zgroup'), '{}'), /holds Zarr v2 data/],
  ['a Zarr v2 group', 'x.zarr', (path) => put(join(path, '.zgroup'), '{}'), /holds Zarr v2 data/],
  [
    'a plain Zarr group without the suffix',
    'x',
    (path) => put(join(path, 'zarr.json'), GROUP),
    /holds a plain Zarr v3 directory, whose name must end in \.zarr/,
  ],
  [
    'our plain cube without the suffix',
    'x',
    (path) => moved(`${path}.zarr`, path),
    /holds a plain Zarr v3 directory, whose name must end in \.zarr/,
  ],
  [
    'an Icechunk repository with the suffix',
    'x.zarr',
    (path) => moved(path.replace('.zarr', ''), path),
    /holds an Icechunk repository, which a folder that ends in \.zarr cannot be/,
  ],
];

async function contents(): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}

async function refusal(of: Promise<unknown>): Promise<Error> {
  return of.then(
    () => expect.unreachable('was not refused'),
    (error: Error) => error,
  );
}

const open = (path: string) => refusal(Cube.open(path));
const create = (path: string) => refusal(Cube.create(path, DATASET, { pool }));

describe('opening and creating say the same of what is in the way, and leave it', () => {
  test.each(IN_THE_WAY)('%s (%s)', async (_, name, make, what) => {
    const path = join(folder, name);
    await make(path);
    const before = await contents();
    const [opened, created] = [await open(path), await create(path)];
    expect(opened).toMatchObject({ kind: 'not-a-cube', message: expect.stringMatching(what) });
    expect(created).toMatchObject({ kind: 'exists', message: expect.stringMatching(what) });
    const told = ({ message }: Error) => message.slice(message.indexOf(' but '));
    expect(told(opened)).toBe(told(created));
    expect(opened.message).not.toContain('geocubes create');
    expect([exitCodeOf(opened), exitCodeOf(created)]).toEqual([2, 2]);
    expect(await contents()).toEqual(before);
  });

  test('a Zarr group of others in a .zarr folder', async () => {
    const path = join(folder, 'x.zarr');
    await put(join(path, 'zarr.json'), GROUP);
    const before = await contents();
    const [opened, created] = [await open(path), await create(path)];
    expect(opened).toMatchObject({ kind: 'not-a-cube' });
    expect(opened.message).toMatch(/holds none\. Make one .* in another folder/);
    expect(created).toMatchObject({ kind: 'exists' });
    expect(created.message).toMatch(/other data are there\. Choose another place/);
    expect(await contents()).toEqual(before);
  });

  test('an Icechunk repository that holds data of others', async () => {
    const path = join(folder, 'x');
    const repository = await Repository.create(parseStorage(path), { format: 1 });
    const session = await repository.writeSession();
    await session.store.set('zarr.json', Buffer.from(GROUP));
    await repository.commit(session, 'mine', async () => {});
    const before = await contents();
    const [opened, created] = [await open(path), await create(path)];
    expect(opened).toMatchObject({ kind: 'not-a-cube' });
    expect(opened.message).toMatch(/holds none\. Make one .* in another folder/);
    expect(created).toMatchObject({ kind: 'exists' });
    expect(created.message).toMatch(/other data are there\. Choose another place/);
    expect(await contents()).toEqual(before);
  });

  test.skipIf(process.getuid?.() === 0)('a folder without permission', async () => {
    const path = join(folder, 'x');
    await mkdir(path);
    await chmod(path, 0);
    for (const error of [await open(path), await create(path)]) {
      expect(error).toMatchObject({ kind: 'io' });
      expect(error.message).toMatch(/Expected to read .* but permission is denied/);
      expect(exitCodeOf(error)).toBe(1);
    }
  });
});

const FREE: [string, (path: string) => Promise<unknown>][] = [
  ['nothing', async () => {}],
  ['an empty folder', (path) => mkdir(path)],
];

describe('where opening suggests "geocubes create", creating succeeds', () => {
  for (const name of ['x', 'x.zarr'])
    test.each(FREE)(`%s (${name})`, async (_, make) => {
      const path = join(folder, name);
      await make(path);
      const before = await contents();
      expect((await open(path)).message).toMatch(/Make one with "geocubes create"\.$/);
      expect(await contents()).toEqual(before);
      await Cube.create(path, DATASET, { pool });
      await Cube.open(path);
      expect((await create(path)).message).toMatch(/Expected no cube at .* but one is there/);
    });

  test('an Icechunk repository that nothing has been written into', async () => {
    const path = join(folder, 'x');
    await Repository.create(parseStorage(path), { format: 1 });
    expect((await open(path)).message).toMatch(/holds none\. Make one with "geocubes create"\.$/);
    await Cube.create(path, DATASET, { pool });
    await Cube.open(path);
  });
});
