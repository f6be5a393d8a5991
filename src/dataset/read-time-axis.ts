import { expected } from '../errors.js';
import { SOURCES, type Source } from './dataset.js';
import { checkExpression } from './expressions/expression.js';
import { checkExpressionTime } from './expressions/time-function.js';
import type { CheckedDatasetFile } from './file/dataset-file.js';
import { addUnits, formatInstant, parsePeriod } from './period.js';
import { MAX_TIME_STEPS, parseStep, TimeAxis, type TimeAxisRecord } from './time-axis.js';

type TimeEntry = NonNullable<CheckedDatasetFile['time']>;

/**
 * The time axis of a dataset file: regular (`start`, `step`, and `end` or `count`) or listed.
 * @throws {InvalidInputError} naming what is wrong.
 */
export function readTimeAxis(entry: TimeEntry): TimeAxisRecord {
  const record = isListed(entry) ? readListed(entry) : readRegular(entry);
  TimeAxis.fromRecord(record);
  return record;
}

/**
 * A collection has images for each step, files are imported into one, and an expression is a function of it just where
 * there are steps.
 * @throws {InvalidInputError} for an image in steps, and for an expression that is of the other kind.
 */
export function checkSourceTime(source: Source, hasTime: boolean): void {
  const { kind } = source;
  if (kind === 'expression') {
    checkExpressionTime(checkExpression(source.expression), hasTime);
    return;
  }
  if (hasTime && (kind === 'none' || !SOURCES[kind].hasTime))
    throw expected(
      'a "collection"',
      'a dataset with time steps',
      `an ${kind}`,
      'Its images are told apart by their dates.',
    );
}

function isListed(entry: TimeEntry): entry is Extract<TimeEntry, readonly string[]> {
  return Array.isArray(entry);
}

function readRegular({
  start: text,
  step,
  end,
  count,
}: Exclude<TimeEntry, readonly string[]>): TimeAxisRecord {
  const { start } = parsePeriod(text, '"time.start" of the dataset');
  if ((end === undefined) === (count === undefined))
    throw expected(
      'either "end" or "count"',
      '"time" of the dataset',
      end === undefined ? 'neither' : 'both',
    );
  return {
    kind: 'regular',
    start: formatInstant(start),
    step: step.trim(),
    count:
      count ?? countUntil(start, step, parsePeriod(end ?? '', '"time.end" of the dataset').end),
  };
}

/** Steps that begin before `end`. */
export function countUntil(start: number, step: string, end: number): number {
  const { count, unit } = parseStep(step);
  if (end <= start)
    throw expected('an end after the start', '"time" of the dataset', formatInstant(end));
  let steps = 0;
  while (steps <= MAX_TIME_STEPS && addUnits(start, steps * count, unit) < end) steps++;
  return steps;
}

function readListed(entries: readonly string[]): TimeAxisRecord {
  return {
    kind: 'listed',
    steps: entries.map((entry, index) => {
      const [from = '', to, ...rest] = entry.split('/');
      const subject = `"time.${index}" of the dataset`;
      if (rest.length > 0) throw expected('a time, or start/end', subject, entry);
      const { start, end } = parsePeriod(from, subject);
      const until = to === undefined ? end : parsePeriod(to, subject).start;
      return { start: formatInstant(start), end: formatInstant(until) };
    }),
  };
}
