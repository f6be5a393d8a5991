import { constantImage } from '../image/constant.js';
import type { Image } from '../image/image.js';
import { refuse } from '../refusal.js';
import { type Filter, type ImageCollection, isKind, isList, kindOf, type Value } from './value.js';

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
