import { type Algorithms, toListing } from './algorithm.js';
import { ARITHMETIC } from './arithmetic.js';
import { CASTS } from './casts.js';
import { COLLECTIONS } from './collections.js';
import { FILTERS } from './filters.js';
import { MASKS } from './masks.js';
import { STRUCTURE } from './structure.js';

/** Every function this server evaluates, by name. */
export const ALGORITHMS: Algorithms = {
  ...STRUCTURE,
  ...ARITHMETIC,
  ...MASKS,
  ...CASTS,
  ...COLLECTIONS,
  ...FILTERS,
};

/** The reply to `GET .../algorithms`. */
export function listAlgorithms(): object {
  return {
    algorithms: Object.entries(ALGORITHMS).map(([name, algorithm]) => toListing(name, algorithm)),
  };
}
