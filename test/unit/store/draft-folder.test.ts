import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DraftFolder } from '../../../src/store/draft-folder.js';

let parent: string;
let folder: string;
let drafts: DraftFolder;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'geocubes-drafts-'));
  folder = join(parent, 'cube.zarr.drafts');
  drafts = new DraftFolder(folder);
});

afterEach(() => rm(parent, { recursive: true, force: true }));

test('a draft has the bytes, is renamed to where it belongs, and the folder goes when it is empty', async () => {
  const draft = await drafts.write(Buffer.from('chunk'));
  await drafts.tidy();
  expect(existsSync(draft)).toBe(true);
  await rename(draft, join(parent, 'chunk'));
  await drafts.tidy();
  expect(existsSync(folder)).toBe(false);
  expect(await readFile(join(parent, 'chunk'), 'utf8')).toBe('chunk');
});

test('drafts that are written at the same time, by several writers, are files of their own', async () => {
  const writers = [drafts, new DraftFolder(folder)];
  const files = await Promise.all(
    Array.from({ length: 20 }, (_, i) => writers[i % 2]?.write(Buffer.of(i))),
  );
  expect(new Set(files).size).toBe(20);
});

test('a sweep removes what processes that are gone have left, and nothing else', async () => {
  const dead = spawnSync(process.execPath, ['--version']).pid;
  const host = encodeURIComponent(hostname());
  const run = '3f0c0a52-6f5e-4b8a-9d8a-0d7f6d1f2a11';
  const mine = basename(await drafts.write(Buffer.of(1)));
  const names = {
    ofDead: `${dead}.${run}.0.${host}`,
    ofEarlierProcessOfMyPid: `${process.pid}.${run}.0.${host}`,
    ofRunning: `${process.ppid}.${run}.0.${host}`,
    ofOtherMachine: `1.${run}.0.elsewhere`,
    ofOtherMachineOld: `1.${run}.1.elsewhere`,
    notOurs: 'notes.txt',
  };
  for (const name of Object.values(names)) await writeFile(join(folder, name), 'x');
  const long = new Date(Date.now() - 2 * 3_600_000);
  await utimes(join(folder, names.ofOtherMachineOld), long, long);
  await drafts.sweep();
  expect((await readdir(folder)).sort()).toEqual(
    [mine, names.ofRunning, names.ofOtherMachine, names.notOurs].sort(),
  );
});

test('what cannot be written is an error, and leaves no draft', async () => {
  await writeFile(folder, 'in the way');
  await expect(drafts.write(Buffer.of(1))).rejects.toMatchObject({ code: 'ENOTDIR' });
  await rm(folder);
  await mkdir(folder);
  await drafts.sweep();
  expect(await readdir(folder)).toEqual([]);
});
