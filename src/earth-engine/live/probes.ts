import type { Ask, Probe } from './probe.js';
import { ACCOUNT_ASKS, ACCOUNT_PROBES } from './probes/account.js';
import { DATASET_ASKS, DATASET_PROBES } from './probes/datasets.js';
import { GRID_ASKS, GRID_PROBES } from './probes/grids.js';
import { MASK_ASKS, MASK_PROBES } from './probes/masks.js';
import { REFUSAL_ASKS, REFUSAL_PROBES } from './probes/refusals.js';

/** Every request, in the order in which they are sent; several probes may judge one answer. */
export const ASKS: Readonly<Record<string, Ask>> = {
  ...GRID_ASKS,
  ...MASK_ASKS,
  ...REFUSAL_ASKS,
  ...DATASET_ASKS,
  ...ACCOUNT_ASKS,
};

/** Every row of the page. */
export const PROBES: readonly Probe[] = [
  ...GRID_PROBES,
  ...MASK_PROBES,
  ...REFUSAL_PROBES,
  ...DATASET_PROBES,
  ...ACCOUNT_PROBES,
];

/** What is not asked, because only an overload shows it; these do not count. */
export const LEFT_OUT: readonly { readonly id: string; readonly title: string }[] = [
  {
    id: 'too-many-concurrent',
    title:
      'The HTTP status of "Too many concurrent aggregations", and whether it has a Retry-After',
  },
  { id: 'timeout', title: 'The HTTP status of "Computation timed out."' },
];
