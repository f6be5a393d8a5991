/** Starts a pool thread, of one file where the set-up has made it: each thread would read a hundred anew. */
import { bundled } from '../machine/bundled.js';

const { default: work } =
  bundled<typeof import('./work.js')>('work') ?? (await import('./work.js'));

export default work;
