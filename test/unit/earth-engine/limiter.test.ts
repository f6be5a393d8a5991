import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Limiter } from '../../../src/earth-engine/limiter.js';

/** A task that is under way until it is told to end. */
function task(log: string[], name: string) {
  let end: () => void = () => {};
  let fail: (error: Error) => void = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  const run = async () => {
    log.push(`start ${name}`);
    await ended;
    log.push(`end ${name}`);
    return name;
  };
  return { run, end, fail };
}

test('never more tasks than the limit are under way, and all of them end', async () => {
  const limiter = new Limiter(3);
  let running = 0;
  let most = 0;
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      limiter.run(async () => {
        most = Math.max(most, ++running);
        for (let wait = 0; wait < i % 4; wait++) await turn();
        running--;
        return i;
      }),
    ),
  );
  expect(most).toBe(3);
  expect(results).toEqual(Array.from({ length: 50 }, (_, i) => i));
});

test('waiting tasks start in the order they came, whichever place comes free', async () => {
  const limiter = new Limiter(2);
  const log: string[] = [];
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => task(log, name));
  const all = [a, b, c, d].map((one) => limiter.run(one?.run ?? (async () => '')));
  await turn();
  expect(log).toEqual(['start a', 'start b']);
  b?.end();
  await turn();
  expect(log.slice(2)).toEqual(['end b', 'start c']);
  c?.end();
  await turn();
  expect(log.slice(4)).toEqual(['end c', 'start d']);
  a?.end();
  d?.end();
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
});

test('a task that fails, even at once, gives its place to the next', async () => {
  const limiter = new Limiter(1);
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
});

test('after everything ended as many tasks as the limit can start at once again', async () => {
  const limiter = new Limiter(2);
  await Promise.allSettled(
    Array.from({ length: 5 }, (_, i) =>
      limiter.run(async () => {
        if (i % 2 === 0) throw new Error('odd');
      }),
    ),
  );
  const log: string[] = [];
  const tasks = ['a', 'b', 'c'].map((name) => task(log, name));
  const all = tasks.map((one) => limiter.run(one.run));
  await turn();
  expect(log).toEqual(['start a', 'start b']);
  for (const one of tasks) one.end();
  await Promise.all(all);
});
