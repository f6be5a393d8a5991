import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** `npm run test:faults`: machines, disks and networks that fail. Minutes long, and asks for more of the machine than `npm test` does. */
export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  test: {
    include: ['test/fault/machines/*.faults.ts'],
    pool: 'forks',
    globalSetup: ['test/compile.ts', 'test/sent-bodies/global-setup.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    reporters: ['default', fileURLToPath(new URL('../../closing-line.ts', import.meta.url))],
    // Much of the time is spent waiting for a lease to end.
    maxWorkers: 2,
  },
});
