import { describe, expect, test } from 'vitest';
import { TimeAxis } from '../../../src/dataset/time-axis.js';
import { parseToi, selectSteps, type Toi } from '../../../src/dataset/toi.js';
import { InvalidInputError } from '../../../src/errors.js';

const YEARS = TimeAxis.fromRecord({ kind: 'regular', start: '2017', step: '1 year', count: 9 });
const MONTHS = TimeAxis.fromRecord({ kind: 'regular', start: '2019', step: 'month', count: 24 });

const years = (toi: Toi) =>
  selectSteps(YEARS, toi)?.map(({ start }) => new Date(start).getUTCFullYear());

describe('a time of interest is read from text', () => {
  test.each<[string, Toi]>([
    ['2019', { kind: 'at', time: '2019' }],
    ['2019-07-01', { kind: 'at', time: '2019-07-01' }],
    ['2019/2022', { kind: 'range', from: '2019', to: '2022' }],
    ['2019/', { kind: 'range', from: '2019' }],
    ['../2022', { kind: 'range', to: '2022' }],
    ['/', { kind: 'range' }],
    ['all', { kind: 'range' }],
    ['nearest:2020-06-30', { kind: 'nearest', time: '2020-06-30' }],
    [
      '2019, 2021/2022',
      {
        kind: 'list',
        times: [
          { kind: 'at', time: '2019' },
          { kind: 'range', from: '2021', to: '2022' },
        ],
      },
    ],
  ])('%s', (text, toi) => {
    expect(parseToi(text)).toEqual(toi);
  });

  test.each([
    '',
    'soon',
    '2019,',
    '2019,,2020',
    '2019/2020/2021',
    'nearest:',
    '2022/2019',
    'last:2019',
  ])('"%s" is refused at once', (text) => {
    expect(() => parseToi(text)).toThrow(InvalidInputError);
  });
});

describe('the steps that are meant', () => {
  test.each<[string, number[]]>([
    ['2019', [2019]],
    ['2019-07-01', [2019]],
    ['2019/2022', [2019, 2020, 2021, 2022]],
    ['2019-07-01/2021', [2020, 2021]],
    ['2019-07-01/2019-08-01', [2019]],
    ['2024/', [2024, 2025]],
    ['/2018', [2017, 2018]],
    ['2021,2019,2021', [2019, 2021]],
    ['2021,nearest:2018-07-03', [2019, 2021]],
    ['nearest:1990', [2017]],
    ['nearest:2090', [2025]],
  ])('by %s on a yearly axis', (text, wanted) => {
    expect(years(parseToi(text))).toEqual(wanted);
  });

  test('by a date are the same as by its text', () => {
    expect(years({ kind: 'at', time: new Date('2019-07-01') })).toEqual([2019]);
    const [from, to] = [new Date('2019-01-01'), new Date('2021-01-01')];
    expect(years({ kind: 'range', from, to })).toEqual([2019, 2020, 2021]);
  });

  test('by a year on a monthly axis are its twelve months', () => {
    const steps = selectSteps(MONTHS, parseToi('2020'));
    expect(steps?.map(({ index }) => index)).toEqual([
      12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    ]);
  });

  test('are all where no time is given, and none where there is no axis', () => {
    expect(selectSteps(YEARS, undefined)).toBe(YEARS.steps);
    expect(selectSteps(undefined, undefined)).toBeUndefined();
  });

  test.each(['2016', '2026', '/2016', '2026/', '2019,2030'])('%s lies outside the axis', (text) => {
    expect(() => years(parseToi(text))).toThrow(
      "a time on the cube's axis (9 steps of 1 year, 2017-01-01 to 2026-01-01)",
    );
  });

  test('a time for a cube without a time axis is refused', () => {
    expect(() => selectSteps(undefined, parseToi('2019/'))).toThrow(
      'Expected no time for a cube without a time axis for the time of interest but received "2019/". Leave the time out.',
    );
  });

  test('what is no date is refused', () => {
    const time = new Date('x');
    for (const axis of [YEARS, undefined])
      expect(() => selectSteps(axis, { kind: 'at', time })).toThrow(InvalidInputError);
    expect(() => years({ kind: 'list', times: [] })).toThrow('at least one time');
  });
});
