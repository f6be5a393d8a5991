import { invert } from '../../grid/affine.js';
import { parseCrs } from '../../grid/crs/crs.js';
import type { Geometry, Projection } from '../geometry/geometry.js';
import { atScale } from '../geometry/projections.js';
import { constantImage } from '../image/constant.js';
import type { Image } from '../image/image.js';
import { refuse } from '../refusal.js';
import { type Element, isElement } from './element.js';
import type { Reducer } from './value.js';
import {
  type Dictionary,
  type Filter,
  type ImageCollection,
  isKind,
  isList,
  kindOf,
  type Lambda,
  type Value,
} from './value.js';

/** The arguments of one call by name, read as the types the function wants. */
export class Arguments {
  constructor(
    private readonly algorithm: string,
    private readonly given: ReadonlyMap<string, Value>,
  ) {}

  /** The value, or `undefined` where the call leaves it out or gives null. */
  optional(name: string): Value | undefined {
    return this.given.get(name) ?? undefined;
  }

  required(name: string): Value {
    const value = this.optional(name);
    if (value === undefined) {
      throw this.refuse(`Parameter '${name}' is required and may not be null.`);
    }
    return value;
  }

  /** An image; a number, or a list of numbers, stands for a constant one. */
  image(name: string): Image {
    return this.toImage(name, this.required(name));
  }

  images(name: string): Image[] {
    return this.list(name).map((item) => this.toImage(name, item));
  }

  private toImage(name: string, value: Value): Image {
    if (isKind(value, 'Image')) return value;
    if (typeof value === 'number') return constantImage([value]);
    if (isList(value) && value.every((item) => typeof item === 'number')) {
      return constantImage(value);
    }
    throw this.mismatch(name, 'Image', value);
  }

  collection(name: string): ImageCollection {
    const value = this.required(name);
    if (isKind(value, 'ImageCollection')) return value;
    throw this.mismatch(name, 'ImageCollection', value);
  }

  filter(name: string): Filter {
    const value = this.required(name);
    if (isKind(value, 'Filter')) return value;
    throw this.mismatch(name, 'Filter', value);
  }

  element(name: string): Element {
    const value = this.required(name);
    if (isElement(value)) return value;
    throw this.mismatch(name, 'Element', value);
  }

  reducer(name: string): Reducer {
    const value = this.required(name);
    if (isKind(value, 'Reducer')) return value;
    throw this.mismatch(name, 'Reducer', value);
  }

  geometry(name: string): Geometry {
    const value = this.required(name);
    if (isKind(value, 'Geometry')) return value;
    throw this.mismatch(name, 'Geometry', value);
  }

  dictionary(name: string): Dictionary {
    const value = this.required(name);
    if (isKind(value, 'Dictionary')) return value;
    throw this.mismatch(name, 'Dictionary', value);
  }

  /** A projection, or the code or WKT of a CRS. */
  projection(name: string): Projection {
    const value = this.required(name);
    if (isKind(value, 'Projection')) return value;
    if (typeof value !== 'string') throw this.mismatch(name, 'Projection', value);
    return this.crs(value);
  }

  /** @throws {EarthEngineError} when there is no such CRS. */
  crs(text: string): Projection {
    try {
      return { kind: 'Projection', crs: parseCrs(text).name, transform: [1, 0, 0, 0, 1, 0] };
    } catch {
      throw this.refuse(`The CRS of a map projection could not be parsed: '${text}'.`);
    }
  }

  /** `crs` under the arguments `crsTransform` and `scale`, of which only one may be given. */
  targetProjection(): Projection {
    const projection = this.projection('crs');
    const hasTransform = this.optional('crsTransform') !== undefined;
    if (this.optional('scale') !== undefined) {
      if (hasTransform) throw this.refuse("'crsTransform' and 'scale' exclude each other.");
      return atScale(projection, this.number('scale'));
    }
    return hasTransform ? { ...projection, transform: this.affine('crsTransform') } : projection;
  }

  /** Six numbers, row by row, of a transform that can be inverted. */
  affine(name: string): Projection['transform'] {
    const values = this.list(name);
    if (values.length !== 6 || !values.every((item) => typeof item === 'number')) {
      throw this.refuse(`Parameter '${name}' must be a list of 6 numbers.`);
    }
    const affine = values as unknown as Projection['transform'];
    try {
      invert(affine);
      return affine;
    } catch (cause) {
      throw this.refuse(`Parameter '${name}': ${cause instanceof Error ? cause.message : cause}`);
    }
  }

  /** A function of the expression, called with values for its arguments in order. */
  lambda(name: string): (...values: readonly Value[]) => Value {
    const value = this.required(name);
    if (!isKind(value, 'Function')) throw this.mismatch(name, 'Algorithm', value);
    const { argumentNames, call }: Lambda = value;
    return (...values) =>
      call(new Map(argumentNames.map((argument, at) => [argument, values[at] ?? null])));
  }

  number(name: string): number {
    const value = this.required(name);
    if (typeof value === 'number') return value;
    if (typeof value === 'boolean') return Number(value);
    throw this.mismatch(name, 'Number', value);
  }

  integer(name: string): number {
    const value = this.number(name);
    if (Number.isInteger(value)) return value;
    throw this.refuse(`Parameter '${name}' must be a whole number but is ${value}.`);
  }

  list(name: string): readonly Value[] {
    const value = this.required(name);
    if (isList(value)) return value;
    throw this.mismatch(name, 'List', value);
  }

  /** A list of strings; one string stands for a list of one. */
  names(name: string): readonly string[] {
    const value = this.required(name);
    const names = isList(value) ? value : [value];
    if (names.every((item) => typeof item === 'string')) return names;
    throw this.mismatch(name, 'List<String>', value);
  }

  string(name: string): string {
    const value = this.required(name);
    if (typeof value === 'string') return value;
    throw this.mismatch(name, 'String', value);
  }

  boolean(name: string, otherwise: boolean): boolean {
    const value = this.optional(name);
    if (value === undefined) return otherwise;
    if (typeof value === 'boolean') return value;
    throw this.mismatch(name, 'Boolean', value);
  }

  /** Milliseconds since 1970 of a date, an ISO 8601 text (UTC) or a number of milliseconds. */
  time(name: string): number {
    const value = this.required(name);
    if (isKind(value, 'Date')) return value.time;
    if (typeof value === 'number') return value;
    const time = typeof value === 'string' ? parseTime(value) : undefined;
    if (time === undefined) throw this.mismatch(name, 'Date', value);
    if (Number.isNaN(time)) throw this.refuse(`Bad date/time '${String(value)}'.`);
    return time;
  }

  refuse(message: string) {
    return refuse(`${this.algorithm}: ${message}`);
  }

  private mismatch(name: string, wanted: string, value: Value) {
    return this.refuse(
      `Parameter '${name}' of type ${wanted} cannot be made from a value of type ${kindOf(value)}.`,
    );
  }
}

/** NaN where the text is no date. A time without a zone is UTC, as at Earth Engine. */
export function parseTime(text: string): number {
  const isDateTime = /T\d/.test(text);
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/.test(text);
  return Date.parse(isDateTime && !hasZone ? `${text}Z` : text);
}
