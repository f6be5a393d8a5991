import { describe, expect, test } from 'vitest';
import { largestTile } from '../../../../../src/cube/fill/plan.js';
import {
  defaultTilesInFlight,
  type MemoryBasis,
  planMemory,
} from '../../../../../src/cube/fill/run/memory-plan.js';
import type { Dataset } from '../../../../../src/dataset/dataset.js';
import { presetDataset } from '../../../../../src/dataset/presets.js';
import { earthEnginePlanner } from '../../../../../src/earth-engine/source.js';
import { Grid } from '../../../../../src/grid/tiling.js';

const GB = 1e9;

/** Memory for 100 tiles of a dataset, with 2 threads on a machine of 16 GB. */
function memoryFor(name: string | Dataset, options: Partial<MemoryBasis> = {}) {
  const dataset = typeof name === 'string' ? presetDataset(name) : name;
  const planner = earthEnginePlanner(dataset);
  const tile = largestTile({ grid: Grid.fromRecord(dataset.grid) }, planner);
  const bytes = tile.requests.reduce((sum, request) => sum + request.bytes, 0);
  const plan = { pending: 100, requests: 100 * tile.requests.length, bytes: 100 * bytes };
  const basis = { dataset, plan, tile, mask: planner.mask, threads: 2, machine: 16 * GB };
  return planMemory({ ...basis, ...options });
}

describe('tiles of usual size', () => {
  test('come whole, as many at a time as before there was a budget', () => {
    const memory = memoryFor('TCTrend');
    expect(memory).toMatchObject({ isInGroups: false, tilesInFlight: 6 });
    expect(memory.bytes).toBeLessThan(1.2 * GB);
  });

  test('are fewer at a time where less memory is given, and more where more is', () => {
    const [little, much] = [0.4 * GB, 8 * GB].map((memory) => memoryFor('TCTrend', { memory }));
    expect(little).toMatchObject({ bytes: 0.4 * GB, isInGroups: false, tilesInFlight: 1 });
    expect(much?.tilesInFlight).toBeGreaterThan(10);
  });

  test('take at most half of a small machine', () => {
    const { bytes, tilesInFlight } = memoryFor('TCTrend', { machine: 1 * GB });
    expect(bytes).toBeLessThanOrEqual(0.5 * GB);
    expect(tilesInFlight).toBeGreaterThanOrEqual(1);
  });

  test('come in groups where the memory does not hold one whole, and are refused where it holds none', () => {
    const wide = {
      ...presetDataset('TCTrend'),
      bands: presetDataset('AlphaEarth').bands.slice(52),
    };
    const isInGroups = (memory: number) => memoryFor(wide, { memory, threads: 1 }).isInGroups;
    expect([0.6 * GB, 0.55 * GB].map(isInGroups)).toEqual([false, true]);
    expect(() => memoryFor('TCTrend', { memory: 0.1 * GB })).toThrow(
      /^Expected at least \d+MB, which tiles of this cube need with 2 threads, for the memory but received "100MB"\. Fewer threads need less\.$/,
    );
  });
});

describe('tiles of AlphaEarth', () => {
  test('come in groups of three bands, which 2 threads are kept busy with in 1.2 GB', () => {
    const memory = memoryFor('AlphaEarth');
    expect(memory).toMatchObject({ isInGroups: true, bandsAtATime: 1, tilesInFlight: 2 });
    expect(memory.bytes).toBeLessThan(1.2 * GB);
    // Three groups of three bands, as the service counts them.
    expect(memory.capacity).toBeGreaterThan(3 * 3 * 3600 * 3600 * 5);
  });

  test('are more at a time where there is memory for that', () => {
    const { tilesInFlight, isInGroups } = memoryFor('AlphaEarth', { memory: 12 * GB });
    expect([tilesInFlight, isInGroups]).toEqual([4, true]);
  });

  test('get on with whatever one group takes, however small the machine', () => {
    const { capacity } = memoryFor('AlphaEarth', { machine: 0.2 * GB });
    expect(capacity).toBe(3 * 3600 * 3600 * 5);
    const { fixed } = memoryFor('AlphaEarth');
    expect(memoryFor('AlphaEarth', { memory: fixed + capacity }).capacity).toBe(capacity);
    expect(() => memoryFor('AlphaEarth', { memory: fixed + capacity - 1 })).toThrow(
      'Expected at least',
    );
  });

  test('that are read from files hold their chunks a few at a time', () => {
    const tile = { requests: [] };
    const plan = { pending: 100, requests: 0, bytes: 0 };
    const memory = memoryFor('AlphaEarth', { tile, plan, mask: { kind: 'file' } });
    expect(memory).toMatchObject({ isInGroups: true, bandsAtATime: 4 });
    expect(memory.fixed).toBeLessThan(1.1 * GB);
  });
});

test('tiles in flight are one for each thread and one more, at least', () => {
  const plan = (bytesOfTile: number) => ({ pending: 100, requests: 200, bytes: 100 * bytesOfTile });
  expect(defaultTilesInFlight(plan(500e6), 8)).toBe(9);
  expect(defaultTilesInFlight(plan(1e6), 2)).toBeGreaterThan(3);
});

test('whoever says how many tiles are to be in flight has them', () => {
  for (const name of ['TCTrend', 'AlphaEarth'])
    expect(memoryFor(name, { tilesInFlight: 7 }).tilesInFlight).toBe(7);
});
