import type { Definition, Definitions } from './algorithm.js';
import type { Arguments } from './arguments.js';
import { propertyOf } from './element.js';
import { type Filter, isKind, isList, isSame, type Value } from './value.js';

const OPERANDS =
  '(leftField: String = null, rightValue: Object = null, rightField: String = null, leftValue: Object = null) => Filter';

/** Dates, and filters on an image's properties. */
export const FILTERS: Definitions = {
  Date: {
    description: 'A date from an ISO 8601 text (UTC) or from milliseconds since 1970.',
    signature: '(value: Object, timeZone: String = null) => Date',
    evaluate: (given) => ({ kind: 'Date', time: utc(given).time('value') }),
  },
  DateRange: {
    description:
      'The time from start (inclusive) to end (exclusive, 1 ms after the start by default).',
    signature: '(start: Object, end: Object = null, timeZone: String = null) => DateRange',
    evaluate: (given) => {
      const start = utc(given).time('start');
      const end = given.optional('end') === undefined ? start + 1 : given.time('end');
      return { kind: 'DateRange', start, end };
    },
  },
  'Filter.dateRangeContains': {
    description: 'Accepts images whose date property lies in the range.',
    signature: OPERANDS,
    evaluate: (given) => {
      const range = given.required('leftValue');
      if (!isKind(range, 'DateRange')) throw given.refuse("'leftValue' must be a DateRange.");
      const field = given.string('rightField');
      return filter((element) => {
        const own = propertyOf(element, field);
        const time = isKind(own, 'Date') ? own.time : own;
        return typeof time === 'number' && time >= range.start && time < range.end;
      });
    },
  },
  ...comparisons('equal to', ['eq', 'equals'], (one, other) => one === other),
  ...comparisons('different from', ['neq', 'notEquals'], (one, other) => one !== other),
  ...comparisons('less than', ['lt', 'lessThan'], (one, other) => one < other),
  ...comparisons('at most', ['lte', 'lessThanOrEquals'], (one, other) => one <= other),
  ...comparisons('greater than', ['gt', 'greaterThan'], (one, other) => one > other),
  ...comparisons('at least', ['gte', 'greaterThanOrEquals'], (one, other) => one >= other),
  'Filter.stringContains': text('contains', (own, part) => own.includes(part)),
  'Filter.stringStartsWith': text('starts with', (own, part) => own.startsWith(part)),
  'Filter.stringEndsWith': text('ends with', (own, part) => own.endsWith(part)),
  'Filter.inList': {
    description: 'Accepts images whose property is an item of the list.',
    signature: OPERANDS,
    evaluate: (given) => {
      const field = given.string('leftField');
      const items = given.list('rightValue');
      return filter((element) => {
        const own = propertyOf(element, field);
        return own !== null && items.some((item) => isSame(item, own));
      });
    },
  },
  'Filter.listContains': {
    description:
      'Accepts images whose property has the value among its items, or is one of the list.',
    signature: OPERANDS,
    evaluate: (given) => {
      const [left, right] = [operand(given, 'left'), operand(given, 'right')];
      return filter((element) => {
        const [items, own] = [left(element), right(element)];
        return own !== null && isList(items) && items.some((item) => isSame(item, own));
      });
    },
  },
  'Filter.notNull': {
    description: 'Accepts images that have all of the properties.',
    signature: '(properties: List<String>) => Filter',
    evaluate: (given) => {
      const names = given.names('properties');
      return filter((element) => names.every((name) => propertyOf(element, name) !== null));
    },
  },
  'Filter.and': logic('all', (filters, element) => filters.every((each) => each.accepts(element))),
  'Filter.or': logic('any', (filters, element) => filters.some((each) => each.accepts(element))),
  'Filter.not': {
    description: 'Accepts images that the filter does not accept.',
    signature: '(filter: Filter) => Filter',
    evaluate: (given) => {
      const inner = given.filter('filter');
      return filter((element) => !inner.accepts(element));
    },
  },
};

/** Dates of other time zones are refused rather than misread. */
export function utc(given: Arguments): Arguments {
  const zone = given.optional('timeZone');
  if (zone !== undefined && zone !== 'UTC' && zone !== 'Etc/UTC') {
    throw given.refuse(`Time zone '${String(zone)}' is not known to the loopback Earth Engine.`);
  }
  return given;
}

/** What stands on one side of a filter of two: a value, or an image's property. */
function operand(given: Arguments, side: 'left' | 'right'): (element: Value) => Value {
  const value = given.optional(`${side}Value`);
  if (value !== undefined) return () => value;
  const field = given.string(`${side}Field`);
  return (element) => propertyOf(element, field);
}

function filter(accepts: Filter['accepts']): Filter {
  return { kind: 'Filter', accepts };
}

type Comparable = number | string;

/** Images without the property are not accepted. */
function comparisons(
  words: string,
  names: readonly string[],
  holds: (one: Comparable, other: Comparable) => boolean,
): Definitions {
  const definition: Definition = {
    description: `Accepts images whose property is ${words} the value.`,
    signature: OPERANDS,
    evaluate: (given) => {
      const field = given.string('leftField');
      const value = comparable(given.required('rightValue'), given);
      return filter((element) => {
        const own = propertyOf(element, field);
        if (typeof own !== 'number' && typeof own !== 'string') return false;
        return typeof own === typeof value && holds(own, value);
      });
    },
  };
  return Object.fromEntries(names.map((name) => [`Filter.${name}`, definition]));
}

function comparable(value: Value, given: Arguments): Comparable {
  if (typeof value === 'number' || typeof value === 'string') return value;
  return given.time('rightValue');
}

function text(words: string, holds: (own: string, part: string) => boolean): Definition {
  return {
    description: `Accepts images whose property ${words} the text.`,
    signature: OPERANDS,
    evaluate: (given) => {
      const field = given.string('leftField');
      const part = given.string('rightValue');
      return filter((element) => {
        const own = propertyOf(element, field);
        return typeof own === 'string' && holds(own, part);
      });
    },
  };
}

function logic(
  words: string,
  accepts: (filters: readonly Filter[], element: Value) => boolean,
): Definition {
  return {
    description: `Accepts images that ${words} of the filters accept.`,
    signature: '(filters: List<Filter>) => Filter',
    evaluate: (given) => {
      const filters = given.list('filters').map((each) => {
        if (isKind(each, 'Filter')) return each;
        throw given.refuse("'filters' must be a list of filters.");
      });
      return filter((element) => accepts(filters, element));
    },
  };
}
