import type { BandSource, Frame, Image, ImageBand, Mask } from '../image/image.js';
import { arithmeticType, dtypeOf, intType, type PixelType } from '../image/pixel-type.js';
import { combine, intersectMasks, type Operation } from '../image/pixels.js';
import type { Definition, Definitions } from './algorithm.js';
import type { Arguments } from './arguments.js';
import { computedFrom } from './element.js';

const BOOLEAN = intType(0, 1);

/** Pixel by pixel: sums, comparisons, logic. */
export const ARITHMETIC: Definitions = {
  'Image.add': binary('add', 'Adds the second value to the first.'),
  'Image.subtract': binary('subtract', 'Subtracts the second value from the first.'),
  'Image.multiply': binary('multiply', 'Multiplies the two values.'),
  'Image.divide': binary('divide', 'Divides the first value by the second; by zero gives zero.'),
  'Image.gt': binary('gt', '1 where the first value is greater than the second, else 0.'),
  'Image.gte': binary('gte', '1 where the first value is at least the second, else 0.'),
  'Image.lt': binary('lt', '1 where the first value is less than the second, else 0.'),
  'Image.lte': binary('lte', '1 where the first value is at most the second, else 0.'),
  'Image.eq': binary('eq', '1 where the two values are equal, else 0.'),
  'Image.neq': binary('neq', '1 where the two values differ, else 0.'),
  'Image.and': binary('and', '1 where both values are non-zero, else 0.'),
  'Image.or': binary('or', '1 where either value is non-zero, else 0.'),
  'Image.not': {
    description: '1 where the value is zero, else 0.',
    signature: '(value: Image) => Image',
    evaluate: (given) => {
      const image = given.image('value');
      return { ...computedFrom(image), bands: image.bands.map(negate) };
    },
  },
};

function binary(operation: Operation, description: string): Definition {
  return {
    description: `${description} Bands are matched by name, or else in order; a single band is used against all bands of the other image.`,
    signature: '(image1: Image, image2: Image) => Image',
    evaluate: (given) => {
      const one = given.image('image1');
      const other = given.image('image2');
      const bands = pairBands(one, other, given).map(([left, right, name]) =>
        operate(operation, left, right, name),
      );
      return { ...computedFrom(one), bands };
    },
  };
}

type Pair = readonly [left: ImageBand, right: ImageBand, name: string];

export function pairBands(one: Image, other: Image, given: Arguments): Pair[] {
  const [first] = one.bands;
  const [second] = other.bands;
  if (first !== undefined && second !== undefined) {
    if (other.bands.length === 1) return one.bands.map((band) => [band, second, band.name]);
    if (one.bands.length === 1) return other.bands.map((band) => [first, band, band.name]);
  }
  if (one.bands.length !== other.bands.length) {
    throw given.refuse(
      `Images must have the same number of bands, or one of them a single band. Got ${one.bands.length} and ${other.bands.length}.`,
    );
  }
  const byName = new Map(other.bands.map((band) => [band.name, band]));
  const sameNames = one.bands.every(({ name }) => byName.has(name));
  return one.bands.flatMap((left, index): Pair[] => {
    const right = sameNames ? byName.get(left.name) : other.bands[index];
    return right === undefined ? [] : [[left, right, left.name]];
  });
}

function operate(operation: Operation, left: ImageBand, right: ImageBand, name: string): ImageBand {
  const type = resultType(operation, left.type, right.type);
  const source: BandSource = {
    compute: (frame) =>
      combine(operation, frame.planeOf(left.source), frame.planeOf(right.source), dtypeOf(type)),
    ...commonFootprint(left.source, right.source),
  };
  const grid = left.grid ?? right.grid;
  return { name, type, source, ...(grid === undefined ? {} : { grid }) };
}

function resultType(operation: Operation, left: PixelType, right: PixelType): PixelType {
  switch (operation) {
    case 'add':
    case 'subtract':
    case 'multiply':
    case 'divide':
      return arithmeticType(operation, left, right);
    default:
      return BOOLEAN;
  }
}

function commonFootprint(one: BandSource, other: BandSource): Pick<BandSource, 'footprint'> {
  if (one.footprint === undefined && other.footprint === undefined) return {};
  return {
    footprint: (frame: Frame): Mask =>
      intersectMasks(one.footprint?.(frame), other.footprint?.(frame)) ??
      new Uint8Array(frame.length).fill(1),
  };
}

const ZERO = { pixels: 0 } as const;

function negate(band: ImageBand): ImageBand {
  const { source } = band;
  return {
    ...band,
    type: BOOLEAN,
    source: {
      ...source,
      compute: (frame) => combine('eq', frame.planeOf(source), ZERO, dtypeOf(BOOLEAN)),
    },
  };
}
