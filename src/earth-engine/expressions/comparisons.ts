import type { Comparison, ComparisonSign } from '../../dataset/recipe/recipe.js';
import { call, constant, type Node } from './nodes.js';

const FILTERS: Readonly<Record<ComparisonSign, string>> = {
  '<': 'Filter.lessThan',
  '<=': 'Filter.lessThanOrEquals',
  '>': 'Filter.greaterThan',
  '>=': 'Filter.greaterThanOrEquals',
  '=': 'Filter.equals',
  '!=': 'Filter.notEquals',
  in: 'Filter.inList',
};

/** The images of which all comparisons hold. */
export function filtered(collection: Node, comparisons: readonly Comparison[]): Node {
  return comparisons.reduce(
    (images, comparison) =>
      call('Collection.filter', { collection: images, filter: filterOf(comparison) }),
    collection,
  );
}

function filterOf({ property, is, value }: Comparison): Node {
  const holds = call(FILTERS[is], { leftField: constant(property), rightValue: constant(value) });
  if (is !== '!=') return holds;
  // What differs from a value has one.
  const has = call('Filter.notNull', { properties: constant([property]) });
  return call('Filter.and', { filters: { arrayValue: { values: [has, holds] } } });
}
