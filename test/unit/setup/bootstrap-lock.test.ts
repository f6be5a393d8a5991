import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isStale, withLock } from '../../../scripts/bootstrap/lock.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'geocubes-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Larger than any process id Linux or macOS gives out. */
const NOBODY = 99_999_999;

describe('the lock of the set-up', () => {
  test('lets one at a time work, and says once whom the other waits for', async () => {
    const lock = join(folder, 'lock');
    const said: string[] = [];
    const order: string[] = [];
    let release = () => {};
    const first = withLock(
      lock,
      (text) => said.push(text),
      async () => {
        order.push('first in');
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        order.push('first out');
      },
    );
    const second = withLock(
      lock,
      (text) => said.push(text),
      async () => {
        order.push('second in');
      },
    );
    release();
    await Promise.all([first, second]);
    expect(order).toEqual(['first in', 'first out', 'second in']);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`process ${process.pid}`);
    expect(existsSync(lock)).toBe(false);
  });

  test('is released when the work fails', async () => {
    const lock = join(folder, 'lock');
    const work = withLock(
      lock,
      () => {},
      () => Promise.reject(new Error('no')),
    );
    await expect(work).rejects.toThrow('no');
    expect(existsSync(lock)).toBe(false);
  });

  test('left behind by a process that is gone is taken over', async () => {
    const lock = join(folder, 'lock');
    mkdirSync(lock);
    writeFileSync(join(lock, 'owner'), `process ${NOBODY} on ${hostname()}`);
    await expect(
      withLock(
        lock,
        () => {},
        async () => 'done',
      ),
    ).resolves.toBe('done');
  });

  test('of another machine is stale only when its heartbeat has stopped', () => {
    const owner = `process ${NOBODY} on some-other-machine-than-${hostname()}`;
    const now = Date.now();
    utimesSync(folder, now / 1000, now / 1000);
    expect(isStale(folder, owner, now + 10_000)).toBe(false);
    expect(isStale(folder, owner, now + 60_000)).toBe(true);
  });
});
