import { expected } from '../errors.js';
import { formatInstant, type TimeSpan } from './period.js';
import { countUntil } from './read-time-axis.js';
import { TimeAxis, type TimeAxisRecord } from './time-axis.js';
import { describeToi, spanOf, spanOfRange, type Toi } from './toi.js';

const SUBJECT = 'the time to extend the cube to';

/**
 * An axis with more steps at its end; the steps that it has stay as they are, each at its position.
 *
 * - a regular axis goes on by its own rule, with every step that begins up to the end of the time: `../2026` or `2026`
 * - a listed axis gets the time as its next step: `2026`, or a range (both ends included) such as
 *   `2026-01-01/2026-06-30`. Several times are several steps.
 *
 * @returns the axis as it is where it reaches so far already.
 * @throws {InvalidInputError} for a time before the axis, or one that leaves a gap in a regular axis.
 */
export function extendedAxis(record: TimeAxisRecord, toi: Toi): TimeAxisRecord {
  const extended = extend(record, toi);
  // Too many steps are refused here.
  TimeAxis.fromRecord(extended);
  return extended;
}

function extend(record: TimeAxisRecord, toi: Toi): TimeAxisRecord {
  switch (toi.kind) {
    case 'list':
      if (toi.times.length === 0) throw expected('at least one time', SUBJECT, 'none');
      return toi.times.reduce(extend, record);
    case 'nearest':
      throw expected('a time such as ../2026 or 2026', SUBJECT, describeToi(toi));
    case 'at':
      return extendBy(record, spanOf(toi.time), describeToi(toi));
    case 'range':
      return extendBy(record, spanOfRange(toi), describeToi(toi));
  }
}

function extendBy(record: TimeAxisRecord, span: TimeSpan, text: string): TimeAxisRecord {
  if (span.end === Number.POSITIVE_INFINITY)
    throw expected('a time with an end, such as ../2026', SUBJECT, text);
  const axis = TimeAxis.fromRecord(record);
  const name = formatInstant(axis.span.start)
    .slice(0, 10)
    .replace(/(-01){1,2}$/, '');
  if (Number.isFinite(span.start) && span.start < axis.span.start)
    throw expected(
      `a time after the cube's first step (${formatInstant(axis.span.start)})`,
      SUBJECT,
      text,
      `Steps are added at the end alone: tiles are known by the position of their step, to running processes and to other programs. Make a new cube with the earlier times, and carry each step over: "geocubes load --time ${name} --out step.tif" from this one, "geocubes import --time ${name} step.tif" into that.`,
    );
  return record.kind === 'regular'
    ? extendRegular(record, axis, span, text)
    : extendListed(record, axis, span, text);
}

function extendRegular(
  record: Extract<TimeAxisRecord, { kind: 'regular' }>,
  axis: TimeAxis,
  { start, end }: TimeSpan,
  text: string,
): TimeAxisRecord {
  if (start > axis.span.end)
    throw expected(
      `a time that goes on from the end of the cube's axis (${formatInstant(axis.span.end)})`,
      SUBJECT,
      text,
      `Its steps of ${record.step} leave no gaps; "../" before the end adds all up to it.`,
    );
  const count = countUntil(axis.span.start, record.step, end);
  return count > record.count ? { ...record, count } : record;
}

function extendListed(
  record: Extract<TimeAxisRecord, { kind: 'listed' }>,
  axis: TimeAxis,
  { start, end }: TimeSpan,
  text: string,
): TimeAxisRecord {
  if (start === Number.NEGATIVE_INFINITY)
    throw expected(
      'each new step, such as 2026 or 2026-01-01/2026-06-30',
      SUBJECT,
      text,
      "The cube's steps are listed one by one, without a rule to go on by.",
    );
  if (axis.steps.some((step) => step.start === start && step.end === end)) return record;
  if (start < axis.span.end)
    throw expected(
      `a step that begins at or after the end of the cube's axis (${formatInstant(axis.span.end)})`,
      SUBJECT,
      text,
    );
  return {
    ...record,
    steps: [...record.steps, { start: formatInstant(start), end: formatInstant(end) }],
  };
}
