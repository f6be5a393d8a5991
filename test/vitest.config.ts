import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { PATIENCE_MS } from './patience.js';

// Node reads the certificates of this variable at each start, 70 ms where it names all that Debian has; tests start
// thousands of commands, and none of them speaks TLS.
delete process.env.NODE_EXTRA_CA_CERTS;

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
