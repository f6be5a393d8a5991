import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AdaptiveLimiter } from '../../../src/earth-engine/adaptive-limiter.js';
import type { QuotaShare } from '../../../src/earth-engine/quota-share.js';

/** A share that the test sets. */
class SetShare implements QuotaShare {
  places = 0;
  told: [inFlight: number, wanted: number][] = [];
  #listener = () => {};
  #starts: (() => void)[] = [];

  use(inFlight: number, wanted: number): void {
    this.told.push([inFlight, wanted]);
  }
  onChange(listener: () => void): void {
    this.#listener = listener;
  }
  start(): Promise<void> {
    return new Promise((resolve) => this.#starts.push(resolve));
  }
  set(places: number): void {
    this.places = places;
    this.#listener();
  }
  async letStart(): Promise<void> {
    await turn();
    for (const start of this.#starts.splice(0)) start();
    await turn();
  }
}

const limiterOf = (share: QuotaShare, ceiling = 40) =>
  new AdaptiveLimiter({ start: ceiling, ceiling, perSecond: 1e9, share });

test('no more requests are under way than the share allows, fewer where replies have taught so, and it is told what is wanted', async () => {
  const share = new SetShare();
  const limiter = limiterOf(share, 6);
  let under = 0;
  const ends: (() => void)[] = [];
  const all = Array.from({ length: 10 }, () =>
    limiter.run(async () => {
      under++;
      await new Promise<void>((resolve) => ends.push(resolve));
      under--;
    }),
  );
  expect(share.told.at(-1)).toEqual([0, 6]);
  share.set(4);
  await share.letStart();
  expect(under).toBe(4);
  expect(share.told.at(-1)).toEqual([4, 6]);
  share.set(40);
  await share.letStart();
  expect(under).toBe(6);
  share.set(2);
  for (const end of ends.splice(0, 3)) end();
  await turn();
  await share.letStart();
  expect([under, share.told.at(-1)]).toEqual([3, [3, 6]]);
  share.set(40);
  while (limiter.inFlight > 0) {
    await share.letStart();
    for (const end of ends.splice(0)) end();
    await turn();
  }
  await Promise.all(all);
  expect(share.told.at(-1)).toEqual([0, 0]);
});

test('a refusal while the share is taken away does not teach that one request is too many', async () => {
  const share = new SetShare();
  share.places = 16;
  const limiter = limiterOf(share, 16);
  let refuse = () => {};
  const refused = limiter.run(async (report) => {
    await new Promise<void>((resolve) => {
      refuse = resolve;
    });
    report('throttled');
  });
  const others = Array.from({ length: 15 }, () =>
    limiter.run(() => new Promise<void>((resolve) => setImmediate(resolve))),
  );
  await turn();
  void share.letStart();
  await turn();
  share.set(0);
  refuse();
  await refused;
  share.set(40);
  expect(limiter.limit).toBeGreaterThanOrEqual(1);
  await Promise.all(others);
  share.places = 40;
  expect(limiter.limit).toBeGreaterThan(1);
});
