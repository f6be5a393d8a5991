import { expected, InvalidInputError } from '../errors.js';

/** Of lists: more than any page sends. */
const MOST_VALUES = 16;

/** What a request asks, in the words behind its `?`: each is known, bounded, and said once unless it is a list. */
export class Query {
  readonly #words: URLSearchParams;

  /** @throws {InvalidInputError} for a word that is none of `known`. */
  constructor(words: URLSearchParams, known: readonly string[]) {
    for (const name of words.keys())
      if (!known.includes(name))
        throw expected(`one of ${known.join(', ') || 'no parameters'}`, 'a parameter', name);
    this.#words = words;
  }

  has(name: string): boolean {
    return this.#words.has(name);
  }

  /** A whole number from `low` to `high`, both included. */
  whole(name: string, low: number, high: number): number {
    const text = this.#one(name);
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= low && value <= high))
      throw expected(`a whole number from ${low} to ${high}`, `"${name}"`, text);
    return value;
  }

  /** @param otherwise where it is not said */
  number(name: string, low: number, high: number, otherwise: number): number {
    if (!this.has(name)) return otherwise;
    const text = this.#one(name);
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!(value >= low && value <= high))
      throw expected(`a number from ${low} to ${high}`, `"${name}"`, text);
    return value;
  }

  /** All values of a word that may be said several times, in order. */
  list(name: string): string[] {
    const values = this.#words.getAll(name);
    if (values.length > MOST_VALUES)
      throw expected(`${MOST_VALUES} values at most`, `"${name}"`, values.length);
    return values;
  }

  /** So many finite numbers with commas. */
  static numbers(text: string, count: number, name: string): number[] {
    const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    if (values.length !== count || !values.every(Number.isFinite))
      throw expected(`${count} numbers with commas`, `"${name}"`, text);
    return values;
  }

  text(name: string): string {
    return this.#one(name);
  }

  #one(name: string): string {
    const values = this.#words.getAll(name);
    if (values.length !== 1)
      throw new InvalidInputError(
        `Expected the parameter "${name}" once but received it ${values.length === 0 ? 'not at all' : `${values.length} times`}.`,
      );
    return values[0] as string;
  }
}
