import { expected } from '../errors.js';

/** A stretch of time: `start` belongs to it, `end` does not. Milliseconds since 1970-01-01T00:00Z. */
export interface TimeSpan {
  readonly start: number;
  readonly end: number;
}

/** Calendar units of a {@link TimeSpan}'s length; the calendar is the proleptic Gregorian one, in UTC. */
export const CALENDAR_UNITS = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;

export type CalendarUnit = (typeof CALENDAR_UNITS)[number];

const FORMS = 'a time such as 2019, 2019-07, 2019-07-01 or 2019-07-01T12:30 (UTC)';

/**
 * The stretch of time that a text names by its precision: `2019` is the whole year, `2019-07` the
 * month, `2019-07-01T12` the hour. Times are UTC, with or without a `Z`.
 *
 * @param subject what the text is for, in messages.
 * @throws {InvalidInputError} when the text is no such time, or a day that the calendar lacks.
 */
export function parsePeriod(text: string, subject: string): TimeSpan {
  const match =
    /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?)?Z?)?)?)?$/.exec(
      text.trim(),
    );
  if (match === null) throw expected(FORMS, subject, text);
  const parts = match.slice(1).filter((part) => part !== undefined);
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map(Number);
  const start = instantOf(year, month - 1, day, hour, minute, second) + milliseconds(parts[6]);
  const exists =
    new Date(start).toISOString().slice(0, 19) ===
    `${parts[0]}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}`;
  if (!exists) throw expected('a day and an hour of the calendar', subject, text);
  const unit = CALENDAR_UNITS[parts.length - 1];
  return { start, end: unit === undefined ? start + 1 : addUnits(start, 1, unit) };
}

/** `start` and `count` units more. From days on the 29th and later, months may run over into the next. */
export function addUnits(start: number, count: number, unit: CalendarUnit): number {
  const at = new Date(start);
  switch (unit) {
    case 'year':
      return at.setUTCFullYear(at.getUTCFullYear() + count);
    case 'month':
      return at.setUTCMonth(at.getUTCMonth() + count);
    default:
      return start + count * MILLISECONDS[unit];
  }
}

/** Milliseconds of the units whose length does not depend on the calendar. */
export const MILLISECONDS = {
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1_000,
} as const;

/** The shortest ISO 8601 text of an instant, at least a date: `2019-07-01`, `2019-07-01T12:30`. UTC. */
export function formatInstant(time: number): string {
  const text = new Date(time).toISOString();
  if (time % MILLISECONDS.day === 0) return text.slice(0, 10);
  if (time % MILLISECONDS.minute === 0) return text.slice(0, 16);
  return time % MILLISECONDS.second === 0 ? text.slice(0, 19) : text.slice(0, 23);
}

/** The shortest name of a stretch of time: `2019`, `2019-07` or `2019-07-01`, where it is that, else its start. UTC. */
export function formatPeriod({ start, end }: TimeSpan): string {
  const text = new Date(start).toISOString();
  const names = [text.slice(0, 4), text.slice(0, 7), text.slice(0, 10)];
  const isIt = (name: string) => {
    const named = /^\d{4}/.test(name) ? parsePeriod(name, 'a period') : undefined;
    return named?.start === start && named.end === end;
  };
  return names.find(isIt) ?? formatInstant(start);
}

/** `Date.UTC` takes the years 0 to 99 for those of the 20th century. */
function instantOf(year: number, ...rest: [number, number, number, number, number]): number {
  const at = new Date(Date.UTC(2000, ...rest));
  // The day is set with the year: 2000 is a leap year, the wanted one perhaps not.
  const [month, day] = rest;
  return at.setUTCFullYear(year, month, day);
}

function milliseconds(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.padEnd(3, '0'));
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
