import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { PATIENCE_MS } from '../patience.js';

/** Scripts of `geocubes job`, handed in to a real scheduler: test/cluster/run.mjs starts them, with what they need. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/cluster/**/*.cluster.ts'],
    pool: 'forks',
    globalSetup: ['test/compile.ts', 'test/sent-bodies/global-setup.ts'],
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    reporters: [
      'default',
      [fileURLToPath(new URL('../closing-line.ts', import.meta.url)), { name: 'cluster' }],
    ],
    // One cluster, one store and one service for all of them.
    maxWorkers: 1,
  },
});
