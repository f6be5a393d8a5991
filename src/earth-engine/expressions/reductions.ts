import type { Reduction } from '../../dataset/recipe/recipe.js';
import { call, constant, type Node } from './nodes.js';

/** One image of all, with the bands' own names. */
export function reduced(collection: Node, names: readonly string[], by: Reduction): Node {
  if (typeof by !== 'string') {
    const reducer = call('Reducer.percentile', {
      percentiles: constant([by.percentile]),
      outputNames: constant(['percentile']),
    });
    return renamedAfter(
      call('ImageCollection.reduce', { collection, reducer }),
      names,
      'percentile',
    );
  }
  switch (by) {
    case 'mosaic':
      return call('ImageCollection.mosaic', { collection });
    case 'first':
      return renamedAfter(
        call('ImageCollection.reduce', { collection, reducer: call('Reducer.firstNonNull', {}) }),
        names,
        'first',
      );
    default:
      return call(`reduce.${by}`, { collection });
  }
}

/** Outputs are named `B4_first`. Picked by name, so that no images still means no bands. */
function renamedAfter(input: Node, names: readonly string[], output: string): Node {
  return call('Image.select', {
    input,
    bandSelectors: constant(names.map((name) => `${name}_${output}`)),
    newNames: constant(names),
  });
}
