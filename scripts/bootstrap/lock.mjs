/**
 * One set-up at a time per checkout: `npm start` and `npm test` in two terminals must not both
 * rebuild node_modules.
 *
 * A folder is the lock, since making one either succeeds or fails. Its age is renewed by a
 * heartbeat; a lock that has missed several, or whose process is gone, is taken over.
 */
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopChildren } from './run.mjs';

const HEARTBEAT_MS = 5_000;
const STALE_MS = 30_000;
const POLL_MS = 250;

/**
 * @template T
 * @param {string} folder
 * @param {(text: string) => void} say
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(folder, say, work) {
  mkdirSync(dirname(folder), { recursive: true });
  let waiting = false;
  while (!take(folder)) {
    const owner = readOwner(folder);
    if (isStale(folder, owner)) breakLock(folder, owner);
    else {
      if (!waiting)
        say(`another set-up of this checkout is running (${owner ?? 'starting'}); waiting for it`);
      waiting = true;
      await sleep(POLL_MS);
    }
  }
  const heartbeat = setInterval(() => touch(folder), HEARTBEAT_MS);
  const stop = (/** @type {NodeJS.Signals} */ signal) => {
    stopChildren();
    rmSync(folder, { recursive: true, force: true });
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder */
function take(folder) {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(folder, 'owner'), describe(process.pid));
  return true;
}

function describe(/** @type {number} */ pid) {
  return `process ${pid} on ${hostname()}`;
}

/** @param {string} folder */
function readOwner(folder) {
  try {
    return readFileSync(join(folder, 'owner'), 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * A process of this machine can be asked; for any other (a shared disk, another container) the
 * heartbeat decides.
 * @param {string} folder
 * @param {string | undefined} owner
 */
export function isStale(folder, owner, now = Date.now()) {
  const pid = Number(/^process (\d+) on /.exec(owner ?? '')?.[1]);
  if (owner !== undefined && owner === describe(pid) && !isAlive(pid)) return true;
  try {
    return now - statSync(folder).mtimeMs > STALE_MS;
  } catch {
    return false;
  }
}

function isAlive(/** @type {number} */ pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Renaming is what makes the take-over safe between two waiters: only one succeeds, and it puts
 * back what it took should that belong to a newcomer.
 * @param {string} folder
 * @param {string | undefined} owner
 */
function breakLock(folder, owner) {
  const aside = `${folder}.stale-${process.pid}`;
  try {
    renameSync(folder, aside);
    if (readOwner(aside) === owner) rmSync(aside, { recursive: true, force: true });
    else renameSync(aside, folder);
  } catch {
    // Another waiter was faster.
  }
}

/** @param {string} folder */
function touch(folder) {
  try {
    const now = new Date();
    utimesSync(folder, now, now);
  } catch {
    // Taken over, or removed by hand; the work goes on.
  }
}
