import type { Image, ImageBand } from '../../image/image.js';
import { DOUBLE, dtypeOf, FLOAT, intType, type PixelType, unite } from '../../image/pixel-type.js';
import { overlay } from '../../image/pixels.js';
import { pixelwise } from '../../image/pixelwise.js';
import type { Definition, Definitions } from '../algorithm.js';
import type { Arguments } from '../arguments.js';
import { pairBands } from '../arithmetic.js';
import { computedFrom } from '../element.js';
import { partner } from '../masks.js';

/** Functions of pixels beyond sums and comparisons. */
export const FUNCTIONS: Definitions = {
  'Image.abs': unary('abs', Math.abs, absType),
  'Image.ceil': unary('ceil', Math.ceil, (type) => type),
  'Image.floor': unary('floor', Math.floor, (type) => type),
  'Image.round': unary('round', Math.round, (type) => type),
  'Image.sqrt': unary('sqrt', Math.sqrt, fractional),
  'Image.exp': unary('exp', Math.exp, fractional),
  'Image.log': unary('log', Math.log, fractional),
  'Image.log10': unary('log10', Math.log10, fractional),
  'Image.pow': binary(
    'pow',
    (a, b) => a ** b,
    (one, other) => fractional(unite(one, other)),
  ),
  'Image.mod': binary('mod', (a, b) => (b === 0 ? 0 : a % b), unite),
  'Image.max': binary('max', Math.max, unite),
  'Image.min': binary('min', Math.min, unite),
  'Image.bitwiseAnd': binary('bitwiseAnd', (a, b) => a & b, unite),
  'Image.bitwiseOr': binary('bitwiseOr', (a, b) => a | b, unite),
  'Image.leftShift': binary(
    'leftShift',
    (a, b) => a << b,
    () => intType(-2147483648, 2147483647),
  ),
  'Image.rightShift': binary(
    'rightShift',
    (a, b) => a >> b,
    (one) => one,
  ),
  'Image.clamp': {
    description: 'Values below low become low, values above high become high.',
    signature: '(input: Image, low: Float, high: Float) => Image',
    evaluate: (given) => {
      const [low, high] = [given.number('low'), given.number('high')];
      return each(
        given.image('input'),
        (value) => Math.min(Math.max(value, low), high),
        (type) => (Number.isInteger(low) && Number.isInteger(high) ? type : unite(type, DOUBLE)),
      );
    },
  },
  'Image.unitScale': {
    description: 'Scales low to 0 and high to 1.',
    signature: '(input: Image, low: Float, high: Float) => Image',
    evaluate: (given) => {
      const [low, high] = [given.number('low'), given.number('high')];
      return each(given.image('input'), (value) => (value - low) / (high - low), fractional);
    },
  },
  'Image.selfMask': {
    description: 'The image, masked where it is zero.',
    signature: '(image: Image) => Image',
    evaluate: (given) => {
      const image = given.image('image');
      const bands = image.bands.map(
        (band): ImageBand => ({
          ...band,
          source: pixelwise([band.source], band.type, (value) =>
            value === 0 ? Number.NaN : value,
          ),
        }),
      );
      return { ...image, bands };
    },
  },
  'Image.where': {
    description:
      'The value where the test is not zero; where test or value are masked the image stays.',
    signature: '(input: Image, test: Image, value: Image) => Image',
    evaluate: where,
  },
  'Image.blend': {
    description: 'The upper image over the lower one.',
    signature: '(bottom: Image, top: Image) => Image',
    evaluate: (given) => {
      const bottom = given.image('bottom');
      const top = given.image('top');
      const bands = bottom.bands.map((band, at): ImageBand => {
        const upper = partner(top, at, bottom, given);
        const type = unite(band.type, upper.type);
        return {
          name: band.name,
          type,
          source: {
            compute: (frame) =>
              overlay(
                frame.planeOf(upper.source),
                frame.planeOf(band.source),
                dtypeOf(type),
                frame.length,
              ),
          },
        };
      });
      return { ...computedFrom(bottom), bands };
    },
  },
  'Image.normalizedDifference': {
    description: '(first - second) / (first + second) of two bands; masked where one is negative.',
    signature: '(input: Image, bandNames: List<String> = null) => Image',
    evaluate: normalizedDifference,
  },
};

type TypeRule = (type: PixelType) => PixelType;

function unary(name: string, operate: (value: number) => number, typeOf: TypeRule): Definition {
  return {
    description: `${name} of each pixel.`,
    signature: '(value: Image) => Image',
    evaluate: (given) => each(given.image('value'), operate, typeOf),
  };
}

function each(image: Image, operate: (value: number) => number, typeOf: TypeRule): Image {
  const bands = image.bands.map((band): ImageBand => {
    const type = typeOf(band.type);
    return { ...band, type, source: pixelwise([band.source], type, operate) };
  });
  return { ...computedFrom(image), bands };
}

function binary(
  name: string,
  operate: (a: number, b: number) => number,
  typeOf: (one: PixelType, other: PixelType) => PixelType,
): Definition {
  return {
    description: `${name} of two images, pixel by pixel; bands are matched by name, or else in order.`,
    signature: '(image1: Image, image2: Image) => Image',
    evaluate: (given) => {
      const one = given.image('image1');
      const pairs = pairBands(one, given.image('image2'), given);
      const bands = pairs.map(([left, right, band]): ImageBand => {
        const type = typeOf(left.type, right.type);
        const grid = left.grid ?? right.grid;
        return {
          name: band,
          type,
          source: pixelwise([left.source, right.source], type, operate),
          ...(grid === undefined ? {} : { grid }),
        };
      });
      return { ...computedFrom(one), bands };
    },
  };
}

function where(given: Arguments): Image {
  const image = given.image('input');
  const test = given.image('test');
  const value = given.image('value');
  const bands = image.bands.map((band, at): ImageBand => {
    const condition = partner(test, at, image, given).source;
    const other = partner(value, at, image, given);
    const type = unite(band.type, other.type);
    const chosen = pixelwise([condition, other.source], type, (yes, put) =>
      yes === 0 || yes === undefined || put === undefined ? Number.NaN : put,
    );
    return {
      ...band,
      type,
      source: {
        ...band.source,
        compute: (frame) => {
          const below = frame.planeOf(band.source);
          const mask = below.mask;
          const upper = frame.planeOf(chosen);
          const all = overlay(upper, below, dtypeOf(type), frame.length);
          if (mask === undefined) return all;
          const pixels =
            typeof all.pixels === 'number'
              ? new Float64Array(frame.length).fill(all.pixels)
              : all.pixels.slice();
          for (let i = 0; i < frame.length; i++) if (mask[i] === 0) pixels[i] = 0;
          return { pixels, mask };
        },
      },
    };
  });
  return { ...image, bands };
}

function normalizedDifference(given: Arguments): Image {
  const image = given.image('input');
  const names =
    given.optional('bandNames') === undefined
      ? image.bands.slice(0, 2).map(({ name }) => name)
      : given.names('bandNames');
  const [one, other] = names.map((name) => image.bands.find((band) => band.name === name));
  if (one === undefined || other === undefined || names.length !== 2) {
    throw given.refuse(`Expected two bands of the image but got [${names.join(', ')}].`);
  }
  const source = pixelwise([one.source, other.source], FLOAT, (a = 0, b = 0) =>
    a < 0 || b < 0 ? Number.NaN : (a - b) / (a + b),
  );
  const grid = one.grid === undefined ? {} : { grid: one.grid };
  return { ...computedFrom(image), bands: [{ name: 'nd', type: FLOAT, source, ...grid }] };
}

/** Whole numbers of up to 16 bits become floats, what a float cannot hold becomes double. */
export function fractional(type: PixelType): PixelType {
  if (type.precision === 'float') return FLOAT;
  const isShort = type.precision === 'int' && type.min >= -32768 && type.max <= 65535;
  return isShort ? FLOAT : DOUBLE;
}

function absType(type: PixelType): PixelType {
  if (type.precision !== 'int') return type;
  return intType(0, Math.max(Math.abs(type.min), Math.abs(type.max)));
}
