import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { AdaptiveLimiter, type Outcome } from '../../../src/earth-engine/adaptive-limiter.js';
import { AbortedError, InvalidInputError } from '../../../src/errors.js';

/** Starts come as fast as they can, so that only the number of places matters. */
const fast = (options: { start?: number; floor?: number; ceiling?: number } = {}) =>
  new AdaptiveLimiter({ ...options, perSecond: 1e9 });
const fixed = (places: number) => fast({ start: places, ceiling: places });

/** A task that is under way until it is told to end. */
function task(log: string[], name: string, outcome: Outcome = 'other') {
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run = async (report: (outcome: Outcome) => void) => {
    log.push(`start ${name}`);
    await ended;
    report(outcome);
    log.push(`end ${name}`);
    return name;
  };
  return { run, end: () => end() };
}

describe('places', () => {
  test('never more tasks than places are under way, and all of them end', async () => {
    const limiter = fixed(3);
    let most = 0;
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        limiter.run(async (report) => {
          most = Math.max(most, limiter.inFlight);
          for (let wait = 0; wait < i % 4; wait++) await turn();
          report('healthy');
          return i;
        }),
      ),
    );
    expect(most).toBe(3);
    expect(results).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(limiter.inFlight).toBe(0);
  });

  test('waiting tasks start in the order they came, whichever place comes free', async () => {
    const limiter = fixed(2);
    const log: string[] = [];
    const [a, b, c, d] = [task(log, 'a'), task(log, 'b'), task(log, 'c'), task(log, 'd')];
    const all = [a, b, c, d].map((one) => limiter.run(one.run));
    await turn();
    expect(log).toEqual(['start a', 'start b']);
    b.end();
    await turn();
    expect(log.slice(2)).toEqual(['end b', 'start c']);
    c.end();
    await turn();
    expect(log.slice(4)).toEqual(['end c', 'start d']);
    a.end();
    d.end();
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a task that fails, even at once, gives its place to the next', async () => {
    const limiter = fixed(1);
    const thrown = limiter.run(() => {
      throw new Error('at once');
    });
    const rejected = limiter.run(async () => {
      await turn();
      throw new Error('later');
    });
    const last = limiter.run(async () => 'fine');
    await expect(thrown).rejects.toThrow('at once');
    await expect(rejected).rejects.toThrow('later');
    expect(await last).toBe('fine');
    expect(limiter.inFlight).toBe(0);
  });

  test('a task aborted while it waits never starts, and the one behind it takes its turn', async () => {
    const limiter = fixed(1);
    const log: string[] = [];
    const [a, b, c] = [task(log, 'a'), task(log, 'b'), task(log, 'c')];
    const controller = new AbortController();
    const first = limiter.run(a.run);
    const second = limiter.run(b.run, controller.signal);
    const third = limiter.run(c.run);
    controller.abort();
    await expect(second).rejects.toBeInstanceOf(AbortedError);
    a.end();
    c.end();
    await Promise.all([first, third]);
    expect(log).toEqual(['start a', 'end a', 'start c', 'end c']);
  });

  test('a signal that is aborted already takes no place', async () => {
    const limiter = fixed(1);
    const run = limiter.run(async () => {}, AbortSignal.abort());
    await expect(run).rejects.toBeInstanceOf(AbortedError);
    expect(limiter.inFlight).toBe(0);
  });
});

describe('learning', () => {
  /** `count` tasks, one after another, that all report `outcome`. */
  async function reports(limiter: AdaptiveLimiter, count: number, outcome: Outcome): Promise<void> {
    for (let i = 0; i < count; i++) await limiter.run(async (report) => report(outcome));
  }

  test('healthy replies open more places, up to the ceiling and no further', async () => {
    const limiter = fast({ start: 2, ceiling: 5 });
    await reports(limiter, 1, 'healthy');
    expect(limiter.limit).toBe(3);
    await reports(limiter, 50, 'healthy');
    expect(limiter.limit).toBe(5);
  });

  test('a refusal closes places, and none are closed below the floor', async () => {
    const limiter = fast({ start: 16, floor: 2 });
    await reports(limiter, 1, 'throttled');
    expect(limiter.limit).toBeLessThan(16);
    await reports(limiter, 50, 'throttled');
    expect(limiter.limit).toBe(2);
  });

  test('refusals of requests that were under way together count once', async () => {
    const limiter = fast({ start: 16 });
    const log: string[] = [];
    const tasks = Array.from({ length: 16 }, (_, i) => task(log, String(i), 'throttled'));
    const all = tasks.map((one) => limiter.run(one.run));
    await turn();
    for (const one of tasks) one.end();
    await Promise.all(all);
    const once = fast({ start: 16 });
    const more = Array.from({ length: 16 }, (_, i) =>
      task([], String(i), i === 0 ? 'throttled' : 'other'),
    );
    const others = more.map((one) => once.run(one.run));
    await turn();
    for (const one of more) one.end();
    await Promise.all(others);
    expect(limiter.limit).toBe(once.limit);
    expect(limiter.limit).toBeGreaterThan(8);
  });

  test('failures that say nothing of the load change nothing', async () => {
    const limiter = fast({ start: 8 });
    await reports(limiter, 30, 'other');
    expect(limiter.limit).toBe(8);
  });

  test('at a service that bears ten requests at a time it settles near ten, and then few are refused', async () => {
    const limiter = fast({ start: 4, ceiling: 40 });
    let open = 0;
    let refused = 0;
    const total = 4000;
    await Promise.all(
      Array.from({ length: total }, (_, i) =>
        limiter.run(async (report) => {
          const isTooMany = ++open > 10;
          // As services do: a refusal comes at once, pixels take their time.
          for (let wait = 0; wait < (isTooMany ? 1 : 5 + (i % 7)); wait++) await turn();
          open--;
          // The first thousand are for learning.
          if (isTooMany && i >= 1000) refused++;
          report(isTooMany ? 'throttled' : 'healthy');
        }),
      ),
    );
    expect(limiter.limit).toBeGreaterThanOrEqual(7);
    expect(limiter.limit).toBeLessThanOrEqual(12);
    expect(refused / (total - 1000)).toBeLessThan(0.03);
  });
});

test.each([
  { floor: 0 },
  { floor: 5, ceiling: 4 },
  { floor: 1.5 },
  { perSecond: 0 },
  { perSecond: Number.NaN },
])('bounds that make no sense are refused: %o', (options) => {
  expect(() => new AdaptiveLimiter(options)).toThrow(InvalidInputError);
});
