import { expect, test } from 'vitest';
import { Timeline } from '../../../src/observe/timeline.js';

const work = (start: number, end: number, tile = 'a') => ({ start, end, tile, tiles: 1 });

test('rows come as fetch, process, commit, each in the order of its number', () => {
  const timeline = new Timeline();
  timeline.add('commit', 1, work(5, 6));
  timeline.add('process', 2, work(3, 4));
  timeline.add('fetch', 10, work(0, 2));
  timeline.add('fetch', 9, work(0, 1));
  expect(timeline.record().rows.map(({ kind, number }) => `${kind} ${number}`)).toEqual([
    'fetch 9',
    'fetch 10',
    'process 2',
    'commit 1',
  ]);
});

test('while there are few bars each is one piece of work', () => {
  const timeline = new Timeline(2);
  timeline.add('process', 1, work(0, 10, 'a'));
  timeline.add('process', 1, work(12, 20, 'b'));
  expect(timeline.record()).toEqual({
    cellMs: 0,
    rows: [
      {
        kind: 'process',
        number: 1,
        pieces: 2,
        busyMs: 18,
        bars: [
          { start: 0, end: 10, busyMs: 10, pieces: 1, tiles: 1, tile: 'a' },
          { start: 12, end: 20, busyMs: 8, pieces: 1, tiles: 1, tile: 'b' },
        ],
      },
    ],
  });
});

test('work that would overlap the work before it in its row begins at that end', () => {
  const timeline = new Timeline();
  timeline.add('process', 1, work(0, 10));
  timeline.add('process', 1, work(9, 15));
  expect(timeline.record().rows[0]?.bars.map(({ start, end }) => [start, end])).toEqual([
    [0, 10],
    [10, 15],
  ]);
});

test('too many bars are joined by cells of time, and no work is lost or invented', () => {
  const limit = 100;
  const timeline = new Timeline(limit);
  let pieces = 0;
  let busyMs = 0;
  for (let i = 0; i < 5000; i++) {
    for (const thread of [1, 2, 3]) {
      timeline.add('process', thread, work(i * 50, i * 50 + 10 * thread, `${i}`));
      pieces++;
      busyMs += 10 * thread;
    }
    const bars = timeline.record().rows.reduce((sum, row) => sum + row.bars.length, 0);
    expect(bars).toBeLessThanOrEqual(limit);
  }
  const { cellMs, rows } = timeline.record();
  expect(cellMs).toBeGreaterThan(0);
  const bars = rows.flatMap((row) => row.bars);
  expect(bars.length).toBeGreaterThan(limit / 4);
  expect(bars.reduce((sum, bar) => sum + bar.pieces, 0)).toBe(pieces);
  expect(bars.reduce((sum, bar) => sum + bar.busyMs, 0)).toBe(busyMs);
  expect(rows.map((row) => row.busyMs)).toEqual([50_000, 100_000, 150_000]);
  for (const { bars } of rows) {
    for (const [i, bar] of bars.entries()) {
      expect(bar.busyMs).toBeLessThanOrEqual(bar.end - bar.start);
      expect(bar.start).toBeGreaterThanOrEqual(bars[i - 1]?.end ?? 0);
    }
    const cells = bars.map(({ start }) => Math.floor(start / cellMs));
    expect(new Set(cells).size).toBe(cells.length);
  }
});
