import { describe, expect, test } from 'vitest';
import { addUnits, formatInstant, parsePeriod } from '../../../src/dataset/period.js';
import { InvalidInputError } from '../../../src/errors.js';

const between = (start: string, end: string) => ({
  start: Date.parse(start),
  end: Date.parse(end),
});

describe('a text names a stretch of time by its precision', () => {
  test.each([
    ['2019', '2019-01-01T00:00Z', '2020-01-01T00:00Z'],
    ['2020-02', '2020-02-01T00:00Z', '2020-03-01T00:00Z'],
    ['2019-12', '2019-12-01T00:00Z', '2020-01-01T00:00Z'],
    ['2020-02-29', '2020-02-29T00:00Z', '2020-03-01T00:00Z'],
    ['2020-02-29T06', '2020-02-29T06:00Z', '2020-02-29T07:00Z'],
    ['2020-02-29 06:30', '2020-02-29T06:30Z', '2020-02-29T06:31Z'],
    ['2020-02-29T06:30:59Z', '2020-02-29T06:30:59Z', '2020-02-29T06:31:00Z'],
    ['2020-02-29T06:30:59.5Z', '2020-02-29T06:30:59.500Z', '2020-02-29T06:30:59.501Z'],
    [' 0050 ', '0050-01-01T00:00Z', '0051-01-01T00:00Z'],
  ])('%s', (text, start, end) => {
    expect(parsePeriod(text, 'it')).toEqual(between(start, end));
  });

  test.each([
    '',
    '19',
    'next year',
    '2019-7',
    '01.07.2019',
    '2019-13',
    '2019-02-29',
    '2019-04-31',
    '2019-01-01T24:00',
    '2019-01-01T00:60',
    '2019-01-01T00:00+02:00',
    '2019Z',
  ])('"%s" is refused, with what it was for', (text) => {
    const parse = () => parsePeriod(text, 'the start');
    expect(parse).toThrow(InvalidInputError);
    expect(parse).toThrow(`for the start but received "${text}"`);
  });
});

test('years and months are as long as the calendar has them', () => {
  expect(addUnits(Date.UTC(2020, 0, 31), 1, 'day')).toBe(Date.UTC(2020, 1, 1));
  expect(addUnits(Date.UTC(2019, 1, 1), 13, 'month')).toBe(Date.UTC(2020, 2, 1));
  expect(addUnits(Date.UTC(2019, 1, 1), -1, 'year')).toBe(Date.UTC(2018, 1, 1));
});

test.each(['2019-01-01', '2019-01-01T06:30', '2019-01-01T06:30:59', '2019-01-01T06:30:59.001'])(
  'an instant is written as shortly as it can be read again: %s',
  (text) => {
    expect(formatInstant(parsePeriod(text, 'it').start)).toBe(text);
  },
);
