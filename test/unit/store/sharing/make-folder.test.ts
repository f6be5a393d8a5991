import { mkdir, mkdtemp, rm, rmdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from '../../../../src/store/sharing/sharing-folder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-folder-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a folder that others remove and make again meanwhile is never taken for something else', async () => {
  const path = join(folder, 'claims');
  let others = true;
  const leave = async () => {
    while (others) {
      await rmdir(path).catch(() => {});
      await mkdir(path).catch(() => {});
    }
  };
  const leaving = [leave(), leave()];
  try {
    for (let round = 0; round < 3000; round++) await makeFolder(path);
  } finally {
    others = false;
    await Promise.all(leaving);
  }
});

test('a link that leads nowhere has the name, and is left', async () => {
  const path = join(folder, 'claims');
  await symlink(join(folder, 'nowhere'), path);
  await expect(makeFolder(path)).rejects.toThrow(
    `Expected a folder of geocubes at ${path} but something else has that name`,
  );
});
