import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatInstant } from '../../../src/dataset/period.js';
import { TimeAxis, type TimeAxisRecord } from '../../../src/dataset/time-axis.js';
import { parseToi, selectSteps, type Toi } from '../../../src/dataset/toi.js';
import { InvalidInputError } from '../../../src/errors.js';
import { timeCoordinate } from '../../../src/store/metadata/time-coordinate.js';

interface Reference {
  readonly record: TimeAxisRecord & { readonly step: string };
  readonly starts: readonly number[];
  readonly units: string;
  readonly values: readonly number[];
  readonly periods: Readonly<Record<string, readonly number[]>>;
  readonly ranges: readonly (readonly [string | null, string | null, readonly number[]])[];
  readonly nearest: Readonly<Record<string, number>>;
}

/** Made by make-time-fixtures.py. */
const { axes }: { axes: readonly Reference[] } = JSON.parse(
  readFileSync(new URL('./fixtures/time-axes.json', import.meta.url), 'utf8'),
);

const picked = (axis: TimeAxis, toi: Toi) => selectSteps(axis, toi)?.map(({ index }) => index);

describe.each(axes.map((axis) => [axis.record.step, axis] as const))(
  'an axis in steps of %s',
  (_, { record, starts, units, values, periods, ranges, nearest }) => {
    const axis = TimeAxis.fromRecord(record);

    test('begins its steps when pandas does, each at the end of the one before', () => {
      expect(axis.steps.map(({ start }) => start)).toEqual(starts);
      expect(axis.steps.slice(0, -1).map(({ end }) => end)).toEqual(starts.slice(1));
    });

    test('is stored in the units and numbers that xarray takes', () => {
      const coordinate = timeCoordinate(axis.steps);
      expect([...coordinate.values].map(Number)).toEqual(values);
      expect(coordinate.units).toBe(units);
    });

    test('gives the steps of a period that pandas gives, and the step that holds it where pandas gives none', () => {
      for (const [text, wanted] of Object.entries(periods)) {
        if (wanted.length > 0) expect(picked(axis, parseToi(text))).toEqual(wanted);
        else expectHolderOrRefusal(axis, text);
      }
    });

    test('gives the steps of a range that pandas gives, both ends included', () => {
      for (const [from, to, wanted] of ranges) {
        const text = `${from ?? '..'}/${to ?? ''}`;
        if (wanted.length > 0) expect(picked(axis, parseToi(text))).toEqual(wanted);
        else expectHolderOrRefusal(axis, text);
      }
    });

    test('gives the step nearest to an instant that pandas gives, ties included', () => {
      for (const [text, wanted] of Object.entries(nearest))
        expect(picked(axis, parseToi(`nearest:${text}`))).toEqual([wanted]);
    });
  },
);

/** No step begins in it: it lies within one, or it is no time of the axis. */
function expectHolderOrRefusal(axis: TimeAxis, text: string): void {
  const [from = '', to] = text.split('/');
  const start = Date.parse(from.length === 13 ? `${from}:00Z` : from);
  let steps: number[] | undefined;
  try {
    steps = picked(axis, parseToi(text));
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError);
    const { span } = axis;
    const isInside = start >= span.start && start < span.end && to === undefined;
    // A period inside of the axis in which no step begins is held by one, or sticks out of one.
    if (isInside) expect(String(error)).toContain('which one holds');
    return;
  }
  expect(steps).toHaveLength(1);
  const holder = axis.steps[steps?.[0] ?? -1];
  expect(holder?.start).toBeLessThanOrEqual(start);
  expect(holder?.end).toBeGreaterThan(start);
}

const listed = (...steps: [start: string, end: string][]): TimeAxisRecord => ({
  kind: 'listed',
  steps: steps.map(([start, end]) => ({ start, end })),
});

describe('an axis of listed steps', () => {
  const axis = TimeAxis.fromRecord(
    listed(['2019-06-01', '2019-09-01'], ['2020-06-01', '2020-09-01'], ['2022', '2023']),
  );

  test('has the steps as they are listed', () => {
    expect(
      axis.steps.map(({ start, end }) => `${formatInstant(start)}/${formatInstant(end)}`),
    ).toEqual(['2019-06-01/2019-09-01', '2020-06-01/2020-09-01', '2022-01-01/2023-01-01']);
    expect(String(axis)).toBe('3 steps, 2019-06-01 to 2023-01-01');
  });

  test('has no step for a time between two of them, and tells the nearest', () => {
    expect(() => selectSteps(axis, parseToi('2020-01'))).toThrow(
      'Expected a time in which a step of the cube\'s axis (3 steps, 2019-06-01 to 2023-01-01) begins, or which one holds for the time of interest but received "2020-01". The nearest step is 2020-06-01.',
    );
  });

  test('has none for a time of which a step holds a part only', () => {
    expect(() => selectSteps(axis, parseToi('2019-08-15/2019-09-15'))).toThrow(InvalidInputError);
    expect(picked(axis, parseToi('2019-08-15/2019-08-31'))).toEqual([0]);
  });
});

describe('what is no axis is refused', () => {
  test.each<[string, TimeAxisRecord]>([
    ['1 to 100000 steps', listed()],
    ['an end after the start for time step 0', listed(['2019', '2019'])],
    [
      'a start at or after the end of the step before (2020-01-01) for time step 1',
      listed(['2019', '2020'], ['2019-12-31', '2021']),
    ],
    ['1 to 100000 steps', { kind: 'regular', start: '2019', step: '1 year', count: 0 }],
    ['a count and a unit', { kind: 'regular', start: '2019', step: '1 fortnight', count: 1 }],
    ['a count and a unit', { kind: 'regular', start: '2019', step: '0 days', count: 1 }],
    [
      'a start on a day that every month has',
      { kind: 'regular', start: '2019-01-31', step: '1 month', count: 2 },
    ],
  ])('%s', (message, record) => {
    expect(() => TimeAxis.fromRecord(record)).toThrow(message);
  });
});
