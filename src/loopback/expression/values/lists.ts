import { refuse } from '../../refusal.js';
import type { Definitions } from '../algorithm.js';
import type { Arguments } from '../arguments.js';
import { isKind, isList, isSame, type Value } from '../value.js';
import { applyReducer } from './reducers.js';

const LIST = 'list: List<Object>';

/** Items of the longest list that is made here. */
const MAX_ITEMS = 1_000_000;

export const LISTS: Definitions = {
  'List.get': {
    description: 'An item; negative indices count from the end.',
    signature: `(${LIST}, index: Integer) => Object`,
    evaluate: (given) => {
      const list = given.list('list');
      const item = list.at(given.integer('index'));
      if (item !== undefined) return item;
      throw given.refuse(`List index must be between 0 and ${list.length - 1}.`);
    },
  },
  ...counted('length'),
  ...counted('size'),
  'List.slice': {
    description: 'The items from start (inclusive) to end (exclusive), each step-th of them.',
    signature: `(${LIST}, start: Integer, end: Integer = null, step: Integer = null) => List<Object>`,
    evaluate: (given) => {
      const end = given.optional('end') === undefined ? undefined : given.integer('end');
      const step = given.optional('step') === undefined ? 1 : given.integer('step');
      if (step < 1) throw given.refuse('The step must be at least 1.');
      const part = given.list('list').slice(given.integer('start'), end);
      return part.filter((_, at) => at % step === 0);
    },
  },
  'List.map': {
    description: 'What a function makes of each item.',
    signature: `(${LIST}, baseAlgorithm: Algorithm, dropNulls: Boolean = false) => List<Object>`,
    evaluate: (given) => {
      const call = given.lambda('baseAlgorithm');
      const values = given.list('list').map((item) => call(item));
      return given.boolean('dropNulls', false) ? values.filter((item) => item !== null) : values;
    },
  },
  'List.iterate': {
    description: 'Calls a function with each item and what it returned for the one before.',
    signature: `(${LIST}, function: Algorithm, first: Object) => Object`,
    evaluate: (given) => {
      const call = given.lambda('function');
      const first = given.optional('first') ?? null;
      return given.list('list').reduce<Value>((result, item) => call(item, result), first);
    },
  },
  'List.filter': {
    description: 'The items that the filter accepts; the field of an item is called item.',
    signature: `(${LIST}, filter: Filter) => List<Object>`,
    evaluate: (given) => {
      const filter = given.filter('filter');
      return given.list('list').filter((item) => filter.accepts(item));
    },
  },
  'List.reduce': {
    description: 'Reduces the items.',
    signature: `(${LIST}, reducer: Reducer) => Object`,
    evaluate: (given) => {
      const reducer = given.reducer('reducer');
      const rows = given
        .list('list')
        .map((item) => (reducer.inputs > 1 && isList(item) ? item : [item]));
      const result = applyReducer(reducer, rows);
      const [only = null, ...others] = result.entries.values();
      return others.length === 0 ? only : result;
    },
  },
  'List.sort': {
    description: 'The items in the order of their keys, or of themselves.',
    signature: `(${LIST}, keys: List<Object> = null) => List<Object>`,
    evaluate: sort,
  },
  'List.add': {
    description: 'The list with one more item.',
    signature: `(${LIST}, element: Object) => List<Object>`,
    evaluate: (given) => [...given.list('list'), given.optional('element') ?? null],
  },
  'List.cat': {
    description: 'The items of both lists.',
    signature: `(${LIST}, other: List<Object>) => List<Object>`,
    evaluate: (given) => bounded([...given.list('list'), ...given.list('other')]),
  },
  'List.contains': {
    description: 'Whether an item is in the list.',
    signature: `(${LIST}, element: Object) => Boolean`,
    evaluate: (given) => indexOf(given) >= 0,
  },
  'List.indexOf': {
    description: 'Where an item is in the list; -1 where it is not.',
    signature: `(${LIST}, element: Object) => Integer`,
    evaluate: indexOf,
  },
  'List.remove': {
    description: 'The list without the first of the items equal to the element.',
    signature: `(${LIST}, element: Object) => List<Object>`,
    evaluate: (given) => {
      const at = indexOf(given);
      return given.list('list').filter((_, index) => index !== at);
    },
  },
  'List.removeAll': {
    description: 'The items that are not in the other list.',
    signature: `(${LIST}, other: List<Object>) => List<Object>`,
    evaluate: (given) => {
      const other = given.list('other');
      return given.list('list').filter((item) => !other.some((each) => isSame(each, item)));
    },
  },
  'List.distinct': {
    description: 'The items, each once.',
    signature: `(${LIST}) => List<Object>`,
    evaluate: (given) => {
      const list = given.list('list');
      return list.filter((item, at) => list.findIndex((each) => isSame(each, item)) === at);
    },
  },
  'List.reverse': {
    description: 'The items from the last to the first.',
    signature: `(${LIST}) => List<Object>`,
    evaluate: (given) => [...given.list('list')].reverse(),
  },
  'List.flatten': {
    description: 'The items, those of lists in their place, however deep.',
    signature: `(${LIST}) => List<Object>`,
    evaluate: (given) => flatten(given.list('list')),
  },
  'List.zip': {
    description: 'Pairs of the items of two lists, as long as the shorter one.',
    signature: `(${LIST}, other: List<Object>) => List<List<Object>>`,
    evaluate: (given) => {
      const list = given.list('list');
      const other = given.list('other');
      const length = Math.min(list.length, other.length);
      return list.slice(0, length).map((item, at) => [item, other[at] ?? null]);
    },
  },
  'List.join': {
    description: 'The items as one text.',
    signature: `(${LIST}, separator: String = "") => String`,
    evaluate: (given) =>
      given
        .list('list')
        .map(String)
        .join(String(given.optional('separator') ?? '')),
  },
  'List.repeat': {
    description: 'One value, so many times.',
    signature: '(value: Object, count: Integer) => List<Object>',
    evaluate: (given) => {
      const count = checkCount(given.integer('count'));
      return Array.from({ length: count }, () => given.optional('value') ?? null);
    },
  },
  'List.sequence': {
    description: 'Numbers from start to end (inclusive) by a step, or so many of them.',
    signature:
      '(start: Number, end: Number = null, step: Number = 1, count: Integer = null) => List<Object>',
    evaluate: sequence,
  },
};

function counted(name: string): Definitions {
  return {
    [`List.${name}`]: {
      description: 'How many items there are.',
      signature: `(${LIST}) => Integer`,
      evaluate: (given) => given.list('list').length,
    },
  };
}

function indexOf(given: Arguments): number {
  const element = given.optional('element') ?? null;
  return given.list('list').findIndex((item) => isSame(item, element));
}

function flatten(list: readonly Value[]): Value[] {
  return list.flatMap((item) => (isList(item) ? flatten(item) : [item]));
}

function sort(given: Arguments): Value[] {
  const list = given.list('list');
  const keys = given.optional('keys') === undefined ? list : given.list('keys');
  if (keys.length !== list.length) throw given.refuse('There must be a key for each item.');
  const order = list.map((_, at) => at);
  order.sort((one, other) => compare(keys[one] ?? null, keys[other] ?? null));
  return order.map((at) => list[at] ?? null);
}

function compare(one: Value, other: Value): number {
  const [a, b] = [one, other].map((key) => (isKind(key, 'Date') ? key.time : key));
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [x, y] = [String(a), String(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function sequence(given: Arguments): number[] {
  const start = given.number('start');
  const count = given.optional('count') === undefined ? undefined : given.integer('count');
  const end = given.optional('end') === undefined ? undefined : given.number('end');
  if (count !== undefined && end !== undefined) {
    const step = count > 1 ? (end - start) / (count - 1) : 0;
    return Array.from({ length: checkCount(count) }, (_, at) => start + at * step);
  }
  const step = given.optional('step') === undefined ? 1 : given.number('step');
  if (count === undefined && end === undefined)
    throw given.refuse("'end' or 'count' must be given.");
  if (step === 0) throw given.refuse('The step may not be 0.');
  const length = count ?? Math.floor(((end as number) - start) / step + 1e-9) + 1;
  return Array.from({ length: checkCount(Math.max(0, length)) }, (_, at) => start + at * step);
}

function checkCount(count: number): number {
  if (count >= 0 && count <= MAX_ITEMS) return count;
  throw refuse(`A list may have up to ${MAX_ITEMS} items here, not ${count}.`);
}

function bounded(list: Value[]): Value[] {
  checkCount(list.length);
  return list;
}
