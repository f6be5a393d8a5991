import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { formatSeconds, ProgressBar, progressText } from '../../../src/cli/progress-bar.js';
import { megabytes, stageTable, summaryText } from '../../../src/cli/summary-text.js';
import type { IngestSummary } from '../../../src/observe/summary.js';
import type { FailedTile } from '../../../src/tile.js';

const FAILED: FailedTile = {
  state: 'failed',
  id: '0-0',
  index: { row: 0, col: 0 },
  stage: 'fetch',
  tries: 1,
  error: { tag: 'earth-engine', message: 'x' },
};

const summary = (change: Partial<IngestSummary> = {}): IngestSummary => ({
  tiles: 36,
  alreadyLoaded: 0,
  committed: 12,
  processed: 12,
  empty: 0,
  failed: [],
  left: 0,
  stoppedBy: undefined,
  plannedRequests: 0,
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
  test('says committed tiles, the rate of bytes received and the time to go at this pace', () => {
    expect(progressText(summary())).toBe('12/36 tiles  18.3 MB/s  ETA 4.0 s');
  });

  test('takes the pace from processed tiles, and shows those that wait for their commit', () => {
    expect(progressText(summary({ committed: 0, processed: 12 }))).toBe(
      '0/36 tiles (+12)  18.3 MB/s  ETA 4.0 s',
    );
  });

  test('promises no time before the first tile is processed', () => {
    expect(progressText(summary({ committed: 0, processed: 0 }))).toBe('0/36 tiles  18.3 MB/s');
  });

  test('says how long it took when all is committed, and not before', () => {
    expect(progressText(summary({ committed: 36, processed: 36 }))).toBe(
      '36/36 tiles  18.3 MB/s  in 2.0 s',
    );
    expect(progressText(summary({ committed: 20, processed: 36 }))).not.toContain('in 2.0 s');
  });

  test('counts failed tiles as done for the time, not among the committed', () => {
    expect(progressText(summary({ committed: 11, processed: 11, failed: [FAILED] }))).toBe(
      '11/36 tiles  18.3 MB/s  ETA 4.0 s  1 failed',
    );
  });

  test('tells of retries', () => {
    expect(progressText(summary({ retries: 3 }))).toContain('3 retries');
  });

  test('divides by nothing at the start', () => {
    const text = progressText(
      summary({ tiles: 0, committed: 0, processed: 0, bytesIn: 0, elapsedMs: 0 }),
    );
    expect(text).toMatch(/^0\/0 tiles {2}0\.0 MB\/s/);
    expect(text).not.toMatch(/NaN|Infinity/);
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

  function show(isTTY: boolean) {
    const written: string[] = [];
    const bar = new ProgressBar({
      isTTY,
      columns: 60,
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

  test('on a terminal is one line drawn over itself, no wider than the terminal, and ended by stop', () => {
    const { bar, written } = show(true);
    bar.onEvent(commit('a'));
    vi.advanceTimersByTime(100);
    bar.onEvent(commit('b'));
    bar.stop();
    expect(written.length).toBeGreaterThanOrEqual(4);
    expect(written.at(-1)).toBe('\n');
    for (const text of written.slice(0, -1)) {
      expect(text.startsWith('\r')).toBe(true);
      expect(text.endsWith('\x1b[K')).toBe(true);
      expect(text.length - '\r\x1b[K'.length).toBeLessThan(60);
    }
    expect(written[0]).toContain(`[${'░'.repeat(24)}] 0/2`);
    expect(written.at(-2)).toContain(`[${'█'.repeat(24)}] 2/2`);
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
      '9 tiles committed in 1 commits in 2.0 s (2 of them without a valid pixel)',
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
