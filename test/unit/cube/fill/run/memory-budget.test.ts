import { describe, expect, test } from 'vitest';
import { MemoryBudget } from '../../../../../src/cube/fill/run/memory-budget.js';
import { AbortedError } from '../../../../../src/errors.js';

const never = new AbortController().signal;

/** A task that ends when it is told to. */
function held(budget: MemoryBudget, bytes: number, signal = never) {
  let hasBegun = false;
  let end = () => {};
  const done = budget.holding(bytes, signal, () => {
    hasBegun = true;
    return new Promise<void>((resolve) => {
      end = resolve;
    });
  });
  return {
    done,
    get hasBegun() {
      return hasBegun;
    },
    end: () => end(),
  };
}

/** What has begun by now, when all that can begin has. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a memory budget', () => {
  test('lets in what fits, in the order in which it came: what is small waits behind what is large', async () => {
    const budget = new MemoryBudget(10);
    const [first, large, small] = [held(budget, 6), held(budget, 7), held(budget, 1)];
    await settled();
    expect([first.hasBegun, large.hasBegun, small.hasBegun]).toEqual([true, false, false]);
    first.end();
    await first.done;
    await settled();
    expect([large.hasBegun, small.hasBegun, budget.used]).toEqual([true, true, 8]);
    large.end();
    small.end();
    await Promise.all([large.done, small.done]);
    expect([budget.used, budget.most]).toEqual([0, 8]);
  });

  test('runs what needs more than there is alone, and nothing beside it', async () => {
    const budget = new MemoryBudget(10);
    const [first, huge, last] = [held(budget, 1), held(budget, 50), held(budget, 1)];
    await settled();
    expect([first.hasBegun, huge.hasBegun]).toEqual([true, false]);
    first.end();
    await first.done;
    await settled();
    expect([huge.hasBegun, last.hasBegun]).toEqual([true, false]);
    huge.end();
    await huge.done;
    await settled();
    expect(last.hasBegun).toBe(true);
    last.end();
    await last.done;
  });

  test('takes back the share of a task that fails', async () => {
    const budget = new MemoryBudget(10);
    const failing = budget.holding(10, never, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(budget.used).toBe(0);
  });

  test('begins nothing that was stopped between its turn and its beginning', async () => {
    const budget = new MemoryBudget(10);
    const stop = new AbortController();
    const task = held(budget, 5, stop.signal);
    stop.abort();
    await expect(task.done).rejects.toBeInstanceOf(AbortedError);
    expect([task.hasBegun, budget.used]).toEqual([false, 0]);
  });

  test('whoever is stopped while waiting leaves, and lets in those behind', async () => {
    const budget = new MemoryBudget(10);
    const stop = new AbortController();
    const first = held(budget, 6);
    const large = held(budget, 9, stop.signal);
    const small = held(budget, 2);
    await settled();
    expect(small.hasBegun).toBe(false);
    stop.abort();
    await expect(large.done).rejects.toBeInstanceOf(AbortedError);
    await settled();
    expect([large.hasBegun, small.hasBegun]).toEqual([false, true]);
    first.end();
    small.end();
    await Promise.all([first.done, small.done]);
    await expect(budget.holding(1, stop.signal, async () => 1)).rejects.toBeInstanceOf(
      AbortedError,
    );
    expect(budget.used).toBe(0);
  });
});
