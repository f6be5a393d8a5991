import type { Repository } from '@earthmover/icechunk';
import { expect, test } from 'vitest';
import { isClockBehind, waitForClock } from '../../../../src/store/durability/clock-order.js';

const at = (ms: number) =>
  ({
    lookupSnapshot: async () => ({ writtenAt: new Date(Date.now() + ms).toISOString() }),
  }) as unknown as Repository;

test('a clock that is a little behind the last commit is waited for', async () => {
  const began = Date.now();
  await waitForClock(at(300), 'A');
  expect(Date.now()).toBeGreaterThan(began + 300);
  await waitForClock(at(-5_000_000), 'A');
});

test('one that is far behind is an error that names both times', async () => {
  await expect(waitForClock(at(3_600_000), 'A')).rejects.toThrow(
    /last commit, made at .* this machine's says .*: 3600 s less\. Set this clock/,
  );
});

test('the words of Icechunk are known', () => {
  const words =
    'invalid snapshot timestamp ordering. parent: `2026-11-28 05:27:38 UTC`, child: `2026-11-28 05:27:37 UTC`';
  expect([isClockBehind(new Error(words)), isClockBehind(new Error('other'))]).toEqual([
    true,
    false,
  ]);
});
