import type { Image } from '../../image/image.js';
import { DOUBLE } from '../../image/pixel-type.js';
import type { Definitions } from '../algorithm.js';
import { propertyOf } from '../element.js';
import { isKind, kindOf, type Value } from '../value.js';

/** Names and types of bands, and parts of images by their place. */
export const BANDS: Definitions = {
  'Image.bandNames': {
    description: 'The names of the bands.',
    signature: '(image: Image) => List<Object>',
    evaluate: (given) => given.image('image').bands.map(({ name }) => name),
  },
  'Image.bandTypes': {
    description: 'The types of the bands, by name.',
    signature: '(image: Image) => Dictionary<Object>',
    evaluate: (given) => ({
      kind: 'Dictionary',
      entries: new Map(
        given
          .image('image')
          .bands.map(({ name, type }): [string, Value] => [name, { kind: 'PixelType', type }]),
      ),
    }),
  },
  'Image.slice': {
    description:
      'The bands from start (inclusive) to end (exclusive); negative ones count from the end.',
    signature: '(image: Image, start: Integer, end: Integer = null) => Image',
    evaluate: (given) => {
      const image = given.image('image');
      const end = given.optional('end') === undefined ? undefined : given.integer('end');
      return { ...image, bands: image.bands.slice(given.integer('start'), end) };
    },
  },
  'Image.metadata': {
    description: 'A property that is a number as an image of doubles.',
    signature: '(image: Image, property: String, name: String = null) => Image',
    evaluate: (given): Image => {
      const property = given.string('property');
      const found = propertyOf(given.image('image'), property);
      const value = isKind(found, 'Date') ? found.time : found;
      if (typeof value !== 'number') {
        throw given.refuse(`The property '${property}' is of type ${kindOf(value)}, not a number.`);
      }
      const name = given.optional('name') === undefined ? property : given.string('name');
      return {
        kind: 'Image',
        properties: {},
        bands: [{ name, type: DOUBLE, source: { compute: () => ({ pixels: value }) } }],
      };
    },
  },
};
