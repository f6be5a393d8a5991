import { expected } from '../../errors.js';
import type { DatasetFile } from '../file/dataset-file.js';
import { formatInstant, parsePeriod, type TimeSpan } from '../period.js';
import { readTimeAxis } from '../read-time-axis.js';
import { TimeAxis } from '../time-axis.js';

type TimeEntry = NonNullable<DatasetFile['time']>;

const SUBJECT = 'the time of the dataset';

/**
 * Time steps as people type them: with a step `2024/2025`, both ends included, or `2024`, which is all of it; without
 * one each of `2021,2022` or `2024-06/2024-08` is a step.
 *
 * @throws {InvalidInputError}
 */
export function timeEntryOf(time: string, step: string | undefined): TimeEntry {
  const parts = time.split(',').map((part) => part.trim());
  if (parts.includes(''))
    throw expected('times such as 2024, 2024/2025 or 2021,2022', SUBJECT, time);
  if (step === undefined) return parts.map(listedStep);
  const [part = '', ...others] = parts;
  if (others.length > 0) throw expected('one stretch of time where there is a step', SUBJECT, time);
  const [start, end] = endsOf(part);
  return { start, step, end };
}

function listedStep(part: string): string {
  const [start, end] = endsOf(part);
  return start === end ? start : `${start}/${formatInstant(parsePeriod(end, SUBJECT).end)}`;
}

function endsOf(part: string): readonly [start: string, end: string] {
  const [start = '', end = start, ...rest] = part.split('/').map((each) => each.trim());
  if (rest.length > 0 || start === '' || end === '')
    throw expected('a start and an end, both with dates,', SUBJECT, part);
  for (const each of [start, end]) parsePeriod(each, SUBJECT);
  return [start, end];
}

/** From the first step's start to the last one's end. */
export function spanOfEntry(entry: TimeEntry): TimeSpan {
  return TimeAxis.fromRecord(readTimeAxis(entry)).span;
}
