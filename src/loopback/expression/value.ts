import type { Image, Properties } from '../image/image.js';

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
  | Lambda;

/** A map, so that no key of a request can reach an object's prototype. */
export interface Dictionary {
  readonly kind: 'Dictionary';
  readonly entries: ReadonlyMap<string, Value>;
}

export interface ImageCollection {
  readonly kind: 'ImageCollection';
  readonly id: string;
  /** In the order of acquisition; a mosaic puts the last on top. */
  readonly images: readonly Image[];
}

export interface Filter {
  readonly kind: 'Filter';
  accepts(properties: Properties): boolean;
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

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
