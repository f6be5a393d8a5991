import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../errors.js';
import { hasEnded, type Owner, thisProcess } from './owner.js';
import { translate } from './store-errors.js';

/** Locks this very process holds: one that names its pid but is not among them was left by an earlier process of the same pid. */
const held = new Map<string, symbol>();

const RETRY_MS = 20;

/** A lock without a readable owner this old was left by a process that died while taking it. */
const ORPHANED_MS = 10_000;

/** How long another process may hold the lock; it is held for one commit, which takes well under a second. */
const PATIENCE_MS = 120_000;

/**
 * Runs `task` while holding the lock folder `path`, which other processes of this machine respect.
 *
 * Icechunk loses commits of concurrent writers on a local file system without an error
 * (its own documentation warns of it), so every commit there is made inside this lock. `mkdir` is the
 * one operation that is atomic on every local file system. A lock whose owner no longer runs is taken over.
 *
 * @throws {StoreError} of kind `conflict` when another process does not give the lock up.
 */
export async function withLock<T>(path: string, task: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await tryLock(path))) {
    if (await isAbandoned(path)) await takeAway(path);
    else if (Date.now() > deadline) {
      throw new StoreError(
        'conflict',
        `Expected the lock ${path} to be given up but it is still held. Remove that folder if no other geocubes process is running.`,
      );
    } else await sleep(RETRY_MS * (0.5 + Math.random()));
  }
  try {
    return await task();
  } finally {
    await giveUp(path);
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw translate(error, 'be locked');
  }
  held.set(path, Symbol(path));
  try {
    await writeFile(join(path, 'owner.json'), JSON.stringify(thisProcess()));
  } catch (error) {
    await giveUp(path);
    throw translate(error, 'be locked');
  }
  return true;
}

/**
 * Removes an abandoned lock. Only one process does so at a time, and looks again first: otherwise a
 * second one that saw the dead owner as well would remove the lock of whoever came after.
 */
async function takeAway(path: string): Promise<void> {
  const guard = `${path}.takeover`;
  try {
    await mkdir(guard);
  } catch {
    const made = await stat(guard).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > ORPHANED_MS) await remove(guard);
    else await sleep(RETRY_MS);
    return;
  }
  try {
    if (await isAbandoned(path)) await remove(path);
  } finally {
    await remove(guard);
  }
}

async function giveUp(path: string): Promise<void> {
  const ours = held.get(path);
  await remove(path);
  // Until it is gone it is held; by then somebody else here may have taken it.
  if (held.get(path) === ours) held.delete(path);
}

function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 3 });
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const owner = JSON.parse(await readFile(join(path, 'owner.json'), 'utf8')) as Owner;
    return hasEnded(owner, held.has(path));
  } catch {
    const made = await stat(path).catch(() => undefined);
    return made !== undefined && Date.now() - made.mtimeMs > ORPHANED_MS;
  }
}
