import { type Algorithm, type Definitions, toAlgorithm, toListing } from './algorithm.js';
import { ARITHMETIC } from './arithmetic.js';
import { CASTS } from './casts.js';
import { COLLECTIONS } from './collections.js';
import { FILTERS } from './filters.js';
import { MASKS } from './masks.js';
import { STRUCTURE } from './structure.js';

const DEFINITIONS: Definitions = {
  ...STRUCTURE,
  ...ARITHMETIC,
  ...MASKS,
  ...CASTS,
  ...COLLECTIONS,
  ...FILTERS,
};

/** Every function this server evaluates, by name. */
export const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map(
  Object.entries(DEFINITIONS).map(([name, definition]) => [name, toAlgorithm(definition)]),
);

/** The reply to `GET .../algorithms`. */
export function listAlgorithms(): object {
  return {
    algorithms: [...ALGORITHMS].map(([name, algorithm]) => toListing(name, algorithm)),
  };
}
