import { suiteConfig } from '../suite-config.js';

/** Scripts of `geocubes job`, handed in to a real scheduler: test/cluster/run.mjs starts them, with what they need. */
export default suiteConfig({
  name: 'cluster',
  include: 'test/cluster/**/*.cluster.ts',
  // One cluster, one store and one service for all of them.
  maxWorkers: 1,
});
