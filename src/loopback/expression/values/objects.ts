import type { WorkType } from '../../../raster/dtype.js';
import { DOUBLE, FLOAT, intType, type PixelType, typeOfDtype } from '../../image/pixel-type.js';
import type { Definition, Definitions } from '../algorithm.js';
import type { Arguments } from '../arguments.js';
import { isKind, isSame, kindOf } from '../value.js';

/** Pixel types, and what can be asked of any value. */
export const OBJECTS: Definitions = {
  If: {
    description: 'One of two values, by a condition; the other one is not evaluated.',
    signature:
      '(condition: Object = null, trueCase: Object = null, falseCase: Object = null) => Object',
    // evaluate.ts chooses before this would be called.
    evaluate: (given) => given.required('trueCase'),
  },
  IsEqual: {
    description: 'Whether two values are the same.',
    signature: '(left: Object = null, right: Object = null) => Boolean',
    evaluate: (given) => isSame(given.optional('left') ?? null, given.optional('right') ?? null),
  },
  ObjectType: {
    description: "The name of a value's type.",
    signature: '(value: Object = null) => String',
    evaluate: (given) => kindOf(given.optional('value') ?? null),
  },
  PixelType: {
    description: 'A type of pixels: int, float or double, whole numbers with their range.',
    signature:
      '(precision: Object, minValue: Number = null, maxValue: Number = null, dimensions: Integer = 0) => PixelType',
    evaluate: (given) => ({ kind: 'PixelType', type: construct(given) }),
  },
  'PixelType.uint8': named('uint8'),
  'PixelType.uint16': named('uint16'),
  'PixelType.uint32': named('uint32'),
  'PixelType.int16': named('int16'),
  'PixelType.int32': named('int32'),
  'PixelType.float': named('float32'),
  'PixelType.double': named('float64'),
  'PixelType.precision': {
    description: 'int, float or double.',
    signature: '(pixelType: PixelType) => String',
    evaluate: (given) => typeOf(given).precision,
  },
  'PixelType.minValue': bound('min'),
  'PixelType.maxValue': bound('max'),
  'PixelType.dimensions': {
    description: 'Dimensions of the array in a pixel: none.',
    signature: '(pixelType: PixelType) => Integer',
    evaluate: () => 0,
  },
};

function named(dtype: WorkType): Definition {
  return {
    description: `The type of ${dtype} pixels.`,
    signature: '() => PixelType',
    evaluate: () => ({ kind: 'PixelType', type: typeOfDtype(dtype) }),
  };
}

function bound(end: 'min' | 'max'): Definition {
  return {
    description: `The ${end}imum of the type's range; null where it has none.`,
    signature: '(pixelType: PixelType) => Number',
    evaluate: (given) => {
      const value = typeOf(given)[end];
      return Number.isFinite(value) ? value : null;
    },
  };
}

function typeOf(given: Arguments): PixelType {
  const value = given.required('pixelType');
  if (isKind(value, 'PixelType')) return value.type;
  throw given.refuse("'pixelType' must be a PixelType.");
}

function construct(given: Arguments): PixelType {
  const precision = given.string('precision');
  if (given.optional('dimensions') !== undefined && given.integer('dimensions') !== 0) {
    throw given.refuse('Arrays in pixels are not known to the loopback Earth Engine.');
  }
  if (precision === 'float') return FLOAT;
  if (precision === 'double') return DOUBLE;
  if (precision !== 'int') throw given.refuse(`There is no precision '${precision}'.`);
  return intType(given.number('minValue'), given.number('maxValue'));
}
