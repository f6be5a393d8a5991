import { describe, expect, test } from 'vitest';
import { extendedAxis } from '../../../src/dataset/extended-axis.js';
import { parseToi } from '../../../src/dataset/toi.js';
import { InvalidInputError } from '../../../src/errors.js';

const YEARS = { kind: 'regular', start: '2018-01-01', step: '1 year', count: 3 } as const;
const WEEKS = { kind: 'regular', start: '2020-12-02', step: '8 days', count: 4 } as const;
const LISTED = {
  kind: 'listed',
  steps: [
    { start: '2018-06-01', end: '2018-09-01' },
    { start: '2019-06-01', end: '2019-09-01' },
  ],
} as const;

const refused = (axis: Parameters<typeof extendedAxis>[0], time: string) => {
  let message = '';
  try {
    extendedAxis(axis, parseToi(time));
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError);
    message = (error as Error).message;
  }
  return message;
};

describe('an axis of regular steps', () => {
  test.each([
    ['../2022', 5],
    ['2021', 4],
    ['2021/2023', 6],
    ['2021,2022', 5],
    // A year begins in it.
    ['../2021-06', 4],
    // Up to, not with: the day before a step begins.
    ['../2020-12-31', 3],
  ])('goes on by its rule up to the end of %s', (time, count) => {
    expect(extendedAxis(YEARS, parseToi(time))).toEqual({ ...YEARS, count });
  });

  test('counts each step that begins in time, whatever its length', () => {
    // 2021-01-03 is the fifth start, 2021-01-11 the sixth.
    expect(extendedAxis(WEEKS, parseToi('../2021-01-03'))).toMatchObject({ count: 5 });
    expect(extendedAxis(WEEKS, parseToi('../2021-01-11'))).toMatchObject({ count: 6 });
  });

  test.each(['2018', '../2020', '2019/2020'])('stays as it is where it has %s', (time) => {
    expect(extendedAxis(YEARS, parseToi(time))).toEqual(YEARS);
  });

  test('takes no gaps, no times before it, and nothing without an end, and says so', () => {
    expect(refused(YEARS, '2022')).toMatch(/goes on from the end .*2021-01-01.*"2022"/);
    expect(refused(YEARS, '2017/2021')).toMatch(/after the cube's first step \(2018-01-01\)/);
    expect(refused(YEARS, '2021/')).toMatch(/a time with an end/);
    expect(refused(YEARS, 'nearest:2021')).toMatch(/a time such as/);
    expect(refused(YEARS, '../9999')).toBe('');
    expect(refused({ ...YEARS, step: '1 minute' }, '../2022')).toMatch(/1 to 100000 steps/);
  });
});

describe('an axis of listed steps', () => {
  test('gets each time as one step more, both ends of a range included', () => {
    expect(extendedAxis(LISTED, parseToi('2020,2021-06-01/2021-08-31'))).toEqual({
      kind: 'listed',
      steps: [
        ...LISTED.steps,
        { start: '2020-01-01', end: '2021-01-01' },
        { start: '2021-06-01', end: '2021-09-01' },
      ],
    });
  });

  test('stays as it is where it has the step', () => {
    expect(extendedAxis(LISTED, parseToi('2019-06-01/2019-08-31'))).toEqual(LISTED);
  });

  test('has no rule by which it could go on, and takes no step that shares time with its own', () => {
    expect(refused(LISTED, '../2021')).toMatch(/each new step/);
    expect(refused(LISTED, '2019-08')).toMatch(/at or after the end .*2019-09-01/);
    expect(refused(LISTED, '2017')).toMatch(/after the cube's first step/);
  });
});
