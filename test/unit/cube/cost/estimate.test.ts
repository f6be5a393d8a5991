import { expect, test } from 'vitest';
import { estimateIngest, type Rate } from '../../../../src/cube/cost/estimate.js';
import { largestTile } from '../../../../src/cube/fill/plan.js';
import { type MemoryPlan, planMemory } from '../../../../src/cube/fill/run/memory-plan.js';
import type { Dataset } from '../../../../src/dataset/dataset.js';
import { presetDataset } from '../../../../src/dataset/presets.js';
import { earthEnginePlanner } from '../../../../src/earth-engine/source.js';
import { Grid } from '../../../../src/grid/tiling.js';

const dataset = presetDataset('TCTrend');
const [rows, cols] = dataset.grid.chunk;

/** As an ingest with 2 threads would share out its memory. */
function memoryOf(
  of: Dataset,
  plan: { pending: number; requests: number; bytes: number },
): MemoryPlan {
  const planner = earthEnginePlanner(of);
  const tile = largestTile({ grid: Grid.fromRecord(of.grid) }, planner);
  return planMemory({ dataset: of, plan, tile, mask: planner.mask, threads: 2, machine: 16e9 });
}
/** 100 tiles of a plan of 120, two requests each. */
const PLAN = { tiles: 120, alreadyLoaded: 20, pending: 100, requests: 200, bytes: 100 * 78e6 };
const SAMPLE = { tiles: 4, empty: 1, failed: [], bytesIn: 40e6, bytesOut: 8e6, elapsedMs: 2000 };

const estimate = (options: { rate?: Rate; sample?: typeof SAMPLE; threads?: number } = {}) =>
  estimateIngest(PLAN, { dataset, threads: 2, memory: memoryOf(dataset, PLAN), ...options });

test('without a sample bytes are what they are at the most, and the time is not known', () => {
  const { wire, disk, memory, time } = estimate();
  expect(wire).toEqual({ bytes: PLAN.bytes, basis: 'at most' });
  expect(disk).toEqual({ bytes: 100 * 3 * rows * cols, basis: 'at most' });
  expect(memory.basis).toBe('at most');
  expect(time).toBeUndefined();
});

test('a sample of tiles stands for all', () => {
  const { wire, disk, memory, time } = estimate({ sample: SAMPLE });
  expect(wire).toEqual({ bytes: 1000e6, basis: 'sampled' });
  expect(disk).toEqual({ bytes: 200e6, basis: 'sampled' });
  expect(memory.bytes).toBeLessThan(estimate().memory.bytes);
  expect(time).toEqual({ seconds: 50, basis: 'sampled' });
});

test.each<[Rate, number]>([
  [{ kind: 'tiles', perMinute: 30 }, 200],
  [{ kind: 'bytes', perSecond: 10e6 }, 780],
])('%j is taken for the time, even where there is a sample', (rate, seconds) => {
  expect(estimate({ rate }).time).toEqual({ seconds, basis: 'rate' });
  if (rate.kind === 'tiles')
    expect(estimate({ rate, sample: SAMPLE }).time).toEqual({ seconds, basis: 'rate' });
});

test('a sample in which every tile failed says nothing of the others', () => {
  const failed = { ...SAMPLE, tiles: 0, bytesIn: 0, bytesOut: 0 };
  const { wire, time } = estimate({ sample: failed });
  expect(wire.basis).toBe('at most');
  expect(time).toBeUndefined();
});

test('requests are compared with what the quota of a project allows', () => {
  const { quota } = estimate();
  expect(quota).toMatchObject({ requestsPerSecond: 100, leastSeconds: 2 });
  expect(quota.shareOfDay * 86_400 * 100).toBeCloseTo(200);
});

test('where nothing is pending nothing is needed', () => {
  const none = { tiles: 5, alreadyLoaded: 5, pending: 0, requests: 0, bytes: 0 };
  const { wire, disk, quota } = estimateIngest(none, {
    ...{ dataset, threads: 2, memory: memoryOf(dataset, none) },
  });
  expect([wire.bytes, disk.bytes, quota.shareOfDay]).toEqual([0, 0, 0]);
});

test('tiles of gigabytes take what their groups of bands do, under way as in an ingest', () => {
  const large = presetDataset('AlphaEarth');
  const plan = {
    ...{ tiles: 9, alreadyLoaded: 0, pending: 9 },
    ...{ requests: 9 * 88, bytes: 9 * 3600 * 3600 * 64 * 5 },
  };
  const shares = memoryOf(large, plan);
  const { tilesInFlight, memory } = estimateIngest(plan, {
    ...{ dataset: large, threads: 2, memory: shares },
  });
  expect(tilesInFlight).toBe(2);
  // Of five bytes that the service counts, one is of a mask that does not come.
  expect(memory.bytes).toBeCloseTo(150e6 + 2 * 60e6 + shares.fixed + 0.8 * shares.capacity);
  expect(memory.bytes).toBeLessThan(1.25e9);
});

test('one small tile takes no more than it is', () => {
  const one = { tiles: 1, alreadyLoaded: 0, pending: 1, requests: 3, bytes: 78e6 };
  const { memory, wire, disk } = estimateIngest(one, {
    ...{ dataset, threads: 2, memory: memoryOf(dataset, one) },
  });
  const threads = 2 * (60e6 + 5 * rows * cols);
  expect(memory.bytes).toBe(150e6 + threads + wire.bytes + disk.bytes);
});
