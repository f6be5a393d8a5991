import type { Definition, Definitions } from '../algorithm.js';
import { propertyOf } from '../element.js';
import { isKind, type Value } from '../value.js';

const DAY_MS = 86_400_000;

/** Fields of a time in UTC, as they are counted in filters. */
const FIELDS: Readonly<Record<string, (time: Date) => number>> = {
  year: (time) => time.getUTCFullYear(),
  month: (time) => time.getUTCMonth() + 1,
  hour: (time) => time.getUTCHours(),
  minute: (time) => time.getUTCMinutes(),
  day_of_year: (time) =>
    Math.floor((time.getTime() - Date.UTC(time.getUTCFullYear(), 0)) / DAY_MS) + 1,
  day_of_month: (time) => time.getUTCDate(),
  // Weeks begin on Monday.
  day_of_week: (time) => ((time.getUTCDay() + 6) % 7) + 1,
};

/** Filters on ranges: of numbers and texts, and of the calendar. */
export const RANGES: Definitions = {
  'Filter.rangeContains': {
    description: 'Accepts images whose property lies in the range, both ends included.',
    signature: '(field: String, minValue: Object, maxValue: Object) => Filter',
    evaluate: (given) => {
      const field = given.string('field');
      const [least, greatest] = [given.required('minValue'), given.required('maxValue')];
      if (!isOrdered(least) || typeof least !== typeof greatest)
        throw given.refuse('The ends of a range must be two numbers or two texts.');
      return {
        kind: 'Filter',
        accepts: (element) => {
          const own = propertyOf(element, field);
          if (!isOrdered(own) || typeof own !== typeof least) return false;
          return own >= least && own <= (greatest as typeof least);
        },
      };
    },
  },
  'Filter.calendarRange': calendar(
    '(start: Integer, end: Integer = null, field: String = "day_of_year") => Filter',
  ),
  'Filter.dayOfYear': calendar('(start: Integer, end: Integer) => Filter'),
};

function isOrdered(value: Value): value is number | string {
  return typeof value === 'number' || typeof value === 'string';
}

/** A range whose end is before its start goes on over the turn of the year, week or day. */
function calendar(signature: string): Definition {
  return {
    description: 'Accepts images whose time of start lies in a range of the calendar, in UTC.',
    signature,
    evaluate: (given) => {
      const start = given.integer('start');
      const end = given.optional('end') === undefined ? start : given.integer('end');
      const name = given.optional('field') === undefined ? 'day_of_year' : given.string('field');
      const read = FIELDS[name];
      if (read === undefined)
        throw given.refuse(`Field '${name}' is not one of ${Object.keys(FIELDS).join(', ')}.`);
      return {
        kind: 'Filter',
        accepts: (element) => {
          const own = propertyOf(element, 'system:time_start');
          const time = isKind(own, 'Date') ? own.time : own;
          if (typeof time !== 'number') return false;
          const value = read(new Date(time));
          return end < start ? value >= start || value <= end : value >= start && value <= end;
        },
      };
    },
  };
}
