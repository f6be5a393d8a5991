import type { Properties } from '../image/image.js';
import type { Definition, Definitions } from './algorithm.js';
import type { Arguments } from './arguments.js';
import { type Filter, isKind, type Value } from './value.js';

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
      return filter((properties) => {
        const time = properties[field];
        return typeof time === 'number' && time >= range.start && time < range.end;
      });
    },
  },
  'Filter.equals': comparison('equal to', (one, other) => one === other),
  'Filter.lessThan': comparison('less than', (one, other) => one < other),
  'Filter.greaterThan': comparison('greater than', (one, other) => one > other),
  'Filter.and': logic('all', (filters, properties) =>
    filters.every((each) => each.accepts(properties)),
  ),
  'Filter.or': logic('any', (filters, properties) =>
    filters.some((each) => each.accepts(properties)),
  ),
};

/** Dates of other time zones are refused rather than misread. */
function utc(given: Arguments): Arguments {
  const zone = given.optional('timeZone');
  if (zone !== undefined && zone !== 'UTC' && zone !== 'Etc/UTC') {
    throw given.refuse(`Time zone '${String(zone)}' is not known to the loopback Earth Engine.`);
  }
  return given;
}

function filter(accepts: Filter['accepts']): Filter {
  return { kind: 'Filter', accepts };
}

type Comparable = number | string;

/** Images without the property are not accepted. */
function comparison(
  words: string,
  holds: (one: Comparable, other: Comparable) => boolean,
): Definition {
  return {
    description: `Accepts images whose property is ${words} the value.`,
    signature: OPERANDS,
    evaluate: (given) => {
      const field = given.string('leftField');
      const value = comparable(given.required('rightValue'), given);
      return filter((properties) => {
        const own = properties[field];
        return own !== undefined && typeof own === typeof value && holds(own, value);
      });
    },
  };
}

function comparable(value: Value, given: Arguments): Comparable {
  if (typeof value === 'number' || typeof value === 'string') return value;
  return given.time('rightValue');
}

function logic(
  words: string,
  accepts: (filters: readonly Filter[], properties: Properties) => boolean,
): Definition {
  return {
    description: `Accepts images that ${words} of the filters accept.`,
    signature: '(filters: List<Filter>) => Filter',
    evaluate: (given) => {
      const filters = given.list('filters').map((each) => {
        if (isKind(each, 'Filter')) return each;
        throw given.refuse("'filters' must be a list of filters.");
      });
      return filter((properties) => accepts(filters, properties));
    },
  };
}
