import { expected } from '../errors.js';
import { formatInstant, parsePeriod, type TimeSpan } from './period.js';
import type { TimeAxis, TimeStep } from './time-axis.js';

/**
 * A time: a `Date` is an instant, a text the stretch of time that it names by its precision (`2019`
 * the whole year, `2019-07-01` the day; UTC).
 */
export type Time = string | Date;

/**
 * A time of interest: which steps of a temporal cube are meant.
 *
 * - `at`: the steps that begin in that time; if none does, the step that holds all of it. So `2019`
 *   is one step of a yearly cube and twelve of a monthly one, and `2019-07-15` is that month, or that
 *   year.
 * - `range`: the same for the time from `from` to `to`, **both included**, as in pandas and xarray:
 *   2019 to 2022 are four years. An end that is left out is open.
 * - `nearest`: the step whose start is nearest to the time's start; of two as near the later one (as
 *   in pandas). Never fails.
 * - `list`: all the steps of all of these, each once, in the order of the axis.
 */
export type Toi =
  | { readonly kind: 'at'; readonly time: Time }
  | { readonly kind: 'range'; readonly from?: Time; readonly to?: Time }
  | { readonly kind: 'nearest'; readonly time: Time }
  | { readonly kind: 'list'; readonly times: readonly Toi[] };

const SUBJECT = 'the time of interest';

/**
 * Reads a time of interest: `2019`, `2019-07-01`, `2019/2022` (both included; `2019/`, `/2022` and
 * `..` for open ends), `nearest:2020-06-30`, `all`, and several of them with commas in between.
 *
 * @throws {InvalidInputError} when a part is no time, or a range ends before it begins.
 */
export function parseToi(text: string): Toi {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.includes(''))
    throw expected(
      'times such as 2019, 2019/2022 or nearest:2020-06-30, with commas in between',
      SUBJECT,
      text,
    );
  const times = parts.map(parseOne);
  const [first, ...others] = times;
  return first !== undefined && others.length === 0 ? first : { kind: 'list', times };
}

function parseOne(text: string): Toi {
  if (text === 'all') return { kind: 'range' };
  const nearest = /^nearest:(.*)$/.exec(text)?.[1];
  const toi: Toi =
    nearest !== undefined
      ? { kind: 'nearest', time: nearest.trim() }
      : text.includes('/')
        ? parseRange(text)
        : { kind: 'at', time: text };
  checkTimes(toi);
  return toi;
}

function parseRange(text: string): Toi {
  const [from = '', to = '', ...rest] = text.split('/').map((end) => end.trim());
  if (rest.length > 0) throw expected('a range with one slash', SUBJECT, text);
  const isOpen = (end: string) => end === '' || end === '..';
  return {
    kind: 'range',
    ...(isOpen(from) ? {} : { from }),
    ...(isOpen(to) ? {} : { to }),
  };
}

/** Texts are looked at where they are read, not where they are used. */
function checkTimes(toi: Toi): void {
  if (toi.kind === 'range') spanOfRange(toi);
  else if (toi.kind !== 'list') spanOf(toi.time);
}

/**
 * The steps of a dataset's axis that are meant, each once, in the order of the axis; all of them where
 * no time is given. `undefined` for datasets without a time axis.
 *
 * @throws {InvalidInputError} when the time lies outside the axis or between its steps, or is given
 * though there is no axis.
 */
export function selectSteps(
  axis: TimeAxis | undefined,
  toi: Toi | undefined,
): readonly TimeStep[] | undefined {
  if (axis === undefined) {
    if (toi === undefined) return undefined;
    throw expected(
      'no time for a cube without a time axis',
      SUBJECT,
      describeToi(toi),
      'Leave the time out.',
    );
  }
  return toi === undefined ? axis.steps : stepsOf(axis, toi);
}

function stepsOf(axis: TimeAxis, toi: Toi): readonly TimeStep[] {
  switch (toi.kind) {
    case 'at':
      return stepsIn(axis, spanOf(toi.time), toi);
    case 'range':
      return stepsIn(axis, spanOfRange(toi), toi);
    case 'nearest':
      return [nearestStep(axis, spanOf(toi.time).start)];
    case 'list': {
      if (toi.times.length === 0) throw expected('at least one time', SUBJECT, 'none');
      const wanted = new Set(toi.times.flatMap((each) => stepsOf(axis, each)));
      return axis.steps.filter((step) => wanted.has(step));
    }
  }
}

function stepsIn(axis: TimeAxis, { start, end }: TimeSpan, toi: Toi): readonly TimeStep[] {
  const beginning = axis.steps.filter((step) => step.start >= start && step.start < end);
  if (beginning.length > 0) return beginning;
  const holder = axis.steps.find((step) => step.start <= start && end <= step.end);
  if (holder !== undefined) return [holder];
  const { span } = axis;
  throw expected(
    end <= span.start || start >= span.end
      ? `a time on the cube's axis (${axis})`
      : `a time in which a step of the cube's axis (${axis}) begins, or which one holds`,
    SUBJECT,
    describeToi(toi),
    `The nearest step is ${formatInstant(nearestStep(axis, Number.isFinite(start) ? start : end).start)}.`,
  );
}

function nearestStep(axis: TimeAxis, time: number): TimeStep {
  return axis.steps.reduce((best, step) =>
    Math.abs(step.start - time) <= Math.abs(best.start - time) ? step : best,
  );
}

/** `start` or `end` is infinite where it is open. @throws {InvalidInputError} */
export function spanOfRange(toi: Extract<Toi, { kind: 'range' }>): TimeSpan {
  const start = toi.from === undefined ? Number.NEGATIVE_INFINITY : spanOf(toi.from).start;
  const end = toi.to === undefined ? Number.POSITIVE_INFINITY : spanOf(toi.to).end;
  if (!(end > start))
    throw expected('a range that does not end before it begins', SUBJECT, describeToi(toi));
  return { start, end };
}

/** The stretch of time that a text names; of a `Date` a millisecond. @throws {InvalidInputError} */
export function spanOf(time: Time): TimeSpan {
  if (typeof time === 'string') return parsePeriod(time, SUBJECT);
  const start = time.getTime();
  if (Number.isNaN(start)) throw expected('a valid date', SUBJECT, time);
  return { start, end: start + 1 };
}

/** As {@link parseToi} reads it. */
export function describeToi(toi: Toi): string {
  const shown = (time: Time | undefined) => {
    if (!(time instanceof Date)) return time ?? '';
    return Number.isNaN(time.getTime()) ? String(time) : formatInstant(time.getTime());
  };
  switch (toi.kind) {
    case 'at':
      return shown(toi.time);
    case 'range':
      return toi.from === undefined && toi.to === undefined
        ? 'all'
        : `${shown(toi.from)}/${shown(toi.to)}`;
    case 'nearest':
      return `nearest:${shown(toi.time)}`;
    case 'list':
      return toi.times.map(describeToi).join(',');
  }
}
