import { expect, test } from 'vitest';
import { BINS_KEPT, Throughput } from '../../../src/observe/throughput.js';

test('what happens lands in the bin of its time', () => {
  const throughput = new Throughput();
  throughput.add(0, { fetched: 1, bytesIn: 10 });
  throughput.add(249, { processed: 1, bytesOut: 3 });
  throughput.add(250, { committed: 16 });
  expect(throughput.series()).toEqual({
    binMs: 250,
    bins: [
      { fetched: 1, processed: 1, committed: 0, bytesIn: 10, bytesOut: 3 },
      { fetched: 0, processed: 0, committed: 16, bytesIn: 0, bytesOut: 0 },
    ],
  });
});

test('a run of days has no more bins than one of minutes, and its sums stay exact', () => {
  const throughput = new Throughput();
  const hours = 72;
  for (let second = 0; second < hours * 3600; second += 30)
    throughput.add(second * 1000, { fetched: 1, bytesIn: 7 });
  const { binMs, bins } = throughput.series();
  expect(bins.length).toBeLessThanOrEqual(BINS_KEPT);
  expect(bins.length * binMs).toBeGreaterThanOrEqual(hours * 3600_000 - 30_000);
  expect(bins.reduce((sum, bin) => sum + bin.fetched, 0)).toBe(hours * 120);
  expect(bins.reduce((sum, bin) => sum + bin.bytesIn, 0)).toBe(hours * 120 * 7);
});
