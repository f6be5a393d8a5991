import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Outage, outlastsWait } from '../../../../../src/cube/fill/run/outage.js';
import {
  AbortedError,
  EarthEngineError,
  RasterError,
  toRecord,
} from '../../../../../src/errors.js';
import type { IngestEvent } from '../../../../../src/observe/events.js';
import type { FailedTile, PlannedTile } from '../../../../../src/tile.js';

// Those of Node's promises are not faked by themselves.
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number, _: undefined, { signal }: { signal: AbortSignal }) =>
    new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      setTimeout(resolve, ms);
    }),
}));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const tileAt = (col: number) => ({ id: `0-${col}`, index: { row: 0, col } }) as PlannedTile;

function failureOf(
  { id, index }: PlannedTile,
  error: Error = new EarthEngineError('transient', 'down'),
): FailedTile {
  return { state: 'failed', id, index, stage: 'fetch', tries: 8, error: toRecord(error) };
}

/** An outage with what it tells, and a service that answers tile by tile as `answer` says. */
function setUp({
  answer = async () => undefined,
  maxOutageMs = 3_600_000,
}: {
  answer?: (tile: PlannedTile) => Promise<FailedTile | undefined>;
  maxOutageMs?: number;
} = {}) {
  const [events, tried, failed, returned]: [IngestEvent[], string[], string[], string[]] = [
    [],
    [],
    [],
    [],
  ];
  const stop = new AbortController();
  const outage = new Outage({
    maxOutageMs,
    onEvent: (event) => events.push(event),
    attempt: (tile) => {
      tried.push(tile.id);
      return answer(tile);
    },
    putBack: (tiles) => returned.push(...tiles.map(({ id }) => id)),
    fail: async ({ id }) => void failed.push(id),
    signal: stop.signal,
  });
  const lose = async (count: number, first = 0) => {
    const before = await outage.over();
    for (let i = first; i < first + count; i++)
      await outage.note(tileAt(i), failureOf(tileAt(i)), before);
  };
  const waits = () => events.flatMap((e) => (e.type === 'waiting' ? [e.delayMs] : []));
  return { outage, events, tried, failed, returned, stop, lose, waits };
}

/** Whether a promise is still open. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open');
  await vi.advanceTimersByTimeAsync(0);
  return (await Promise.race([promise, Promise.resolve(open)])) === open;
}

const ids = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `0-${from + i}`);

describe('tiles that are lost', () => {
  test('have failed when one begun later succeeds', async () => {
    const { outage, lose, failed, waits } = setUp();
    await lose(9);
    expect(failed).toEqual([]);
    const before = await outage.over();
    await outage.note(tileAt(50), undefined, before);
    expect(failed).toEqual(ids(0, 9));
    // The count begins anew.
    await lose(9, 9);
    expect(waits()).toEqual([]);
  });

  test('have not failed when one succeeds that was begun before: its pixels came when the service was there', async () => {
    const { outage, lose, failed } = setUp();
    const before = await outage.over();
    await lose(3);
    await outage.note(tileAt(50), undefined, before);
    expect(failed).toEqual([]);
    await outage.settle();
    expect(failed).toEqual(ids(0, 3));
  });

  test('are in a row whatever succeeds that was begun before', async () => {
    const { outage, lose, waits } = setUp();
    const before = await outage.over();
    for (let i = 0; i < 10; i++) {
      await lose(1, i);
      await outage.note(tileAt(50 + i), undefined, before);
    }
    expect(waits()).toEqual([2_000]);
  });

  test('do not count as an outage where the service answers that it will not have a tile', async () => {
    const { outage, lose, failed, waits } = setUp();
    for (let i = 0; i < 30; i++) {
      const failure = failureOf(tileAt(100 + i), new RasterError('decode', 'broken'));
      await lose(5, 5 * i);
      await outage.note(tileAt(100 + i), failure, await outage.over());
    }
    expect(waits()).toEqual([]);
    expect(failed).toHaveLength(180);
  });

  test('have failed when the run ends', async () => {
    const { outage, lose, failed } = setUp();
    await lose(4);
    await outage.settle();
    expect(failed).toEqual(ids(0, 4));
  });
});

describe('ten tiles lost in a row', () => {
  test('are an outage: nothing is begun until one of them succeeds, then all others are fetched again', async () => {
    let isBack = false;
    const { outage, lose, tried, failed, returned, waits } = setUp({
      answer: async (tile) => (isBack ? undefined : failureOf(tile)),
    });
    await lose(10);
    const over = outage.over();
    expect(await isPending(over)).toBe(true);
    await vi.advanceTimersByTimeAsync(2_000 + 4_000);
    expect(await isPending(over)).toBe(true);
    isBack = true;
    await vi.advanceTimersByTimeAsync(8_000);
    await over;
    expect(waits()).toEqual([2_000, 4_000, 8_000]);
    // One after the other, so that a tile which never succeeds does not keep the others waiting.
    expect(tried).toEqual(['0-0', '0-1', '0-2']);
    expect(returned.toSorted()).toEqual(ids(0, 10).filter((id) => id !== '0-2'));
    expect(failed).toEqual([]);
  });

  test('that were under way when the outage began are fetched again as well', async () => {
    const { outage, lose, returned } = setUp();
    const before = await outage.over();
    await lose(10);
    await outage.note(tileAt(20), failureOf(tileAt(20)), before);
    await vi.advanceTimersByTimeAsync(2_000);
    await outage.over();
    expect(returned).toContain('0-20');
  });

  test('are waited for at growing intervals of a minute at the most', async () => {
    const { outage, lose, waits } = setUp({ answer: async (tile) => failureOf(tile) });
    await lose(10);
    const over = outage.over();
    over.catch(() => {});
    await vi.advanceTimersByTimeAsync(300_000);
    expect(waits().slice(0, 8)).toEqual([
      2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ]);
  });

  test('end the run when the service has been away for longer than it may be, and have failed', async () => {
    const { outage, lose, failed, waits } = setUp({
      answer: async (tile) => failureOf(tile, new EarthEngineError('quota', 'no more today', 429)),
      maxOutageMs: 10_000,
    });
    await lose(10);
    const over = outage.over();
    const told = expect(over).rejects.toMatchObject({ kind: 'quota', message: 'no more today' });
    await vi.advanceTimersByTimeAsync(10_000);
    await told;
    expect(waits()).toEqual([2_000, 4_000]);
    expect(failed.toSorted()).toEqual(ids(0, 10));
  });

  test('end the run at once where it is not to wait', async () => {
    const { outage, lose, tried, waits } = setUp({ maxOutageMs: 0 });
    await lose(10);
    await expect(outage.over()).rejects.toMatchObject({ kind: 'transient' });
    // Whoever asks later is told as well.
    await expect(outage.over()).rejects.toMatchObject({ kind: 'transient' });
    expect([tried, waits()]).toEqual([[], []]);
  });

  test('are no longer waited for when the run is stopped', async () => {
    const { outage, lose, tried, stop } = setUp();
    await lose(10);
    const over = outage.over();
    const told = expect(over).rejects.toBeInstanceOf(AbortedError);
    stop.abort();
    await vi.advanceTimersByTimeAsync(0);
    await told;
    expect(tried).toEqual([]);
  });

  test('count anew after the outage', async () => {
    const { outage, lose, waits } = setUp();
    await lose(10);
    await vi.advanceTimersByTimeAsync(2_000);
    await outage.over();
    await lose(9, 30);
    expect(waits()).toEqual([2_000]);
    await lose(1, 40);
    expect(waits()).toEqual([2_000, 2_000]);
    await vi.advanceTimersByTimeAsync(2_000);
    await outage.over();
  });
});

describe('tiles that get the same useless reply each time', () => {
  const wrong = new EarthEngineError('wrong-reply', 'Expected 9 pixels but received 8.', 200);
  const inVain = (tile: PlannedTile, error: Error = wrong): FailedTile => ({
    ...failureOf(tile, error),
    isRepeated: true,
  });

  test('have failed at once, and are no outage however many they are', async () => {
    const { outage, failed, waits } = setUp();
    outage.note(tileAt(0), undefined, await outage.over());
    for (let i = 1; i < 50; i++) outage.note(tileAt(i), inVain(tileAt(i)), await outage.over());
    expect(failed).toEqual(ids(1, 50));
    expect(waits()).toEqual([]);
  });

  test('end the run where they are the first ten, and none has succeeded', async () => {
    const { outage, failed } = setUp();
    for (let i = 0; i < 9; i++) outage.note(tileAt(i), inVain(tileAt(i)), await outage.over());
    const before = await outage.over();
    const last = () => outage.note(tileAt(9), inVain(tileAt(9)), before);
    expect(last).toThrow(
      'Expected 9 pixels but received 8. So it was with all of the first 10 tiles, and the run ends.',
    );
    expect(failed).toEqual(ids(0, 10));
  });

  test('are counted whatever else fails between them, of whatever kind they are', async () => {
    const { outage, failed } = setUp();
    const broken = new RasterError('decode', 'broken');
    for (let i = 0; i < 9; i++) {
      outage.note(tileAt(i), inVain(tileAt(i), broken), await outage.over());
      outage.note(tileAt(20 + i), failureOf(tileAt(20 + i), broken), await outage.over());
    }
    const before = await outage.over();
    expect(() => outage.note(tileAt(9), inVain(tileAt(9), broken), before)).toThrow(RasterError);
    expect(failed).toHaveLength(19);
  });

  test('say nothing of the tiles that were lost before: whose replies they are is not known', async () => {
    const { outage, lose, failed, waits } = setUp();
    await lose(9);
    outage.note(tileAt(50), inVain(tileAt(50)), await outage.over());
    expect(failed).toEqual(['0-50']);
    await lose(1, 9);
    expect(waits()).toEqual([2_000]);
  });

  test('end an outage, in which they are looked at like any other', async () => {
    const { outage, lose, failed, returned } = setUp({ answer: async (tile) => inVain(tile) });
    await lose(10);
    await vi.advanceTimersByTimeAsync(2_000);
    await outage.over();
    expect(failed).toEqual(['0-0']);
    expect(returned).toHaveLength(9);
  });
});

test('a quota of the day is waited for by whoever would wait for a day, and no other error is asked', () => {
  const day = 86_400_000;
  const daily = toRecord(new EarthEngineError('quota', 'x', 403, { reason: 'daily' }));
  expect([outlastsWait(daily, day - 1), outlastsWait(daily, day)]).toEqual([true, false]);
  for (const kind of ['quota', 'transient'] as const)
    expect(outlastsWait(toRecord(new EarthEngineError(kind, 'daily')), 0)).toBe(false);
});
