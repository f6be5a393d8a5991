import type { Definitions } from '../algorithm.js';
import { propertyOf } from '../element.js';
import { type ImageCollection, isKind, isSame, type Value } from '../value.js';

const COLLECTION = 'collection: FeatureCollection';

/** Collections as lists of images: which, how many, in which order. No pixel is touched here. */
export const MEMBERS: Definitions = {
  'Collection.size': {
    description: 'How many images there are.',
    signature: `(${COLLECTION}) => Integer`,
    evaluate: (given) => given.collection('collection').images.length,
  },
  'Collection.first': {
    description: 'The first image, or null where there is none.',
    signature: `(${COLLECTION}) => Element`,
    evaluate: (given) => given.collection('collection').images[0] ?? null,
  },
  'Collection.toList': {
    description: 'So many of the images as a list, from an offset on.',
    signature: `(${COLLECTION}, count: Integer, offset: Integer = 0) => List<Object>`,
    evaluate: (given) => {
      const offset = given.optional('offset') === undefined ? 0 : given.integer('offset');
      const { images } = given.collection('collection');
      return images.slice(offset, offset + given.integer('count'));
    },
  },
  'Collection.limit': {
    description: 'The first images, in the order of a property where one is named.',
    signature: `(${COLLECTION}, limit: Integer = null, key: String = null, ascending: Boolean = true) => FeatureCollection`,
    evaluate: (given) => {
      const collection = given.collection('collection');
      const sorted =
        given.optional('key') === undefined
          ? collection
          : sortBy(collection, given.string('key'), given.boolean('ascending', true));
      if (given.optional('limit') === undefined) return sorted;
      return { ...sorted, images: sorted.images.slice(0, given.integer('limit')) };
    },
  },
  'Collection.map': {
    description: 'What a function makes of each image.',
    signature: `(${COLLECTION}, baseAlgorithm: Algorithm, dropNulls: Boolean = false) => FeatureCollection`,
    evaluate: (given) => {
      const collection = given.collection('collection');
      const call = given.lambda('baseAlgorithm');
      const images = collection.images.flatMap((image) => {
        const value = call(image);
        if (isKind(value, 'Image')) {
          const index = image.properties['system:index'];
          // Whatever the function returns is still the image at this place of the collection.
          const properties =
            index === undefined ? value.properties : { ...value.properties, 'system:index': index };
          return [{ ...value, properties }];
        }
        if (value === null && given.boolean('dropNulls', false)) return [];
        throw given.refuse('A mapped function must return an image.');
      });
      return { ...collection, images };
    },
  },
  'Collection.iterate': {
    description: 'Calls a function with each image and what it returned for the one before.',
    signature: `(${COLLECTION}, function: Algorithm, first: Object = null) => Object`,
    evaluate: (given) => {
      const call = given.lambda('function');
      return given
        .collection('collection')
        .images.reduce<Value>(
          (result, image) => call(image, result),
          given.optional('first') ?? null,
        );
    },
  },
  'Collection.merge': merged(
    '(collection1: FeatureCollection, collection2: FeatureCollection) => FeatureCollection',
  ),
  'ImageCollection.merge': merged(
    '(collection1: ImageCollection, collection2: ImageCollection) => ImageCollection',
  ),
  'ImageCollection.fromImages': {
    description: 'A collection of the images of a list.',
    signature: '(images: List<Image>) => ImageCollection',
    evaluate: (given) => {
      const images = given.images('images').map((image, at) => ({
        ...image,
        properties: {
          ...image.properties,
          'system:index': image.properties['system:index'] ?? `${at}`,
        },
      }));
      return { kind: 'ImageCollection', images };
    },
  },
};

function merged(signature: string): Definitions[string] {
  return {
    description:
      'The images of both, those of the first first; their indices get 1_ and 2_ before them.',
    signature,
    evaluate: (given) => {
      const images = ['collection1', 'collection2'].flatMap((name, at) =>
        given.collection(name).images.map((image) => {
          const index = `${at + 1}_${String(image.properties['system:index'] ?? '')}`;
          return { ...image, properties: { ...image.properties, 'system:index': index } };
        }),
      );
      return { kind: 'ImageCollection', images };
    },
  };
}

/** Images without the property go last, whichever way. */
function sortBy(collection: ImageCollection, key: string, ascending: boolean): ImageCollection {
  const sign = ascending ? 1 : -1;
  const keyed = collection.images.map((image) => [propertyOf(image, key), image] as const);
  keyed.sort(([one], [other]) => {
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return isSame(one, other) ? 0 : sign * (comparableOf(one) < comparableOf(other) ? -1 : 1);
  });
  return { ...collection, images: keyed.map(([, image]) => image) };
}

function comparableOf(value: Value): number | string {
  if (isKind(value, 'Date')) return value.time;
  return typeof value === 'number' ? value : String(value);
}
