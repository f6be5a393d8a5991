import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Gate } from '../../../src/pool/gate.js';

test('a gate lets as many tasks run at a time as it has places, in the order they came', async () => {
  const gate = new Gate(2);
  const begun: number[] = [];
  let open = 0;
  let most = 0;
  const results = await Promise.all(
    Array.from({ length: 7 }, (_, i) =>
      gate.run(async () => {
        begun.push(i);
        most = Math.max(most, ++open);
        await turn();
        open--;
        return 10 * i;
      }),
    ),
  );
  expect(most).toBe(2);
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(results).toEqual([0, 10, 20, 30, 40, 50, 60]);
});

test('a task that fails leaves its place to the next one', async () => {
  const gate = new Gate(1);
  const failed = gate.run(async () => {
    throw new Error('no');
  });
  const next = gate.run(async () => 'done');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('done');
});
