import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { AdaptiveLimiter } from '../../../src/earth-engine/adaptive-limiter.js';

/** More clients than any service here bears, so that places are always wanted. */
const CLIENTS = 60;

/** A service that refuses what exceeds `cap` at a time, and a crowd of clients that keep asking. */
async function crowd(requests: number, cap: (served: number) => number) {
  const limiter = new AdaptiveLimiter({ perSecond: 1e6 });
  const refusedAt: number[] = [];
  let [inFlight, served, asked] = [0, 0, 0];
  const client = async () => {
    while (served < requests) {
      await limiter.run(async (report) => {
        asked++;
        if (inFlight >= cap(served)) {
          refusedAt.push(asked);
          report('throttled');
          return;
        }
        inFlight++;
        await sleep(1);
        inFlight--;
        served++;
        report('healthy');
      });
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return { limiter, refusedAt, asked };
}

describe('an adaptive limiter in front of a crowd', () => {
  test.each([3, 8, 30])(
    'finds a service that bears %i requests at a time, and is then refused in less than one of fifty',
    async (limit) => {
      const { limiter, refusedAt, asked } = await crowd(2500, () => limit);
      const settled = 500;
      const late = refusedAt.filter((at) => at > settled).length;
      expect(late / (asked - settled)).toBeLessThan(0.02);
      // The run may end just after a refusal, with a quarter of the places closed for a moment.
      expect(Math.abs(limiter.limit - limit)).toBeLessThanOrEqual(Math.max(2, limit / 3));
    },
  );

  test('finds out when the service begins to bear more', async () => {
    const { limiter } = await crowd(6000, (served) => (served < 1000 ? 6 : 24));
    expect(limiter.limit).toBeGreaterThanOrEqual(16);
  });

  test('is not held down by refusals that have nothing to do with concurrency', async () => {
    const limits: number[] = [];
    const limiter = new AdaptiveLimiter({ perSecond: 1e6 });
    let asked = 0;
    const client = async () => {
      while (asked < 3000) {
        await limiter.run(async (report) => {
          asked++;
          const isRefused = asked % 37 === 0;
          await sleep(1);
          limits.push(limiter.limit);
          report(isRefused ? 'throttled' : 'healthy');
        });
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    const late = limits.slice(1000).sort((one, other) => one - other);
    expect(late[Math.floor(late.length / 2)]).toBeGreaterThanOrEqual(6);
  });
});
