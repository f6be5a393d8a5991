import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StoreFolder } from '../../../../src/store/durability/store-folder.js';
import { LeaseLock, LostLease } from '../../../../src/store/sharing/lease-lock.js';
import { thisProcess } from '../../../../src/store/sharing/process-identity.js';
import { SharingFolder } from '../../../../src/store/sharing/sharing-folder.js';
import { PATIENT } from '../../../patience.js';

const TIMES = { beat: 40, lease: 400, confirm: 150 };
/** Where a lease must last: a busy machine may let a process wait for some beats. */
const LONG = { beat: 40, lease: 1500, confirm: 600 };
/** Of a process that sleeps at once: it never beats. */
const ASLEEP = { ...TIMES, beat: 1_000_000 };

let parent: string;
let store: string;
let shared: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'geocubes-lock-'));
  store = join(parent, 'cube');
  await mkdir(store);
  shared = join(store, '.geocubes');
});

afterEach(() => rm(parent, { recursive: true, force: true }));

const lockOf = (times = TIMES) => new LeaseLock(new SharingFolder(new StoreFolder(store), times));
const publish = (lease: Parameters<Parameters<LeaseLock['with']>[0]>[0], text: string) =>
  lease.publish(join(store, 'ref'), Buffer.from(text), { sync: true });
const ref = () => readFile(join(store, 'ref'), 'utf8');

/** A lock as a process that was killed would have left it. */
async function leaveLock(owner: object, drafts: readonly string[] = []): Promise<string> {
  const [id, token] = [randomUUID(), randomUUID()];
  const process = join(shared, 'processes', id);
  await mkdir(process, { recursive: true });
  const record = { geocubes: 'process', id, ...owner };
  await writeFile(join(process, 'process.json'), JSON.stringify(record));
  await mkdir(join(shared, 'lock', token), { recursive: true });
  const lock = { geocubes: 'lock', token, owner: id };
  await writeFile(join(shared, 'lock', 'owner.json'), JSON.stringify(lock));
  for (const draft of drafts) await writeFile(join(shared, 'lock', token, draft), 'half');
  return process;
}

describe('a lock', () => {
  test('lets tasks of one process, and of several, run one at a time', async () => {
    const locks = [lockOf(), lockOf()];
    let inside = 0;
    let most = 0;
    const done = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        locks[i % 2]?.with(async () => {
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

  test('is there while the task runs, and nothing is after it, whether the task fails or not', async () => {
    await lockOf().with(async (lease) => {
      expect(await readdir(shared)).toEqual(['lock', 'processes']);
      await publish(lease, 'one');
    });
    expect(await readdir(store)).toEqual(['ref']);
    const failing = lockOf().with(async () => {
      throw new Error('task');
    });
    await expect(failing).rejects.toThrow('task');
    expect(await readdir(store)).toEqual(['ref']);
  });

  test('is respected while its owner beats', async () => {
    let entered = false;
    const other = lockOf(LONG);
    const waiting = lockOf(LONG).with(async () => {
      await sleep(2 * LONG.lease);
      expect(entered).toBe(false);
    });
    await vi.waitFor(() => expect(existsSync(join(shared, 'lock'))).toBe(true), PATIENT);
    await other.with(async () => {
      entered = true;
    });
    await waiting;
  });

  test.each([
    ['of a process that has ended', () => ({ ...thisProcess(), pid: deadPid() })],
    ['of an earlier process of the same pid', () => ({ ...thisProcess(), started: '1' })],
    ['of another machine that is gone', () => ({ ...thisProcess(), boot: 'x', host: 'elsewhere' })],
    [
      'of a container of the same name that is gone',
      () => ({ ...thisProcess(), namespace: 'pid:[1]' }),
    ],
  ])('is taken over: %s', async (_, owner) => {
    await leaveLock(owner(), ['0.draft']);
    expect(await lockOf().with(async () => 'mine')).toBe('mine');
    expect(existsSync(join(shared, 'lock'))).toBe(false);
  });

  test('whose owner a power cut has erased is taken over after a lease', async () => {
    await mkdir(join(shared, 'lock', randomUUID()), { recursive: true });
    await writeFile(join(shared, 'lock', 'owner.json'), '');
    expect(await lockOf().with(async () => 'mine')).toBe('mine');
    await mkdir(join(shared, 'lock', randomUUID()), { recursive: true });
    expect(await lockOf().with(async () => 'mine')).toBe('mine');
    expect(await readdir(store)).toEqual([]);
  });

  test('that is a link, or a file, is left, and named, whatever it leads to', async () => {
    const elsewhere = join(parent, 'elsewhere');
    await mkdir(elsewhere);
    await mkdir(shared, { recursive: true });
    const text = '{"geocubes":"lock","token":"","owner":""}';
    await writeFile(join(elsewhere, 'owner.json'), text);
    await symlink(elsewhere, join(shared, 'lock'));
    await expect(lockOf().with(async () => {})).rejects.toThrow(/something else .* left as it is/);
    expect(await readFile(join(elsewhere, 'owner.json'), 'utf8')).toBe(text);
    await rm(join(shared, 'lock'));
    await writeFile(join(shared, 'lock'), 'mine');
    await expect(lockOf().with(async () => {})).rejects.toThrow(/something else .* left as it is/);
    expect(await readFile(join(shared, 'lock'), 'utf8')).toBe('mine');
  });

  test('that is none of ours is left, and named', async () => {
    await mkdir(join(shared, 'lock'), { recursive: true });
    await writeFile(join(shared, 'lock', 'owner.json'), '{"mine":true}');
    await expect(lockOf().with(async () => {})).rejects.toThrow(/something else .* left as it is/);
    expect(await readFile(join(shared, 'lock', 'owner.json'), 'utf8')).toBe('{"mine":true}');
  });
});

describe('an owner that slept past its lease', () => {
  test('publishes nothing over what came meanwhile, wherever it slept', async () => {
    const sleeper = lockOf(ASLEEP);
    const slept = sleeper.with(async (lease) => {
      await publish(lease, 'before');
      await lockOf().with((other) => publish(other, 'other'));
      await expect(lease.check()).rejects.toThrow(LostLease);
      await publish(lease, 'late');
    });
    await expect(slept).rejects.toThrow(LostLease);
    expect(await ref()).toBe('other');
    expect(await readdir(store)).toEqual(['ref']);
  });

  test('publishes nothing while the other still holds the lock', async () => {
    const slept = lockOf(ASLEEP).with((lease) =>
      lockOf().with(async (other) => {
        await expect(publish(lease, 'late')).rejects.toThrow(LostLease);
        await publish(other, 'other');
      }),
    );
    await slept;
    expect(await ref()).toBe('other');
  });

  test('and that wakes between writing its draft and moving it, moves nothing', async () => {
    // Step by step what publish does, with the sleep in its middle.
    await lockOf(ASLEEP).with(async () => {
      const lock = join(shared, 'lock');
      const { token } = JSON.parse(await readFile(join(lock, 'owner.json'), 'utf8'));
      const draft = join(lock, token, '0.draft');
      await writeFile(draft, 'late');
      await lockOf().with(async (other) => {
        await publish(other, 'other');
        await expect(rename(draft, join(store, 'ref'))).rejects.toMatchObject({ code: 'ENOENT' });
      });
    });
    expect(await ref()).toBe('other');
    expect(await readdir(store)).toEqual(['ref']);
  });

  test('takes the lock again afterwards', async () => {
    const sleeper = lockOf(ASLEEP);
    await sleeper.with(() => lockOf().with((other) => publish(other, 'other')));
    await sleeper.with((lease) => publish(lease, 'mine'));
    expect(await ref()).toBe('mine');
  });
});

describe('a store', () => {
  test.each([
    ['was deleted', () => rm(store, { recursive: true })],
    [
      'was exchanged for another folder, as when it is unmounted',
      async () => {
        await rename(store, join(parent, 'old'));
        await mkdir(store);
      },
    ],
  ])('that %s is told from an empty one, and nothing is made in its place', async (_, vanish) => {
    const lock = lockOf();
    await vanish();
    await expect(lock.with(async () => {})).rejects.toThrow(/that was opened but .* meanwhile/);
    expect(existsSync(store) ? await readdir(store) : []).toEqual([]);
    const again = lockOf();
    await mkdir(store, { recursive: true });
    await expect(again.with(async () => 'new')).resolves.toBe('new');
  });
});

function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}
