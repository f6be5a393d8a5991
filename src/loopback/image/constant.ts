import type { Image } from './image.js';
import { typeOfConstant } from './pixel-type.js';

/** An image of one band per value: `constant`, or `constant_0`, `constant_1`, ... */
export function constantImage(values: readonly number[]): Image {
  return {
    kind: 'Image',
    properties: {},
    bands: values.map((value, index) => ({
      name: values.length === 1 ? 'constant' : `constant_${index}`,
      type: typeOfConstant(value),
      source: { compute: () => ({ pixels: value }) },
    })),
  };
}
