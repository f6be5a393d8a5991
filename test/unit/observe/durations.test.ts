import { expect, test } from 'vitest';
import { Durations, nearestRank } from '../../../src/observe/durations.js';

test('median and 95 % are the nearest-rank percentiles', () => {
  // The textbook example of the nearest-rank method: 15 20 35 40 50.
  const sorted = [15, 20, 35, 40, 50];
  expect([0.05, 0.3, 0.4, 0.5, 1].map((share) => nearestRank(sorted, share))).toEqual([
    15, 20, 20, 35, 50,
  ]);
  const durations = new Durations();
  for (let ms = 100; ms >= 1; ms--) durations.add(ms);
  expect(durations.statistics()).toEqual({
    count: 100,
    totalMs: 5050,
    medianMs: 50,
    p95Ms: 95,
    maxMs: 100,
  });
});

test('of no durations all is 0', () => {
  expect(new Durations().statistics()).toEqual({
    count: 0,
    totalMs: 0,
    medianMs: 0,
    p95Ms: 0,
    maxMs: 0,
  });
});

test('of many durations count, sum and maximum stay exact, and percentiles near', () => {
  const durations = new Durations();
  const count = 100_003;
  // 7919 is prime to the count: every value from 0 to count - 1 once, well mixed.
  for (let i = 0; i < count; i++) durations.add((i * 7919) % count);
  const { medianMs, p95Ms, ...exact } = durations.statistics();
  expect(exact).toEqual({ count, totalMs: (count * (count - 1)) / 2, maxMs: count - 1 });
  expect(Math.abs(medianMs / count - 0.5)).toBeLessThan(0.03);
  expect(Math.abs(p95Ms / count - 0.95)).toBeLessThan(0.03);
});
