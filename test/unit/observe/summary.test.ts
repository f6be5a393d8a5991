import { describe, expect, test } from 'vitest';
import type { IngestEvent } from '../../../src/observe/events.js';
import { Tally } from '../../../src/observe/summary.js';

const TIMINGS = { decode: 1, warp: 2, fill: 3, encode: 4 };

const planned: IngestEvent = {
  type: 'planned',
  at: 1000,
  tiles: 3,
  alreadyLoaded: 2,
  requests: 6,
  bytes: 600,
};
const fetched = (tile: string): IngestEvent => ({
  type: 'fetched',
  at: 0,
  tile,
  ms: 10,
  bytes: 100,
});
const processed = (tile: string, isEmpty = false): IngestEvent => ({
  type: 'processed',
  at: 0,
  tile,
  ms: 20,
  timings: TIMINGS,
  startedAt: 0,
  thread: 1,
  bytes: isEmpty ? 0 : 30,
  isEmpty,
});
const committed = (...tiles: string[]): IngestEvent => ({
  type: 'committed',
  at: 0,
  tiles,
  snapshot: 's',
  ms: 7,
});

function summaryOf(...events: IngestEvent[]) {
  const tally = new Tally();
  for (const event of events) tally.add(event);
  return tally.summary();
}

describe('Tally', () => {
  test('starts with nothing', () => {
    expect(new Tally().summary()).toMatchObject({ tiles: 0, committed: 0, failed: [], commits: 0 });
  });

  test('takes the plan as it is', () => {
    expect(summaryOf(planned)).toMatchObject({ tiles: 3, alreadyLoaded: 2, committed: 0 });
  });

  test('a tile counts as done only when it is committed', () => {
    const before = [planned, fetched('a'), processed('a')];
    const written: IngestEvent = { type: 'written', at: 0, tile: 'a', ms: 5 };
    expect(summaryOf(...before, written).committed).toBe(0);
    expect(summaryOf(...before, written, committed('a'))).toMatchObject({
      committed: 1,
      commits: 1,
    });
  });

  test('an empty tile counts as empty when it is committed, once', () => {
    expect(summaryOf(planned, processed('a', true)).empty).toBe(0);
    expect(
      summaryOf(planned, processed('a', true), processed('b'), committed('a', 'b')),
    ).toMatchObject({
      committed: 2,
      empty: 1,
    });
  });

  test('bytes and times are summed by stage', () => {
    const written: IngestEvent = { type: 'written', at: 0, tile: 'a', ms: 5 };
    const summary = summaryOf(
      planned,
      fetched('a'),
      fetched('b'),
      processed('a'),
      processed('b'),
      written,
      committed('a'),
      committed('b'),
    );
    expect(summary).toMatchObject({ bytesIn: 200, bytesOut: 60, commits: 2 });
    expect(summary.stages).toEqual({
      fetch: 20,
      decode: 2,
      warp: 4,
      fill: 6,
      encode: 8,
      write: 5,
      commit: 14,
    });
  });

  test('a tile is processed before it is committed, and is counted so', () => {
    expect(summaryOf(planned, fetched('a'))).toMatchObject({ processed: 0 });
    expect(summaryOf(planned, processed('a'))).toMatchObject({ processed: 1, committed: 0 });
  });

  test('requests, retries by what went wrong, splits and the last word on the quota are kept', () => {
    const at = { at: 0, tile: 'a' };
    const retry = (kind: string, status?: number): IngestEvent => ({
      ...at,
      type: 'retry',
      delayMs: 1,
      error: {
        tag: 'earth-engine',
        message: 'x',
        kind,
        ...(status === undefined ? {} : { status }),
      },
    });
    const summary = summaryOf(
      planned,
      { ...at, type: 'request', bytes: 1, ms: 1 },
      { ...at, type: 'request', bytes: 1, ms: 1 },
      retry('quota', 429),
      retry('quota', 429),
      retry('transient'),
      {
        ...at,
        type: 'split',
        error: { tag: 'earth-engine', message: 'x' },
        window: { row: 0, col: 0, height: 1, width: 1 },
        bands: 1,
      },
      { ...at, type: 'quota-status', status: 'first' },
      { ...at, type: 'quota-status', status: 'last' },
    );
    expect(summary).toMatchObject({
      plannedRequests: 6,
      requests: 2,
      retries: 3,
      retriesByReason: { 'quota (429)': 2, transient: 1 },
      splits: 1,
      quotaStatus: 'last',
    });
  });

  test('failures are kept and count for no commit', () => {
    const failure = {
      state: 'failed',
      id: 'a',
      index: { row: 0, col: 0 },
      stage: 'process',
      tries: 1,
      error: { tag: 'raster', message: 'x', kind: 'decode' },
    } as const;
    expect(summaryOf(planned, { type: 'failed', at: 0, failure })).toMatchObject({
      failed: [failure],
      committed: 0,
    });
  });

  test('a summary does not change with what happens after it', () => {
    const tally = new Tally();
    tally.add(planned);
    const early = tally.summary();
    tally.add(fetched('a'));
    tally.add(committed('a'));
    expect(early).toMatchObject({ committed: 0, bytesIn: 0 });
    expect(early.stages.fetch).toBe(0);
  });

  test('time runs from the plan and stands still after the end', () => {
    const tally = new Tally();
    tally.add({ ...planned, at: Date.now() - 5000 });
    const { elapsedMs } = tally.end();
    // The run's clock is not Date's: each is rounded by itself.
    expect(elapsedMs).toBeGreaterThanOrEqual(4990);
    expect(tally.summary().elapsedMs).toBe(elapsedMs);
  });
});
