import { describe, expect, test } from 'vitest';
import { AbortedError, StoreError } from '../../../src/errors.js';
import type { IngestEvent } from '../../../src/observe/events.js';
import { IngestRecorder } from '../../../src/observe/recorder.js';
import {
  committed,
  ERROR,
  failed,
  planned,
  recorderOf,
  START,
  SUBJECT,
  tileEvents,
} from './events.js';

const retry = (tile: string, at: number): IngestEvent => ({
  type: 'retry',
  at: START + at,
  tile,
  error: ERROR,
  delayMs: 5,
});

/** Two tiles one after the other, one at the same time, one that fails after two retries. */
const EVENTS: readonly IngestEvent[] = [
  planned(4),
  ...[
    ...tileEvents('0-0', 0, 7),
    ...tileEvents('0-1', 10, 8),
    { type: 'fetching', at: START + 20, tile: '1-0' } as const,
    retry('1-0', 30),
    retry('1-0', 60),
    ...tileEvents('0-2', 70, 7),
    failed('1-0', 150),
    committed(160, '0-0', '0-1', '0-2'),
  ].sort((one, other) => one.at - other.at),
];

const bars = (record: ReturnType<IngestRecorder['end']>, kind: string) =>
  record.timeline.rows
    .filter((row) => row.kind === kind)
    .map(({ number, bars }) => [number, ...bars.map(({ tile, start, end }) => [tile, start, end])]);

describe('the record of a run', () => {
  const record = recorderOf(EVENTS, 200).end();

  test('tells what it was about, when it was, and how it ended', () => {
    expect(record).toMatchObject({
      version: 1,
      subject: SUBJECT,
      startedAt: START,
      durationMs: 200,
      ending: 'partial',
      machine: { node: process.version },
    });
    expect(record).not.toHaveProperty('error');
  });

  test('holds the summary of the same events', () => {
    expect(record.summary).toMatchObject({
      tiles: 4,
      alreadyLoaded: 4,
      committed: 3,
      failed: 1,
      retries: 2,
      retriesByReason: { 'quota (429)': 2 },
      bytesIn: 3000,
      bytesOut: 900,
      elapsedMs: 200,
    });
  });

  test('has each stage with its times; the queue is what a thread did not work of the time it took', () => {
    expect(record.stages.fetch).toEqual({
      count: 3,
      totalMs: 120,
      medianMs: 40,
      p95Ms: 40,
      maxMs: 40,
    });
    const medians = Object.entries(record.stages).map(([stage, { medianMs }]) => [stage, medianMs]);
    expect(Object.fromEntries(medians)).toEqual({
      fetch: 40,
      queue: 6,
      decode: 5,
      warp: 0,
      fill: 7,
      encode: 3,
      write: 4,
      commit: 10,
    });
  });

  test('puts fetches that overlap on lanes of their own, and gives a free lane to the next', () => {
    expect(bars(record, 'fetch')).toEqual([
      [1, ['0-0', 0, 40], ['0-2', 70, 110]],
      [2, ['0-1', 10, 50]],
      [3, ['1-0', 20, 150]],
    ]);
  });

  test('puts the work of a thread where its kernel ran, not where it waited', () => {
    expect(bars(record, 'process')).toEqual([
      [7, ['0-0', 45, 60], ['0-2', 115, 130]],
      [8, ['0-1', 55, 70]],
    ]);
  });

  test('puts a commit from its start to its end', () => {
    expect(bars(record, 'commit')).toEqual([[1, ['0-0', 150, 160]]]);
  });

  test('lists a failed tile with its stage, error, tries, retries and time, and without a stack', () => {
    expect(record.failures).toEqual([
      {
        tile: '1-0',
        index: { row: 1, col: 0 },
        stage: 'fetch',
        error: { tag: 'earth-engine', kind: 'quota', status: 429, message: 'Too many requests.' },
        tries: 2,
        retries: 2,
        at: 150,
      },
    ]);
    expect(JSON.stringify(record)).not.toContain('/home/somebody');
  });

  test('samples the process from the plan to the end', () => {
    expect(record.process.samples).toEqual([
      { at: 0, rss: 200e6, files: 40 },
      { at: 200, rss: 200e6, files: 40 },
    ]);
  });

  test('is plain data: JSON brings it back as it was', () => {
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });
});

test('a run that was stopped is interrupted, and its open fetches are cut off at its end', () => {
  const events = [planned(2), { type: 'fetching', at: START + 5, tile: '0-0' } as const];
  const record = recorderOf(events, 50).end(new AbortedError('The ingest was stopped.'));
  expect(record).toMatchObject({
    ending: 'interrupted',
    error: { tag: 'aborted', message: 'The ingest was stopped.' },
  });
  expect(record.timeline.rows[0]?.bars).toEqual([
    { start: 5, end: 50, busyMs: 45, pieces: 1, tiles: 1, tile: '0-0', outcome: 'cut off' },
  ]);
});

test('a run that could not go on has failed, and says why', () => {
  const record = recorderOf([planned(2)], 50).end(new StoreError('io', 'The disk is full.'));
  expect(record).toMatchObject({ ending: 'failed', error: { kind: 'io' } });
  expect(record.error).not.toHaveProperty('stack');
});

test('a run without a failure is complete', () => {
  expect(recorderOf([planned(0)], 5).end().ending).toBe('complete');
});

test('before the plan there is nothing to tell', () => {
  const recorder = new IngestRecorder(SUBJECT);
  expect(recorder.hasBegun).toBe(false);
  recorder.onEvent(planned(1));
  expect(recorder.hasBegun).toBe(true);
  recorder.end();
});

test('the record of 50,000 tiles is hardly larger than that of 5,000', () => {
  const sizes = [5_000, 50_000].map((tiles) => {
    const recorder = recorderOf(manyTiles(tiles), tiles * 20);
    const record = recorder.end();
    expect(record.summary.processed).toBe(tiles);
    const pieces = record.timeline.rows.flatMap(({ bars }) => bars.map((bar) => bar.pieces));
    expect(pieces.length).toBeLessThanOrEqual(5000);
    expect(pieces.reduce((sum, count) => sum + count, 0)).toBe(2 * tiles + Math.ceil(tiles / 16));
    return JSON.stringify(record).length;
  });
  expect(sizes[1]).toBeLessThan(2 * (sizes[0] ?? 0));
  expect(sizes[1]).toBeLessThan(1e6);
});

/** Tiles one after the other in time, 20 ms apart and 60 ms long: three lanes, two threads. */
function* manyTiles(tiles: number): Generator<IngestEvent> {
  yield planned(tiles);
  let waiting: IngestEvent[] = [];
  let group: string[] = [];
  for (let i = 0; i < tiles; i++) {
    const tile = `${Math.floor(i / 100)}-${i % 100}`;
    waiting.push(...tileEvents(tile, i * 20, 1 + (i % 2)));
    waiting.sort((one, other) => one.at - other.at);
    const now = START + i * 20;
    yield* waiting.filter(({ at }) => at <= now);
    waiting = waiting.filter(({ at }) => at > now);
    group.push(tile);
    if (group.length < 16) continue;
    yield committed(i * 20, ...group);
    group = [];
  }
  yield* waiting;
  if (group.length > 0) yield committed(tiles * 20, ...group);
}
