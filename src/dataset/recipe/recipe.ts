/** What is done to the images of a collection before and while they become one. Plain data, stored in the cube. */

export const COMPARISON_SIGNS = ['<', '<=', '>', '>=', '=', '!=', 'in'] as const;
export type ComparisonSign = (typeof COMPARISON_SIGNS)[number];

/** A property of an image, compared with a number or a text, or `in` with a list of these. */
export interface Comparison {
  readonly property: string;
  readonly is: ComparisonSign;
  readonly value: string | number | readonly (string | number)[];
}

/** Which of a band's values keep a pixel: exactly one of these. */
export interface PixelMask {
  /** Of the images themselves, or of those that `collection` links to them. */
  readonly band: string;
  /** Bits of which none may be set; 0 is the least. */
  readonly withoutBits?: readonly number[];
  readonly withoutClasses?: readonly number[];
  readonly onlyClasses?: readonly number[];
  readonly atLeast?: number;
  readonly atMost?: number;
  /**
   * A collection that has an image of the same `system:index` for each image, whose band `band` is meant.
   * Where it has none, the whole image is masked.
   */
  readonly collection?: string;
}

export const REDUCTIONS = [
  'mosaic',
  'median',
  'mean',
  'min',
  'max',
  'mode',
  'first',
  'count',
] as const;

/**
 * How the valid pixels of all images become one.
 * - `mosaic`: the last image that is valid there, in the order of the collection
 * - `first`: the earliest, by `system:time_start`
 * - `count`: how many images are valid there
 * - a percentile, 0 to 100
 */
export type Reduction = (typeof REDUCTIONS)[number] | { readonly percentile: number };

/**
 * In this order: images are filtered, then those of a time step taken; of each, pixels are masked, then bands
 * scaled, then bands derived; and at last all are reduced.
 */
export interface Recipe {
  /** All of which hold; images that lack a property are left out. */
  readonly filter?: readonly Comparison[];
  /** All of which hold. */
  readonly mask?: readonly PixelMask[];
  /** Default: `mosaic`. */
  readonly reduce?: Reduction;
}

/** A band that a derived one is computed from, scaled as a band of the dataset is. */
export interface Operand {
  readonly name: string;
  readonly scale?: number;
  readonly offset?: number;
}

/** How a band's values come from those of the image. */
export interface BandRecipe {
  /** The stored value is the image's times `scale` plus `offset`. Default: 1 and 0. */
  readonly scale?: number;
  readonly offset?: number;
  /** (one - other) / (one + other), masked where either is negative; then `scale` and `offset`. */
  readonly normalizedDifference?: readonly [one: Operand, other: Operand];
}

export function isComputed({ scale, offset, normalizedDifference }: BandRecipe): boolean {
  return scale !== undefined || offset !== undefined || normalizedDifference !== undefined;
}
