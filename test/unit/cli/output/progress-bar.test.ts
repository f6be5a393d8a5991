import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  formatSeconds,
  ProgressBar,
  progressText,
  waitText,
} from '../../../../src/cli/output/progress-bar.js';
import { megabytes, stageTable, summaryText } from '../../../../src/cli/output/summary-text.js';
import type { IngestSummary } from '../../../../src/observe/summary.js';
import type { FailedTile } from '../../../../src/tile.js';

const FAILED: FailedTile = {
  state: 'failed',
  id: '0-0',
  index: { row: 0, col: 0 },
  stage: 'fetch',
  tries: 1,
  error: { tag: 'earth-engine', message: 'x' },
};

const summary = (change: Partial<IngestSummary> = {}, plannedRequests = 36): IngestSummary => ({
  tiles: 36,
  alreadyLoaded: 0,
  takenOver: 0,
  committed: 12,
  processed: 12,
  empty: 0,
  failed: [],
  left: 0,
  stoppedBy: undefined,
  plannedRequests,
  requests: 0,
  retries: 0,
  retriesByReason: {},
  splits: 0,
  quotaStatus: undefined,
  commits: 1,
  bytesIn: 36_600_000,
  bytesOut: 0,
  elapsedMs: 2000,
  stages: { fetch: 0, decode: 0, warp: 0, fill: 0, encode: 0, write: 0, commit: 0 },
  ...change,
});

describe('progressText', () => {
  test('says committed tiles, the rates of bytes received and of chunks made, the time to go at this pace, and tiles under way', () => {
    expect(progressText(summary({ bytesOut: 12_200_000 }), 8)).toBe(
      '12/36 tiles  18.3 MB/s in, 6.1 out  ETA 4.0 s  8 in flight',
    );
  });

  test('takes the pace from processed tiles, and shows those that wait for their commit', () => {
    expect(progressText(summary({ committed: 0, processed: 12 }), 0)).toBe(
      '0/36 tiles (+12)  18.3 MB/s in, 0.0 out  ETA 4.0 s',
    );
  });

  test('promises no time before the first tile is processed', () => {
    expect(progressText(summary({ committed: 0, processed: 0 }), 3)).toBe(
      '0/36 tiles  18.3 MB/s in, 0.0 out  3 in flight',
    );
  });

  test('says how long it took when all is committed, and not before', () => {
    expect(progressText(summary({ committed: 36, processed: 36 }), 0)).toBe(
      '36/36 tiles  18.3 MB/s in, 0.0 out  in 2.0 s',
    );
    expect(progressText(summary({ committed: 20, processed: 36 }), 0)).not.toContain('in 2.0 s');
  });

  test('counts failed tiles as done for the time, not among the committed', () => {
    expect(progressText(summary({ committed: 11, processed: 11, failed: [FAILED] }), 0)).toBe(
      '11/36 tiles  18.3 MB/s in, 0.0 out  ETA 4.0 s  1 failed',
    );
  });

  test.each([
    [1, '1 retry'],
    [3, '3 retries'],
  ])('tells of %d retries as "%s"', (retries, words) => {
    expect(progressText(summary({ retries }), 0)).toContain(`  ${words}`);
  });

  test('of files on disk says nothing of bytes received', () => {
    const text = progressText(summary({ bytesIn: 0, bytesOut: 4_000_000 }, 0), 2);
    expect(text).toBe('12/36 tiles  2.0 MB/s out  ETA 4.0 s  2 in flight');
  });

  test('leaves out the less important where all of it is too long, and the failed tiles last of all', () => {
    const long = summary({
      tiles: 100_000,
      committed: 12_345,
      processed: 12_400,
      retries: 1234,
      failed: Array.from({ length: 12 }, () => FAILED),
      bytesOut: 12_200_000,
      elapsedMs: 6_000_000,
    });
    expect(progressText(long, 42)).toBe(
      '12345/100000 tiles (+55)  0.0 MB/s in, 0.0 out  ETA 11 h 46 min  42 in flight  1234 retries  12 failed',
    );
    expect(progressText(long, 42, 99)).toBe(
      '12345/100000 tiles (+55)  0.0 MB/s in, 0.0 out  ETA 11 h 46 min  1234 retries  12 failed',
    );
    expect(progressText(long, 42, 60)).toBe('12345/100000 tiles (+55)  ETA 11 h 46 min  12 failed');
    expect(progressText(long, 42, 50)).toBe('12345/100000 tiles  ETA 11 h 46 min  12 failed');
  });

  test('divides by nothing at the start', () => {
    const text = progressText(
      summary({ tiles: 0, committed: 0, processed: 0, bytesIn: 0, elapsedMs: 0 }),
      0,
    );
    expect(text).toMatch(/^0\/0 tiles {2}0\.0 MB\/s in, 0\.0 out/);
    expect(text).not.toMatch(/NaN|Infinity/);
  });
});

describe('waiting for a service that is away', () => {
  const at = Date.parse('2026-11-25T03:00:00Z');
  const waiting = (message: string, delayMs: number, endsInMs: number) =>
    ({
      type: 'waiting',
      at,
      error: { tag: 'earth-engine', message },
      delayMs,
      endsAt: at + endsInMs,
    }) as const;

  test.each([
    ['Earth Engine answered 503: away', 'Earth Engine answered 503: away.'],
    ['Earth Engine answered 503: away.', 'Earth Engine answered 503: away.'],
  ])('"%s" reads as sentences', (message, sentence) => {
    expect(waitText(waiting(message, 2000, 3_600_000))).toBe(
      `Waiting for the service. ${sentence} Next try in 2.0 s; if it is not back in 1 h 0 min, the run ends.`,
    );
  });

  test('promises no time that is past', () => {
    expect(waitText(waiting('x', 2000, -5))).toContain('if it is not back in 0.0 s');
  });
});

test.each([
  [0, '0.0 s'],
  [9.94, '9.9 s'],
  [10, '10 s'],
  [59.4, '59 s'],
  [60, '1 min 0 s'],
  [61.2, '1 min 1 s'],
  [3540, '59 min 0 s'],
  [3600, '1 h 0 min'],
  [7320, '2 h 2 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

describe('the bar', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function show(isTTY: boolean, columns = 100) {
    const written: string[] = [];
    const bar = new ProgressBar({
      isTTY,
      columns,
      write: (text) => void written.push(text),
    });
    bar.onEvent({
      type: 'planned',
      at: Date.now(),
      tiles: 2,
      alreadyLoaded: 0,
      requests: 2,
      bytes: 0,
    });
    return { bar, written };
  }

  const commit = (tile: string) =>
    ({ type: 'committed', at: 0, tiles: [tile], snapshot: 's', ms: 1 }) as const;

  test('has a time to go that is no less than none where the clock is set back', () => {
    const { bar, written } = show(true);
    vi.setSystemTime(Date.now() - 3_600_000);
    bar.onEvent(commit('a'));
    vi.advanceTimersByTime(1000);
    bar.stop();
    expect(written.join('')).not.toMatch(/-\d|NaN|Infinity/);
  });

  test('and none where tiles turn out to be loaded by another process after they were processed', () => {
    const { bar, written } = show(true);
    for (const tile of ['a', 'b'])
      bar.onEvent({
        ...{ type: 'processed', at: Date.now(), tile, ms: 1, startedAt: 0, thread: 1, bytes: 9 },
        ...{ isEmpty: false, timings: { decode: 0, warp: 0, fill: 0, encode: 0 } },
      });
    bar.onEvent({ type: 'loaded-elsewhere', at: Date.now(), tile: 'a' });
    vi.advanceTimersByTime(1000);
    expect(written.at(-1)).toContain('0/1 tiles (+1)');
    expect(written.at(-1)).toContain('ETA 0.0 s');
    bar.onEvent({ type: 'loaded-elsewhere', at: Date.now(), tile: 'b' });
    vi.advanceTimersByTime(1000);
    bar.stop();
    expect(written.join('')).not.toMatch(/-\d|NaN|Infinity/);
  });

  test('on a terminal is one line drawn over itself, no wider than the terminal, and ended by stop', () => {
    const { bar, written } = show(true, 72);
    bar.onEvent(commit('a'));
    vi.advanceTimersByTime(100);
    bar.onEvent(commit('b'));
    bar.stop();
    expect(written.length).toBeGreaterThanOrEqual(4);
    expect(written.at(-1)).toBe('\n');
    for (const text of written.slice(0, -1)) {
      expect(text.startsWith('\r')).toBe(true);
      expect(text.endsWith('\x1b[K')).toBe(true);
      expect(text.length - '\r\x1b[K'.length).toBeLessThan(72);
    }
    expect(written[0]).toContain(`[${'░'.repeat(24)}] 0/2`);
    expect(written.at(-2)).toContain(`[${'█'.repeat(24)}] 2/2`);
  });

  test.each([
    [60, 24],
    [51, 16],
    [43, 8],
    [42, 0],
    // The rates have no room, and leave some.
    [30, 17],
    [10, 0],
  ])('on a terminal of %d columns makes room for the text: %d cells', (columns, cells) => {
    const { bar, written } = show(true, columns);
    bar.stop();
    expect(written[0]?.match(/░/g)?.length ?? 0).toBe(cells);
    expect(written[0]?.length).toBeLessThan(columns + '\r\x1b[K'.length);
  });

  test('shows tiles in flight from their fetching until they are written, put off or have failed', () => {
    const { bar, written } = show(true, 100);
    const last = () => {
      vi.advanceTimersByTime(100);
      return / (\d+) in flight/.exec(written.at(-1) ?? '')?.[1];
    };
    for (const tile of ['a', 'b', 'c', 'c']) bar.onEvent({ type: 'fetching', at: 0, tile });
    expect(last()).toBe('3');
    bar.onEvent({ type: 'fetched', at: 0, tile: 'a', ms: 1, bytes: 1 });
    expect(last()).toBe('3');
    bar.onEvent({ type: 'written', at: 0, tile: 'a', ms: 1 });
    bar.onEvent({ type: 'postponed', at: 0, tile: 'b' });
    expect(last()).toBe('1');
    bar.onEvent({ type: 'failed', at: 0, failure: { ...FAILED, id: 'c' } });
    expect(last()).toBeUndefined();
    bar.stop();
  });

  test('puts why nothing moves on a line of its own, and goes on below it', () => {
    const { bar, written } = show(true, 100);
    bar.onEvent({
      type: 'waiting',
      at: 0,
      error: { tag: 'earth-engine', message: 'Away.' },
      delayMs: 2000,
      endsAt: 60_000,
    });
    expect(written.at(-1)).toBe(
      '\rWaiting for the service. Away. Next try in 2.0 s; if it is not back in 1 min 0 s, the run ends.\x1b[K\n',
    );
    vi.advanceTimersByTime(100);
    expect(written.at(-1)).toContain('0/2 tiles');
    bar.stop();
  });

  test('in a log is plain lines without control characters, and none that says nothing new', () => {
    const { bar, written } = show(false);
    vi.advanceTimersByTime(10_000);
    bar.onEvent(commit('a'));
    vi.advanceTimersByTime(2000);
    bar.stop();
    for (const text of written) expect(text).toMatch(/^[ -~]+\n$/);
    expect(written).toHaveLength(new Set(written).size);
    expect(written.at(-1)).toContain('1/2 tiles');
  });

  test('draws nothing more after stop', () => {
    const { bar, written } = show(true);
    bar.stop();
    const count = written.length;
    vi.advanceTimersByTime(10_000);
    expect(written).toHaveLength(count);
  });
});

describe('the summary in words', () => {
  test('tells what was committed, what was there, what failed, and the bytes', () => {
    const text = summaryText(
      summary({
        committed: 9,
        processed: 9,
        empty: 2,
        alreadyLoaded: 4,
        failed: [FAILED],
        plannedRequests: 10,
        requests: 12,
        splits: 2,
        retries: 5,
        retriesByReason: { 'transient (503)': 3, 'quota (429)': 2 },
        quotaStatus: 'parallelism_restricted=true',
        bytesOut: 2e9,
      }),
    );
    expect(text.split('\n')).toEqual([
      '9 tiles committed in 1 commit in 2.0 s (2 of them without a valid pixel)',
      '4 tiles were there already, 1 failed',
      '36.6 MB received, 2.00 GB of chunks written',
      '12 requests answered of 10 planned; 2 were too large and cut in two; 5 were sent again: 3 transient (503), 2 quota (429)',
      'Earth Engine says of the quota: parallelism_restricted=true',
    ]);
  });

  test('lists only stages that took time, summed and per tile', () => {
    const table = stageTable(
      summary({
        committed: 4,
        stages: { fetch: 8000, decode: 100, warp: 0, fill: 0, encode: 0, write: 0, commit: 0 },
      }),
    );
    expect(table).toMatch(/fetch \(waiting\) +8\.00 s +2000 ms/);
    expect(table).toMatch(/decode +0\.10 s +25 ms/);
    expect(table).not.toContain('warp');
  });

  test('megabytes become gigabytes at a thousand', () => {
    expect(megabytes(999_000_000)).toBe('999.0 MB');
    expect(megabytes(1_000_000_000)).toBe('1.00 GB');
  });
});
