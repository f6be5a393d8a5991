/** Which values a band can have, and what a recipe makes of them. Numbers alone, no service. */
import type { BandRecipe, Reduction } from '../recipe/recipe.js';

/** A band's pixels as Earth Engine's REST API describes them; `min` and `max` are absent where it does not tell. */
export interface PixelDataType {
  readonly precision: 'INT' | 'FLOAT' | 'DOUBLE';
  readonly min?: number;
  readonly max?: number;
}

/** What the pixels of a band can be. */
export interface Values {
  /** The least and the greatest, both included; infinite where it is not known. */
  readonly low: number;
  readonly high: number;
  /** `whole`: stored as whole numbers. */
  readonly kind: 'whole' | 'float32' | 'float64';
  /** Names of something: neither their means nor their halves are of use. */
  readonly areClasses: boolean;
  /** What was decided on the way, for people. */
  readonly reasons: readonly string[];
}

/** What is known of a band's values beyond the type that they are kept in. */
export interface KnownValues {
  /** The least and the greatest that mean something. */
  readonly valid?: readonly [low: number, high: number] | undefined;
  readonly areClasses?: boolean | undefined;
}

/** Rounding to whole numbers is by less than a two thousandth of so many. */
const FINE_SPAN = 1000;

/** More images than that nobody has at one place in one time step. */
const MOST_IMAGES = 65_534;

/** The values of a band as it is stored at Earth Engine. */
export function storedValues(type: PixelDataType, known: KnownValues = {}): Values {
  const { precision, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = type;
  const { valid: [low, high] = [min, max], areClasses = false } = known;
  const isUntold = precision === 'INT' && type.min === undefined && known.valid === undefined;
  const isNarrowed = known.valid !== undefined && (low > min || high < max);
  const reasons = [
    ...(isUntold ? ['whole numbers of which the service tells no range'] : []),
    ...(isNarrowed ? [`values are ${spanOf(low, high)}, by the publisher`] : []),
  ];
  return {
    low: Math.max(low, min),
    high: Math.min(high, max),
    kind: precision === 'INT' ? 'whole' : precision === 'FLOAT' ? 'float32' : 'float64',
    areClasses: areClasses && precision === 'INT',
    reasons,
  };
}

/** The values of a difference divided by its sum, which is masked where one of the two is negative. */
const NORMALIZED: Values = {
  ...{ low: -1, high: 1, kind: 'float32', areClasses: false },
  reasons: ['a normalised difference lies between -1 and 1'],
};

/** What scale and offset, or a normalised difference, make of the stored values. */
export function computedValues(
  stored: Values | undefined,
  { scale = 1, offset = 0, normalizedDifference }: BandRecipe,
): Values {
  const values = normalizedDifference === undefined && stored !== undefined ? stored : NORMALIZED;
  if (scale === 1 && offset === 0) return values;
  const ends = [values.low, values.high].map((end) => end * scale + offset);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const isWhole = values.kind === 'whole' && Number.isInteger(scale) && Number.isInteger(offset);
  const isFine = high - low >= FINE_SPAN && Number.isFinite(high - low);
  const said = `times ${scale}${offset === 0 ? '' : ` plus ${offset}`}`;
  return {
    low,
    high,
    kind: isWhole || isFine ? 'whole' : 'float32',
    areClasses: false,
    reasons: [
      ...values.reasons,
      isWhole || isFine
        ? `${said}, ${spanOf(low, high)}, stored as ${isWhole ? '' : 'the nearest '}whole numbers`
        : said,
    ],
  };
}

/** Whether a reduction makes values that none of the images has. */
function blends(reduce: Reduction | undefined): boolean {
  return typeof reduce === 'object' || reduce === 'mean' || reduce === 'median';
}

/** What a reduction makes of the images' values. */
export function reducedValues(values: Values, reduce: Reduction | undefined): Values {
  if (reduce === 'count')
    return {
      ...{ low: 0, high: MOST_IMAGES, kind: 'whole', areClasses: false },
      reasons: ['a count of images, far fewer than 65,535'],
    };
  if (!blends(reduce) || values.kind !== 'whole') return values;
  const name = typeof reduce === 'object' ? 'percentile' : reduce;
  const tell = (reason: string): Values => ({ ...values, reasons: [...values.reasons, reason] });
  if (values.areClasses) return tell(`a ${name} of classes means little: reduce by mode`);
  if (values.high - values.low >= FINE_SPAN)
    return tell(`fractions of the ${name} are rounded to the nearest whole number`);
  return {
    ...values,
    kind: 'float32',
    reasons: [
      ...values.reasons,
      `the ${name} of ${spanOf(values.low, values.high)} has fractions that matter`,
    ],
  };
}

export function spanOf(low: number, high: number): string {
  return `${low} to ${high}`;
}
