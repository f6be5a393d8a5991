import { type Algorithm, type Definitions, toAlgorithm, toListing } from './algorithm.js';
import { ARITHMETIC } from './arithmetic.js';
import { CASTS } from './casts.js';
import { COLLECTIONS } from './collections.js';
import { FILTERS } from './filters.js';
import { BANDS } from './images/bands.js';
import { COORDINATES } from './images/coordinates.js';
import { FUNCTIONS } from './images/functions.js';
import { REMAP } from './images/remap.js';
import { REPROJECTION } from './images/reprojection.js';
import { MASKS } from './masks.js';
import { COLUMNS } from './sets/columns.js';
import { COMPOSITES } from './sets/composites.js';
import { EXTENT } from './sets/extent.js';
import { LINKS } from './sets/links.js';
import { MEMBERS } from './sets/members.js';
import { RANGES } from './sets/ranges.js';
import { STRUCTURE } from './structure.js';
import { DATES } from './values/dates.js';
import { DICTIONARIES } from './values/dictionaries.js';
import { ELEMENTS } from './values/elements.js';
import { GEOMETRIES } from './values/geometries.js';
import { LISTS } from './values/lists.js';
import { NUMBERS } from './values/numbers.js';
import { OBJECTS } from './values/objects.js';
import { PROJECTIONS } from './values/projections.js';
import { REDUCERS } from './values/reducers.js';
import { STRINGS } from './values/strings.js';

const DEFINITIONS: Definitions = {
  ...STRUCTURE,
  ...BANDS,
  ...ARITHMETIC,
  ...FUNCTIONS,
  ...REMAP,
  ...MASKS,
  ...CASTS,
  ...REPROJECTION,
  ...COORDINATES,
  ...COLLECTIONS,
  ...MEMBERS,
  ...COLUMNS,
  ...COMPOSITES,
  ...EXTENT,
  ...LINKS,
  ...FILTERS,
  ...RANGES,
  ...ELEMENTS,
  ...PROJECTIONS,
  ...GEOMETRIES,
  ...REDUCERS,
  ...LISTS,
  ...DICTIONARIES,
  ...NUMBERS,
  ...STRINGS,
  ...DATES,
  ...OBJECTS,
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
