import type { Definitions } from '../algorithm.js';

const STRING = 'string: String';

export const STRINGS: Definitions = {
  String: {
    description: 'A value as a text.',
    signature: '(input: Object) => String',
    evaluate: (given) => {
      const input = given.required('input');
      if (typeof input === 'string' || typeof input === 'number') return String(input);
      throw given.refuse('Only texts and numbers can be made a String.');
    },
  },
  'String.cat': {
    description: 'Two texts, one after the other.',
    signature: '(string1: String, string2: String) => String',
    evaluate: (given) => given.string('string1') + given.string('string2'),
  },
  'String.length': {
    description: 'How many characters there are.',
    signature: `(${STRING}) => Integer`,
    evaluate: (given) => given.string('string').length,
  },
  'String.slice': {
    description: 'The characters from start (inclusive) to end (exclusive).',
    signature: `(${STRING}, start: Integer, end: Integer = null) => String`,
    evaluate: (given) => {
      const end = given.optional('end') === undefined ? undefined : given.integer('end');
      return given.string('string').slice(given.integer('start'), end);
    },
  },
  'String.index': {
    description: 'Where a text first occurs; -1 where it does not.',
    signature: '(target: String, pattern: String) => Integer',
    evaluate: (given) => given.string('target').indexOf(given.string('pattern')),
  },
  'String.toLowerCase': {
    description: 'The text in small letters.',
    signature: `(${STRING}) => String`,
    evaluate: (given) => given.string('string').toLowerCase(),
  },
  'String.toUpperCase': {
    description: 'The text in capital letters.',
    signature: `(${STRING}) => String`,
    evaluate: (given) => given.string('string').toUpperCase(),
  },
  'String.trim': {
    description: 'The text without white space around it.',
    signature: `(${STRING}) => String`,
    evaluate: (given) => given.string('string').trim(),
  },
};
