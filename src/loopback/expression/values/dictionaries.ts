import { constantImage } from '../../image/constant.js';
import type { Definition, Definitions } from '../algorithm.js';
import type { Arguments } from '../arguments.js';
import { isElement, propertiesOf } from '../element.js';
import { type Dictionary, isKind, isList, kindOf, type Value } from '../value.js';

const DICTIONARY = 'dictionary: Dictionary<Object>';

export const DICTIONARIES: Definitions = {
  Dictionary: {
    description:
      "A dictionary of another one, of an image's properties or of a list of keys and values in turn.",
    signature: '(input: Object = null) => Dictionary<Object>',
    evaluate: make,
  },
  'Dictionary.get': {
    description: 'The value of a key, or the default where there is none.',
    signature: `(${DICTIONARY}, key: String, defaultValue: Object = null) => Object`,
    evaluate: get,
  },
  'Dictionary.getNumber': getTyped('number', 'Number'),
  'Dictionary.getString': getTyped('string', 'String'),
  'Dictionary.contains': {
    description: 'Whether there is such a key.',
    signature: `(${DICTIONARY}, key: String) => Boolean`,
    evaluate: (given) => given.dictionary('dictionary').entries.has(given.string('key')),
  },
  'Dictionary.size': {
    description: 'How many keys there are.',
    signature: `(${DICTIONARY}) => Integer`,
    evaluate: (given) => given.dictionary('dictionary').entries.size,
  },
  'Dictionary.keys': {
    description: 'The keys, in the order of the alphabet.',
    signature: `(${DICTIONARY}) => List<String>`,
    evaluate: (given) => sortedKeys(given.dictionary('dictionary')),
  },
  'Dictionary.values': {
    description: 'The values of the keys, or of all in the order of the alphabet.',
    signature: `(${DICTIONARY}, keys: List<String> = null) => List<Object>`,
    evaluate: (given) => {
      const dictionary = given.dictionary('dictionary');
      const keys =
        given.optional('keys') === undefined ? sortedKeys(dictionary) : given.names('keys');
      return keys.map((key) => entryOf(dictionary, key, given));
    },
  },
  'Dictionary.set': {
    description: 'The dictionary with one key changed.',
    signature: `(${DICTIONARY}, key: String, value: Object) => Dictionary<Object>`,
    evaluate: (given) =>
      of([
        ...given.dictionary('dictionary').entries,
        [given.string('key'), given.optional('value') ?? null],
      ]),
  },
  'Dictionary.combine': {
    description: 'The keys of both; the second overwrites the first unless told otherwise.',
    signature:
      '(first: Dictionary<Object>, second: Dictionary<Object>, overwrite: Boolean = true) => Dictionary<Object>',
    evaluate: (given) => {
      const first = given.dictionary('first').entries;
      const second = given.dictionary('second').entries;
      return of(given.boolean('overwrite', true) ? [...first, ...second] : [...second, ...first]);
    },
  },
  'Dictionary.map': {
    description: 'What a function makes of each key and value.',
    signature: `(${DICTIONARY}, baseAlgorithm: Algorithm) => Dictionary<Object>`,
    evaluate: (given) => {
      const call = given.lambda('baseAlgorithm');
      const { entries } = given.dictionary('dictionary');
      return of([...entries].map(([key, value]) => [key, call(key, value)]));
    },
  },
  'Dictionary.fromLists': {
    description: 'A dictionary of keys and their values.',
    signature: '(keys: List<String>, values: List<Object>) => Dictionary<Object>',
    evaluate: (given) => {
      const keys = given.names('keys');
      const values = given.list('values');
      if (keys.length !== values.length) throw given.refuse('There must be a value for each key.');
      return of(keys.map((key, at) => [key, values[at] ?? null]));
    },
  },
  'Dictionary.toImage': {
    description:
      'An image with a constant band for each key, in the order of the alphabet or of the names.',
    signature: `(${DICTIONARY}, names: List<String> = null) => Image`,
    evaluate: (given) => {
      const dictionary = given.dictionary('dictionary');
      const keys =
        given.optional('names') === undefined ? sortedKeys(dictionary) : given.names('names');
      const numbers = keys.map((key) => {
        const value = entryOf(dictionary, key, given);
        if (typeof value === 'number') return value;
        throw given.refuse(`The value of '${key}' is no number.`);
      });
      const image = constantImage(numbers);
      return {
        ...image,
        bands: image.bands.map((band, at) => ({ ...band, name: keys[at] ?? band.name })),
      };
    },
  },
};

function make(given: Arguments): Dictionary {
  const input = given.optional('input') ?? null;
  if (input === null) return of([]);
  if (isKind(input, 'Dictionary')) return input;
  if (isElement(input)) return of(Object.entries(propertiesOf(input)));
  if (isList(input) && input.length % 2 === 0) {
    return of(
      Array.from({ length: input.length / 2 }, (_, at) => [
        String(input[2 * at]),
        input[2 * at + 1] ?? null,
      ]),
    );
  }
  throw given.refuse(`A value of type ${kindOf(input)} cannot be made a dictionary.`);
}

function of(entries: Iterable<readonly [string, Value]>): Dictionary {
  return { kind: 'Dictionary', entries: new Map(entries) };
}

function sortedKeys({ entries }: Dictionary): string[] {
  return [...entries.keys()].sort();
}

function get(given: Arguments): Value {
  const value = given.dictionary('dictionary').entries.get(given.string('key'));
  if (value !== undefined) return value;
  if (given.optional('defaultValue') !== undefined) return given.required('defaultValue');
  return entryOf(given.dictionary('dictionary'), given.string('key'), given);
}

function entryOf(dictionary: Dictionary, key: string, given: Arguments): Value {
  const value = dictionary.entries.get(key);
  if (value !== undefined) return value;
  throw given.refuse(`Dictionary does not contain key: '${key}'.`);
}

function getTyped(type: 'number' | 'string', name: string): Definition {
  return {
    description: `The value of a key, which must be a ${type}.`,
    signature: `(${DICTIONARY}, key: String) => ${name}`,
    evaluate: (given) => {
      const value = entryOf(given.dictionary('dictionary'), given.string('key'), given);
      if (value === null || typeof value === type) return value;
      throw given.refuse(`The value of '${given.string('key')}' is of type ${kindOf(value)}.`);
    },
  };
}
