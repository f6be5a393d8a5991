import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  ProcessSampler,
  probeProcess,
  SAMPLES_KEPT,
} from '../../../src/observe/process-samples.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A sampler of a clock that the test turns, and of values that it chooses. */
function samplerOf(rssAt: (ms: number) => number) {
  const start = Date.now();
  const elapsed = () => Date.now() - start;
  return new ProcessSampler(elapsed, () => ({ rss: rssAt(elapsed()), files: 20 }));
}

test('looks at once, every second, and when it stops', () => {
  const sampler = samplerOf((ms) => ms + 1);
  sampler.start();
  vi.advanceTimersByTime(2500);
  expect(sampler.stop()).toEqual({
    intervalMs: 1000,
    looksPerSample: 1,
    samples: [0, 1000, 2000, 2500].map((at) => ({ at, rss: at + 1, files: 20 })),
  });
  vi.advanceTimersByTime(5000);
  expect(vi.getTimerCount()).toBe(0);
});

test('a long run keeps a bounded number of samples, and the peak is among them', () => {
  const sampler = samplerOf((ms) => (ms === 12_345_000 ? 999 : 100));
  sampler.start();
  vi.advanceTimersByTime(8 * 3600 * 1000);
  const { samples, looksPerSample } = sampler.stop();
  expect(looksPerSample).toBeGreaterThan(1);
  expect(samples.length).toBeLessThanOrEqual(SAMPLES_KEPT + 1);
  expect(samples.filter(({ rss }) => rss === 999)).toHaveLength(1);
  expect(samples.at(-1)?.at).toBe(8 * 3600 * 1000);
});

test.runIf(process.platform === 'linux')('an open file counts as one more descriptor', () => {
  const before = probeProcess();
  const file = openSync(fileURLToPath(import.meta.url), 'r');
  const during = probeProcess();
  closeSync(file);
  expect(before.rss).toBeGreaterThan(10e6);
  expect((during.files ?? 0) - (before.files ?? 0)).toBe(1);
});
