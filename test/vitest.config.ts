import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    // Processes, not threads: native modules keep state for the whole process.
    pool: 'forks',
    globalSetup: ['test/compile.ts', 'test/sent-bodies/global-setup.ts'],
    testTimeout: 30_000,
    // Hooks start servers and pools, which takes a busy machine its time.
    hookTimeout: 60_000,
    reporters: ['default', fileURLToPath(new URL('closing-line.ts', import.meta.url))],
    // Native modules and worker threads are started once a file; two at a time is what small machines bear.
    maxWorkers: 2,
  },
});
