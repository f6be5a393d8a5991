import type { Comparison } from './recipe.js';

/** `CLOUD_COVER < 60 and SPACECRAFT_ID in [LANDSAT_8, LANDSAT_9]`: as the dataset file has them, in one line. */
export function describeFilter(comparisons: readonly Comparison[]): string {
  return comparisons.map(describe).join(' and ');
}

function describe({ property, is, value }: Comparison): string {
  return `${property} ${is} ${typeof value === 'object' ? `[${value.join(', ')}]` : value}`;
}
