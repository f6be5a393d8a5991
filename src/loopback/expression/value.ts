import type { Geometry, Projection } from '../geometry/geometry.js';
import type { Image } from '../image/image.js';
import type { PixelType } from '../image/pixel-type.js';
import type { Statistic } from './statistics.js';

/** What an expression, or a part of one, comes to. */
export type Value =
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | Dictionary
  | Image
  | ImageCollection
  | Filter
  | Moment
  | DateRange
  | Projection
  | Geometry
  | PixelTypeValue
  | ErrorMargin
  | Reducer
  | Lambda;

/** A map, so that no key of a request can reach an object's prototype. */
export interface Dictionary {
  readonly kind: 'Dictionary';
  readonly entries: ReadonlyMap<string, Value>;
}

export interface ImageCollection {
  readonly kind: 'ImageCollection';
  /** Absent for collections that were made of images. */
  readonly id?: string;
  readonly properties?: Readonly<Record<string, Value>>;
  /** In the order of acquisition; a mosaic puts the last on top. */
  readonly images: readonly Image[];
}

export interface Filter {
  readonly kind: 'Filter';
  /** @param element what the filter looks at: `propertyOf` has its fields, a list's item is its own */
  accepts(element: Value): boolean;
}

export interface PixelTypeValue {
  readonly kind: 'PixelType';
  readonly type: PixelType;
}

/** Read, and of no effect: shapes are computed as exactly as doubles allow. */
export interface ErrorMargin {
  readonly kind: 'ErrorMargin';
  readonly value: number;
  readonly unit: string;
}

/** What makes one value of many. */
export interface Reducer {
  readonly kind: 'Reducer';
  /** How many values it takes of each element: 1, or as many as `repeat` said. */
  readonly inputs: number;
  readonly outputs: readonly Output[];
}

export interface Output {
  readonly name: string;
  /** Which of the inputs it looks at. */
  readonly input: number;
  /** @param values those of all elements, nulls left out */
  reduce(values: readonly Value[]): Value;
  /** The same of numbers alone, where it is one of those that pixels can be reduced by. */
  readonly statistic?: Statistic;
}

/** A `Date`. */
export interface Moment {
  readonly kind: 'Date';
  /** Milliseconds since 1970-01-01T00:00Z. */
  readonly time: number;
}

export interface DateRange {
  readonly kind: 'DateRange';
  /** Milliseconds; the start belongs to the range, the end does not. */
  readonly start: number;
  readonly end: number;
}

/** A function the expression itself defines. */
export interface Lambda {
  readonly kind: 'Function';
  readonly argumentNames: readonly string[];
  call(given: ReadonlyMap<string, Value>): Value;
}

export function isKind<K extends Exclude<ReturnType<typeof kindOf>, PlainKind>>(
  value: Value,
  kind: K,
): value is Extract<Value, { kind: K }> {
  return kindOf(value) === kind;
}

type PlainKind = 'Null' | 'Boolean' | 'Number' | 'String' | 'List';

/** The type's name as Earth Engine's messages have it. */
export function kindOf(value: Value) {
  if (value === null) return 'Null';
  switch (typeof value) {
    case 'boolean':
      return 'Boolean';
    case 'number':
      return 'Number';
    case 'string':
      return 'String';
    default:
      return isList(value) ? 'List' : value.kind;
  }
}

/** Equal as Earth Engine compares: by content, whatever lists hold. */
export function isSame(one: Value, other: Value): boolean {
  if (isList(one) && isList(other)) {
    return one.length === other.length && one.every((item, at) => isSame(item, other[at] ?? null));
  }
  if (isKind(one, 'Date') && isKind(other, 'Date')) return one.time === other.time;
  return one === other;
}

/** True as Earth Engine takes it: not null, false, zero or empty. */
export function isTrue(value: Value): boolean {
  return isList(value) ? value.length > 0 : Boolean(value);
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
