/**
 * The lock that all threads of a process take turns with while they open GDAL's binding. It must exist before the
 * first thread is started, so whoever starts threads imports this file, which loads nothing.
 */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

/** Environment data reaches every thread started after it was set, so all of them share one lock. */
const LOCK_KEY = 'smart-geocubes-native: one thread loads GDAL at a time';
if (getEnvironmentData(LOCK_KEY) === undefined) {
  setEnvironmentData(LOCK_KEY, new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** Longer than any load takes: a thread that was terminated while loading never gives the lock back. */
const LOCK_PATIENCE_MS = 30_000;

/** Runs `task` while no other thread of the process runs one. */
export function oneThreadAtATime<T>(task: () => T): T {
  const lock = new Int32Array(getEnvironmentData(LOCK_KEY) as unknown as SharedArrayBuffer);
  const deadline = performance.now() + LOCK_PATIENCE_MS;
  while (Atomics.compareExchange(lock, 0, 0, 1) !== 0) {
    if (Atomics.wait(lock, 0, 1, Math.max(deadline - performance.now(), 0)) === 'timed-out') break;
  }
  try {
    return task();
  } finally {
    Atomics.store(lock, 0, 0);
    Atomics.notify(lock, 0, 1);
  }
}
