import { expect, test } from 'vitest';
import { WatchDisplay, watchText } from '../../../../src/cli/output/watch-display.js';
import type { FollowEvent, FollowedState } from '../../../../src/cube/state/follow.js';

const state = (change: Partial<FollowedState> = {}): FollowedState => ({
  ...{ type: 'state', at: 0, isChanged: true, changedAt: 0 },
  ...{ tiles: 120, loaded: 30, empty: 6, missing: 84, perSecond: 0.82, secondsLeft: 102 },
  commit: { id: 'A', message: 'm', writtenAt: '2026-11-28T18:24:05.123456+00:00' },
  ...change,
});

const shards = (...loaded: number[]) =>
  loaded.map((count, shard) => ({ shard, tiles: 30, loaded: count }));

const AWAY: FollowEvent = {
  ...{ type: 'away', at: 0, delayMs: 2_000 },
  error: { tag: 'store', message: 'Nothing\u001b answers' },
};

test('a line has tiles, rate, time to go, shards and the newest commit', () => {
  expect(watchText(state({ shards: shards(9, 27) }))).toBe(
    '36/120 tiles (30.0 %)  0.82 tiles/s  ETA 1 min 42 s  shards 1: 9/30, 2: 27/30  newest commit 2026-11-28T18:24:05Z',
  );
});

test('of many shards it tells how many are whole, and which has least', () => {
  const many = shards(30, 30, 30, 30, 30, 30, 30, 2, 30, 5);
  expect(watchText(state({ shards: many }))).toContain('8/10 shards whole, least in 8: 2/30');
  expect(watchText(state({ shards: shards(...Array(9).fill(30)) }))).toContain('9/9 shards whole');
});

test('where a line is narrow, what matters less is left out, and nothing is wider than it', () => {
  const full = state({ shards: shards(9, 27) });
  expect(watchText(full, 80)).toBe(
    '36/120 tiles (30.0 %)  0.82 tiles/s  ETA 1 min 42 s  shards 1: 9/30, 2: 27/30',
  );
  expect(watchText(full, 40)).toBe('36/120 tiles (30.0 %)  ETA 1 min 42 s');
  for (let width = 1; width < 130; width++)
    expect(watchText(full, width).length).toBeLessThanOrEqual(width);
});

test('100 % is all of it, and nothing less', () => {
  expect(watchText(state({ tiles: 100_000, loaded: 99_999, empty: 0, missing: 1 }))).toContain(
    '(99.9 %)',
  );
  const whole = state({ loaded: 114, missing: 0, secondsLeft: 0 });
  expect(watchText(whole)).toContain('120/120 tiles (100.0 %)  0.82 tiles/s  all loaded');
});

function display(isTTY: boolean, format: 'text' | 'ndjson' = 'text') {
  const written: string[] = [];
  const terminal = { isTTY, columns: 200, write: (text: string) => written.push(text) };
  return { display: new WatchDisplay(terminal, format), written };
}

test('on a terminal one line is drawn again, and left standing at the end', () => {
  const { display: shown, written } = display(true);
  shown.show(state());
  shown.show(state({ isChanged: false, at: 1_000 }));
  shown.show(AWAY);
  shown.show(state());
  shown.stop();
  const line = watchText(state());
  expect(written).toEqual([
    `\r${line}\u001b[K`,
    `\r${line}\u001b[K`,
    '\rWaiting for the store. Nothing\\x1b answers. Next look in 2.0 s\u001b[K\n',
    '\rThe store is back\u001b[K\n',
    `\r${line}\u001b[K`,
    '\n',
  ]);
});

test('elsewhere each change is a line, and so is a long time without one, once', () => {
  const { display: shown, written } = display(false);
  shown.show(state());
  for (const at of [5_000, 299_000, 300_000, 360_000]) shown.show(state({ isChanged: false, at }));
  shown.show(state({ at: 400_000, changedAt: 400_000, loaded: 31 }));
  shown.stop();
  expect(written).toHaveLength(3);
  expect(written[1]).toMatch(/^36\/120 tiles .* nothing new for 5 min 0 s /);
  expect(written[2]).toMatch(/^37\/120 tiles .*\n$/);
});

test('records are a line of JSON for each change, and for a store that is away', () => {
  const { display: shown, written } = display(true, 'ndjson');
  shown.show(state());
  shown.show(state({ isChanged: false }));
  shown.show(AWAY);
  shown.stop();
  expect(written.map((line) => JSON.parse(line).type)).toEqual(['state', 'away']);
  expect(written.every((line) => /^\{.*\}\n$/.test(line) && !line.includes('\u001b'))).toBe(true);
  expect(JSON.parse(written[0] ?? '')).not.toHaveProperty('isChanged');
});
