import { describe, expect, test } from 'vitest';
import { bytesFor, parseDuration, parseUntil } from '../../../../src/cli/options/run-limits.js';
import { InvalidInputError } from '../../../../src/errors.js';

describe('a number of bytes', () => {
  test.each([
    ['1', 1],
    ['500', 500],
    ['500B', 500],
    ['2kB', 2000],
    ['2 KB', 2000],
    ['500MB', 500_000_000],
    ['1.5gb', 1_500_000_000],
    [' 20 GB ', 20_000_000_000],
    ['2TB', 2_000_000_000_000],
  ])('may be "%s": %d', (text, bytes) => {
    expect(bytesFor('--max-bytes')(text)).toBe(bytes);
  });

  test.each(['', '0', '0GB', '0.1', '-1MB', '1e9', 'much', '20GiB', '20G', 'GB', '1,5GB'])(
    'is not "%s", which is told with one that is',
    (text) => {
      expect(() => bytesFor('--max-bytes')(text)).toThrow(InvalidInputError);
      expect(() => bytesFor('--max-bytes')(text)).toThrow(
        `Expected a number of bytes such as 500MB or 20GB for --max-bytes but received "${text}".`,
      );
    },
  );
});

describe('a duration', () => {
  test.each([
    ['0', 0],
    ['90s', 90_000],
    ['30min', 1_800_000],
    ['30 m', 1_800_000],
    ['1.5h', 5_400_000],
    [' 2D ', 172_800_000],
  ])('may be "%s": %d ms', (text, ms) => {
    expect(parseDuration(text, '--max-outage')).toBe(ms);
  });

  test.each(['', '30', '-1h', '1h30', 'h', 'long', '1w'])('is not "%s"', (text) => {
    expect(() => parseDuration(text, '--max-outage')).toThrow(
      `Expected a duration such as 90s, 30min or 8h for --max-outage but received "${text}".`,
    );
  });
});

describe('the time at which a run ends', () => {
  /** 22:15 of this machine's time. */
  const now = new Date(2026, 10, 25, 22, 15, 30);

  test.each([
    ['22:16', new Date(2026, 10, 25, 22, 16)],
    ['23:59', new Date(2026, 10, 25, 23, 59)],
    // The minute that has begun is past.
    ['22:15', new Date(2026, 10, 26, 22, 15)],
    ['06:30', new Date(2026, 10, 26, 6, 30)],
    [' 6:30 ', new Date(2026, 10, 26, 6, 30)],
    ['00:00', new Date(2026, 10, 26)],
    ['2026-11-26T06:30', new Date(2026, 10, 26, 6, 30)],
    ['2026-11-26 06:30:15', new Date(2026, 10, 26, 6, 30, 15)],
    ['2026-12-01T06:30Z', new Date(Date.UTC(2026, 11, 1, 6, 30))],
    ['2026-12-01T06:30+02:00', new Date(Date.UTC(2026, 11, 1, 4, 30))],
    ['2028-02-29T06:30', new Date(2028, 1, 29, 6, 30)],
    ['+8h', new Date(2026, 10, 26, 6, 15, 30)],
    ['+ 90s', new Date(2026, 10, 25, 22, 17)],
  ])('may be "%s"', (text, time) => {
    expect(parseUntil(text, now)).toEqual(time);
  });

  test('at the last day of a year may be a time of the next', () => {
    expect(parseUntil('06:30', new Date(2026, 11, 31, 22))).toEqual(new Date(2027, 0, 1, 6, 30));
  });

  test.each(['2026-11-25T22:15', '2026-11-25T22:15:30', '2020-01-01T00:00Z', '+0', '+0h'])(
    'is not "%s", which is past',
    (text) => {
      expect(() => parseUntil(text, now)).toThrow(
        `Expected a time to come for --until but received "${text}".`,
      );
    },
  );

  test.each([
    '',
    'tomorrow',
    '24:00',
    '12:60',
    '6.30',
    '2026-11-26',
    '2027-02-29T10:00',
    '2026-13-01T10:00',
    '2026-11-26T25:00',
    '1764100000000',
  ])('is not "%s", which is told with some that are', (text) => {
    expect(() => parseUntil(text, now)).toThrow(InvalidInputError);
    expect(() => parseUntil(text, now)).toThrow(
      `Expected a time such as 06:30, 2026-11-26T06:30 or +8h for --until but received "${text}".`,
    );
  });

  test.each(['+', '+8', '+8 hours', '+-8h'])('is not "%s", which says no duration', (text) => {
    expect(() => parseUntil(text, now)).toThrow('Expected a duration such as 90s');
  });
});
