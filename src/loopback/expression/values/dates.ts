import type { Definitions } from '../algorithm.js';
import type { Arguments } from '../arguments.js';
import { utc } from '../filters.js';
import { isKind } from '../value.js';

/** Milliseconds of the units that are always as long. */
const LENGTHS = {
  week: 604800000,
  day: 86400000,
  hour: 3600000,
  minute: 60000,
  second: 1000,
} as const;

export const DATES: Definitions = {
  'Date.millis': {
    description: 'Milliseconds since 1970.',
    signature: '(date: Date) => Long',
    evaluate: (given) => given.time('date'),
  },
  'Date.format': {
    description: 'The date as a text: ISO 8601, or by a format of YYYY, MM, dd, HH, mm, ss and D.',
    signature: '(date: Date, format: String = null, timeZone: String = null) => String',
    evaluate: format,
  },
  'Date.advance': {
    description: 'The date moved by so many units.',
    signature: '(date: Date, delta: Float, unit: String, timeZone: String = null) => Date',
    evaluate: (given) => {
      const time = utc(given).time('date');
      const delta = given.number('delta');
      const unit = given.string('unit').replace(/s$/, '');
      if (unit === 'year' || unit === 'month') {
        if (!Number.isInteger(delta)) {
          throw given.refuse('Fractions of months and years are not known here.');
        }
        const date = new Date(time);
        const months = unit === 'year' ? 12 * delta : delta;
        date.setUTCMonth(date.getUTCMonth() + months);
        return { kind: 'Date', time: date.getTime() };
      }
      return { kind: 'Date', time: time + delta * lengthOf(unit, given) };
    },
  },
  'Date.difference': {
    description: 'How many units lie between two dates.',
    signature: '(date: Date, start: Date, unit: String) => Float',
    evaluate: (given) => {
      const unit = given.string('unit').replace(/s$/, '');
      return (given.time('date') - given.time('start')) / lengthOf(unit, given);
    },
  },
  'Date.get': {
    description: 'A part of the date, in UTC.',
    signature: '(date: Date, unit: String, timeZone: String = null) => Long',
    evaluate: (given) => {
      const date = new Date(utc(given).time('date'));
      switch (given.string('unit').replace(/s$/, '')) {
        case 'year':
          return date.getUTCFullYear();
        case 'month':
          return date.getUTCMonth() + 1;
        case 'day':
          return date.getUTCDate();
        case 'hour':
          return date.getUTCHours();
        case 'minute':
          return date.getUTCMinutes();
        case 'second':
          return date.getUTCSeconds();
        default:
          throw given.refuse(`The unit '${given.string('unit')}' is not known here.`);
      }
    },
  },
  'Date.fromYMD': {
    description: 'A day.',
    signature: '(year: Integer, month: Integer, day: Integer, timeZone: String = null) => Date',
    evaluate: (given) => ({
      kind: 'Date',
      time: Date.UTC(utc(given).integer('year'), given.integer('month') - 1, given.integer('day')),
    }),
  },
  'DateRange.start': {
    description: 'The start, which belongs to the range.',
    signature: '(dateRange: DateRange) => Date',
    evaluate: (given) => ({ kind: 'Date', time: rangeOf(given).start }),
  },
  'DateRange.end': {
    description: 'The end, which does not belong to the range.',
    signature: '(dateRange: DateRange) => Date',
    evaluate: (given) => ({ kind: 'Date', time: rangeOf(given).end }),
  },
};

function rangeOf(given: Arguments) {
  const range = given.required('dateRange');
  if (isKind(range, 'DateRange')) return range;
  throw given.refuse("'dateRange' must be a DateRange.");
}

function lengthOf(unit: string, given: Arguments): number {
  if (Object.hasOwn(LENGTHS, unit)) return LENGTHS[unit as keyof typeof LENGTHS];
  throw given.refuse(`The unit '${unit}' is not known to the loopback Earth Engine.`);
}

function format(given: Arguments): string {
  const date = new Date(utc(given).time('date'));
  if (given.optional('format') === undefined) return date.toISOString().slice(0, 19);
  const pattern = given.string('format');
  const dayOfYear =
    Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / LENGTHS.day) + 1;
  const parts: Record<string, string> = {
    YYYY: pad(date.getUTCFullYear(), 4),
    yyyy: pad(date.getUTCFullYear(), 4),
    MM: pad(date.getUTCMonth() + 1),
    dd: pad(date.getUTCDate()),
    HH: pad(date.getUTCHours()),
    mm: pad(date.getUTCMinutes()),
    ss: pad(date.getUTCSeconds()),
    D: String(dayOfYear),
  };
  return pattern.replaceAll(/'([^']*)'|([A-Za-z])\2*/g, (found, quoted: string | undefined) => {
    if (quoted !== undefined) return quoted;
    const part = parts[found];
    if (part !== undefined) return part;
    throw given.refuse(`The part '${found}' of a format is not known here.`);
  });
}

function pad(value: number, length = 2): string {
  return String(value).padStart(length, '0');
}
