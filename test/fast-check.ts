/** fast-check with the seed that all random tests take; it prints it when a property fails. */
import fc from 'fast-check';
import { seedOfRun } from './seed.js';

fc.configureGlobal({ seed: seedOfRun() });

export default fc;
