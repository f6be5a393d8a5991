import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { PATIENCE_MS } from '../../patience.js';

/** Machines, disks and networks that fail: test/fault/run.mjs starts them, with what they need. */
export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  test: {
    include: ['test/fault/machines/**/*.faults.ts'],
    pool: 'forks',
    globalSetup: ['test/compile.ts', 'test/sent-bodies/global-setup.ts'],
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    reporters: [
      'default',
      [fileURLToPath(new URL('../../closing-line.ts', import.meta.url)), { name: 'faults' }],
    ],
    // Much of the time is spent waiting for a lease to end.
    maxWorkers: 2,
  },
});
