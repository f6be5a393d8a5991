import { expect, test } from 'vitest';
import { TimeAxis, valueTicks } from '../../../src/report/axis.js';
import {
  formatBytes,
  formatByteTick,
  formatDuration,
  formatNumber,
} from '../../../src/report/quantities.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

test('runs of any length have 2 to 12 ticks at moments that clocks have', () => {
  for (let ms = 10; ms < 40 * 24 * HOUR; ms *= 1.37) {
    const ticks = new TimeAxis(ms).ticks();
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(ticks.length).toBeLessThanOrEqual(12);
    expect(new Set(ticks.map(({ label }) => label)).size).toBe(ticks.length);
  }
  const labels = (ms: number) => new TimeAxis(ms).ticks().map(({ label }) => label);
  expect(labels(500)).toEqual(
    '0,0.05 s,0.1 s,0.15 s,0.2 s,0.25 s,0.3 s,0.35 s,0.4 s,0.45 s,0.5 s'.split(','),
  );
  expect(labels(75 * SECOND)).toEqual('0,10 s,20 s,30 s,40 s,50 s,1:00 min,1:10 min'.split(','));
  expect(labels(2.2 * HOUR)).toEqual(
    '0,15 min,30 min,45 min,1 h,1 h 15,1 h 30,1 h 45,2 h'.split(','),
  );
});

test('values have ticks from 0 to a round number that no value exceeds', () => {
  for (let value = 1e-6; value < 1e13; value *= 1.7) {
    const ticks = valueTicks(value);
    expect(ticks[0]).toBe(0);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(value * (1 - 1e-9));
    expect(ticks.at(-2)).toBeLessThan(value);
    expect(ticks.length).toBeLessThanOrEqual(6);
  }
  expect(valueTicks(36)).toEqual([0, 10, 20, 30, 40]);
  expect(valueTicks(2, true)).toEqual([0, 1, 2]);
  expect(valueTicks(0)).toEqual([0, 0.25, 0.5, 0.75, 1]);
});

test('numbers are written with their units and three digits', () => {
  expect([0, 0.4236, 18.34, 123.4, 999.6, 12345].map(formatNumber)).toEqual([
    '0',
    '0.42',
    '18.3',
    '123',
    '1,000',
    '12,345',
  ]);
  expect([0, 999, 999_999, 44_100_000, 1.5e15].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.00 MB',
    '44.1 MB',
    '1.50 PB',
  ]);
  expect([0, 200e6, 1.5e9].map(formatByteTick)).toEqual(['0', '200 MB', '1.5 GB']);
  expect([0, 3.14, 38, 4210, 42_100, 725_000, 12_000_000].map(formatDuration)).toEqual([
    '0 ms',
    '3.1 ms',
    '38 ms',
    '4.21 s',
    '42.1 s',
    '12 min 5 s',
    '3 h 20 min',
  ]);
});
