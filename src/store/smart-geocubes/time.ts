import { formatInstant, MILLISECONDS } from '../../dataset/period.js';
import { TimeAxis, type TimeAxisRecord } from '../../dataset/time-axis.js';
import { StoreError } from '../../errors.js';
import { attributesOf } from '../metadata/array-document.js';
import { registerCoordinateCodecs } from '../metadata/coordinate-codecs.js';
import { readArray1d, readMetadata } from '../read.js';
import type { Session } from '../session.js';

/** CF's names of the units that have a fixed length. */
const UNITS: Readonly<Record<string, number>> = {
  days: MILLISECONDS.day,
  hours: MILLISECONDS.hour,
  minutes: MILLISECONDS.minute,
  seconds: MILLISECONDS.second,
  milliseconds: 1,
};

/** Lengths of steps that a regular axis may have, from the longest. */
const STEPS = ['1 year', '1 month', '1 day'];

/**
 * The time axis of a cube of smart-geocubes, which stores the start of each step alone (`days since …`):
 * regular where the starts are, else each step ends where the next begins, and the last is as long as
 * the one before.
 *
 * @throws {StoreError} of kind `not-a-cube` when the coordinate `time` cannot be read.
 */
export async function deriveTimeAxis(session: Session): Promise<TimeAxisRecord> {
  const { units } = attributesOf(await readMetadata(session, 'time'));
  await registerCoordinateCodecs();
  const offsets = Array.from(await readArray1d(session, 'time'), Number);
  return axisOf(startsOf(offsets, units));
}

/**
 * What CF's units such as `days since 2017-01-01` count, and from when: milliseconds, since 1970.
 * @throws {StoreError} of kind `not-a-cube`
 */
export function readUnits(units: unknown): { readonly size: number; readonly epoch: number } {
  const [, unit = '', date, time = '00:00:00'] =
    /^(\w+) since (\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d)(?:\.0+)?)?$/.exec(String(units)) ?? [];
  const size = UNITS[unit];
  if (size === undefined || date === undefined) throw unreadable(units);
  return { size, epoch: Date.parse(`${date}T${time}Z`) };
}

/** Milliseconds since 1970, from whole numbers of CF's units. */
export function startsOf(offsets: readonly number[], units: unknown): number[] {
  if (offsets.length === 0) throw unreadable(units);
  const { size, epoch } = readUnits(units);
  return offsets.map((offset) => epoch + offset * size);
}

function unreadable(units: unknown): StoreError {
  return new StoreError(
    'not-a-cube',
    `Expected a time coordinate in days or shorter units since a date but received "${units}". Read the cube with smart-geocubes.`,
  );
}

export function axisOf(starts: readonly number[]): TimeAxisRecord {
  const start = formatInstant(starts[0] ?? 0);
  for (const step of STEPS) {
    const record = { kind: 'regular', start, step, count: starts.length } as const;
    if (hasStarts(record, starts)) return record;
  }
  const last = starts.length - 1;
  const length = (starts[last] ?? 0) - (starts[last - 1] ?? 0);
  return {
    kind: 'listed',
    steps: starts.map((from, i) => ({
      start: formatInstant(from),
      end: formatInstant(starts[i + 1] ?? from + length),
    })),
  };
}

function hasStarts(record: TimeAxisRecord, starts: readonly number[]): boolean {
  try {
    const { steps } = TimeAxis.fromRecord(record);
    return steps.every(({ start }, i) => start === starts[i]);
  } catch {
    // Years and months cannot begin on every day.
    return false;
  }
}
