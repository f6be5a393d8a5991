/** Starts a pool thread, of few files where the set-up has made them: each thread would read a hundred anew. */
import { bundled } from '../machine/bundled.js';

const file = bundled('work');
const { default: work } = await (file === undefined ? import('./work.js') : import(file));

export default work;
