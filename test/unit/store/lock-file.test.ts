import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withLock } from '../../../src/store/lock-file.js';

let folder: string;
let lock: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-lock-'));
  lock = join(folder, 'cube.lock');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

async function leaveLock(owner: string | undefined): Promise<void> {
  await mkdir(lock);
  if (owner !== undefined) await writeFile(join(lock, 'owner.json'), owner);
}

describe('withLock', () => {
  test('lets tasks of one process run one at a time', async () => {
    let inside = 0;
    let most = 0;
    const done = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        withLock(lock, async () => {
          most = Math.max(most, ++inside);
          await turn();
          await turn();
          inside--;
          return i;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('holds the lock with the owner in it while the task runs, and removes it after', async () => {
    await withLock(lock, async () => {
      const owner = JSON.parse(await readFile(join(lock, 'owner.json'), 'utf8'));
      expect(owner).toEqual({ pid: process.pid, host: hostname() });
    });
    expect(existsSync(lock)).toBe(false);
  });

  test('gives the lock up when the task fails', async () => {
    const failing = withLock(lock, async () => {
      throw new Error('task');
    });
    await expect(failing).rejects.toThrow('task');
    expect(existsSync(lock)).toBe(false);
    expect(await withLock(lock, async () => 'next')).toBe('next');
  });

  test('takes over the lock of a process that has ended', async () => {
    await leaveLock(JSON.stringify({ pid: deadPid(), host: hostname() }));
    expect(await withLock(lock, async () => 'mine')).toBe('mine');
  });

  test('takes over a lock without an owner that is old', async () => {
    await leaveLock(undefined);
    const old = new Date(Date.now() - 60_000);
    await utimes(lock, old, old);
    expect(await withLock(lock, async () => 'mine')).toBe('mine');
  });

  test.each([
    ['of a process that runs', () => JSON.stringify({ pid: process.ppid, host: hostname() })],
    ['of another machine', () => JSON.stringify({ pid: deadPid(), host: 'elsewhere' })],
    ['that is being taken just now', () => undefined],
  ])('waits for a lock %s', async (_, owner) => {
    await leaveLock(owner());
    let entered = false;
    const waiting = withLock(lock, async () => {
      entered = true;
    });
    await sleep(100);
    expect(entered).toBe(false);
    await rm(lock, { recursive: true });
    await waiting;
    expect(entered).toBe(true);
  });

  test('takes over a lock that an earlier process of the same pid left, as in a container', async () => {
    await leaveLock(JSON.stringify({ pid: process.pid, host: hostname() }));
    expect(await withLock(lock, async () => 'entered')).toBe('entered');
  });

  test('a place where no lock can be made is a store error', async () => {
    await expect(withLock(join(folder, 'missing', 'lock'), async () => {})).rejects.toMatchObject({
      tag: 'store',
      kind: 'io',
    });
  });
});
