import { suiteConfig } from '../../suite-config.js';

/** Machines, disks and networks that fail: test/fault/run.mjs starts them, with what they need. */
export default suiteConfig({
  name: 'faults',
  include: 'test/fault/machines/**/*.faults.ts',
  // Much of the time is spent waiting for a lease to end.
  maxWorkers: 2,
});
