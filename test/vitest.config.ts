import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { PATIENCE_MS } from './patience.js';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    // Processes, not threads: native modules keep state for the whole process.
    pool: 'forks',
    globalSetup: ['test/compile.ts', 'test/sent-bodies/global-setup.ts'],
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    expect: { poll: { timeout: PATIENCE_MS } },
    reporters: ['default', fileURLToPath(new URL('closing-line.ts', import.meta.url))],
    // Native modules and worker threads are started once a file; two at a time is what small machines bear.
    maxWorkers: 2,
  },
});
