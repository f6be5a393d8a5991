import type { Definition, Definitions } from '../algorithm.js';
import type { Arguments } from '../arguments.js';
import { propertyOf } from '../element.js';
import type { Reducer } from '../value.js';
import { isKind, type Value } from '../value.js';
import { applyReducer, namedReducer } from '../values/reducers.js';

/** Properties of all the images of a collection. */
export const COLUMNS: Definitions = {
  'AggregateFeatureCollection.array': {
    description: 'The values of a property, without those that are null.',
    signature: '(collection: FeatureCollection, property: String) => List<Object>',
    evaluate: columnOf,
  },
  'AggregateFeatureCollection.first': {
    description: 'The first value of a property.',
    signature: '(collection: FeatureCollection, property: String) => <any>',
    evaluate: (given) => columnOf(given)[0] ?? null,
  },
  'AggregateFeatureCollection.count': aggregate('count', 'Number'),
  'AggregateFeatureCollection.min': aggregate('min', '<any>'),
  'AggregateFeatureCollection.max': aggregate('max', '<any>'),
  'AggregateFeatureCollection.mean': aggregate('mean', 'Number'),
  'AggregateFeatureCollection.sum': aggregate('sum', 'Number'),
  'AggregateFeatureCollection.count_distinct': {
    description: 'How many different values a property has.',
    signature: '(collection: FeatureCollection, property: String) => Number',
    evaluate: (given) =>
      new Set(columnOf(given).map((value) => (isKind(value, 'Date') ? value.time : value))).size,
  },
  'Collection.reduceColumns': {
    description: 'Reduces properties of all images; images that lack one of them are left out.',
    signature:
      '(collection: FeatureCollection, reducer: Reducer, selectors: List<String>, weightSelectors: List<String> = null) => Dictionary<Object>',
    evaluate: (given) => {
      if (given.optional('weightSelectors') !== undefined) {
        throw given.refuse("'weightSelectors' are not known to the loopback Earth Engine.");
      }
      const reducer: Reducer = given.reducer('reducer');
      const selectors = given.names('selectors');
      if (selectors.length !== reducer.inputs) {
        throw given.refuse(
          `Need ${reducer.inputs} selectors for the reducer but got ${selectors.length}.`,
        );
      }
      const rows = given
        .collection('collection')
        .images.map((image) => selectors.map((name) => propertyOf(image, name)));
      return applyReducer(
        reducer,
        rows.filter((row) => row.every((value) => value !== null)),
      );
    },
  },
};

function columnOf(given: Arguments): Value[] {
  const name = given.string('property');
  return given
    .collection('collection')
    .images.map((image) => propertyOf(image, name))
    .filter((value) => value !== null);
}

function aggregate(statistic: Parameters<typeof namedReducer>[0], returns: string): Definition {
  return {
    description: `The ${statistic} of the values of a property.`,
    signature: `(collection: FeatureCollection, property: String) => ${returns}`,
    evaluate: (given) => {
      const rows = columnOf(given).map((value) => [value]);
      return applyReducer(namedReducer(statistic), rows).entries.get(statistic) ?? null;
    },
  };
}
