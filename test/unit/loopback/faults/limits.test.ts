import { describe, expect, test } from 'vitest';
import { parseFaultPlan } from '../../../../src/loopback/faults/plan.js';
import { RateGate } from '../../../../src/loopback/faults/rate.js';
import type { Handler } from '../../../../src/loopback/handler.js';
import { TCVIS } from '../support.js';
import { ask, BODY, errorOf, layerOf, pixelRequest, withServer } from './support.js';

/** A service that answers when told to. */
function heldService(): { inner: Handler; release(): void } {
  const waiting: (() => void)[] = [];
  return {
    inner: () =>
      new Promise((resolve) => {
        waiting.push(() => resolve({ status: 200, headers: {}, body: new Uint8Array() }));
      }),
    release() {
      for (const answer of waiting.splice(0)) answer();
    },
  };
}

describe('concurrency', () => {
  test('requests above the limit are refused at once, and the limit changes when told', async () => {
    const { inner, release } = heldService();
    const layer = layerOf(
      {
        concurrency: {
          limit: 2,
          changes: [
            { afterRequests: 10, limit: 1 },
            { afterRequests: 5, limit: 4 },
          ],
        },
      },
      inner,
    );
    const round = async () => {
      const replies = Array.from({ length: 5 }, (_, id) => layer.handler(pixelRequest(id)));
      await new Promise((next) => setImmediate(next));
      release();
      return (await Promise.all(replies)).map(({ status }) => status);
    };
    expect(await round()).toEqual([200, 200, 429, 429, 429]);
    expect(await round()).toEqual([200, 200, 200, 200, 429]);
    expect(await round()).toEqual([200, 429, 429, 429, 429]);
    expect(layer.maxInFlight).toBe(4);
  });

  test('a refusal is a 429 of Earth Engine with Retry-After, and is counted', () =>
    withServer(
      { concurrency: { limit: 1, retryAfter: 2 }, latency: { ms: 300 } },
      async (server) => {
        const replies = await Promise.all([ask(server), ask(server), ask(server)]);
        const [refused, ...others] = replies.filter(({ status }) => status === 429);
        expect(others).toHaveLength(1);
        expect(refused?.headers['retry-after']).toBe('2');
        expect(refused && errorOf(refused)).toEqual({
          code: 429,
          message: 'Too many concurrent aggregations.',
          status: 'RESOURCE_EXHAUSTED',
        });
        expect(server.requests).toMatchObject({
          served: 1,
          tooManyRequests: 2,
          maxInFlight: 1,
          faults: { concurrency: 2 },
        });
      },
    ));

  test('a client that keeps to the limit is never refused', () =>
    withServer({ concurrency: { limit: 3 }, latency: { ms: 3, jitterMs: 3 } }, async (server) => {
      const client = async () => {
        for (let i = 0; i < 10; i++) expect((await ask(server)).status).toBe(200);
      };
      await Promise.all([client(), client(), client()]);
      expect(server.requests).toMatchObject({ served: 30, tooManyRequests: 0 });
      expect(server.requests.maxInFlight).toBeLessThanOrEqual(3);
    }));

  test('other routes are not limited', async () => {
    const { inner, release } = heldService();
    const layer = layerOf({ concurrency: { limit: 1 } }, inner);
    const list = { method: 'GET', path: '/v1/projects/demo/algorithms', body: new Uint8Array() };
    const replies = [pixelRequest(), list, list].map((request) => layer.handler(request));
    await new Promise((next) => setImmediate(next));
    release();
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('a place is given back after a fault too', async () => {
    const { handler } = layerOf({
      concurrency: { limit: 1 },
      rules: [{ kind: 'drop' }],
    });
    const faults: unknown[] = [];
    for (let id = 0; id < 3; id++) faults.push((await handler(pixelRequest(id))).fault);
    expect(faults).toEqual(['drop', 'drop', 'drop']);
  });
});

describe('rate', () => {
  test('in any stretch of time no more requests pass than the limit, and those refused do not count', () => {
    let now = 5_000;
    const gate = new RateGate(parseFaultPlan({ rate: { limit: 3, seconds: 2 } }).rate, () => now);
    const at = (ms: number) => {
      now = 5_000 + ms;
      return gate.enter();
    };
    expect([0, 500, 1_999, 1_999, 1_999].map(at)).toEqual([true, true, true, false, false]);
    expect([2_000, 2_499, 2_500, 3_998, 3_999].map(at)).toEqual([true, false, true, false, true]);
  });

  test('a request above the limit gets the 429 of a quota with Retry-After, and is counted', () =>
    withServer({ rate: { limit: 2, seconds: 3_600, retryAfter: 7 } }, async (server) => {
      for (const status of [200, 200, 429]) {
        const reply = await ask(server);
        expect(reply.status).toBe(status);
        if (status === 200) continue;
        expect(reply.headers['retry-after']).toBe('7');
        expect(errorOf(reply)).toMatchObject({ code: 429, status: 'RESOURCE_EXHAUSTED' });
        expect(errorOf(reply).message).toMatch(/^Quota exceeded for quota metric/);
      }
      expect((await ask(server, { path: TCVIS, body: null })).status).toBe(200);
      expect(server.requests).toMatchObject({
        served: 2,
        tooManyRequests: 1,
        faults: { rate: 1, concurrency: 0 },
      });
    }));
});

test('requests wait out their latency side by side', () =>
  withServer({ latency: { ms: 300 } }, async (server) => {
    await Promise.all(Array.from({ length: 12 }, () => ask(server)));
    expect(server.requests).toMatchObject({ served: 12, maxInFlight: 12 });
  }));

test('the quota status goes with every reply, refusals too', () =>
  withServer(
    {
      quotaStatus: 'parallelism_restricted=true',
      rules: [{ kind: 'status', status: 500, requests: [1] }],
    },
    async (server) => {
      const replies = [
        await ask(server),
        await ask(server),
        await ask(server, { path: TCVIS, body: null }),
        await ask(server, { token: 'guess' }),
      ];
      expect(replies.map(({ status }) => status)).toEqual([500, 200, 200, 401]);
      for (const { headers } of replies) {
        expect(headers['x-earth-engine-quota-status']).toBe('parallelism_restricted=true');
      }
    },
  ));

describe('memoryLimit', () => {
  test('a grid of more pixels than maxPixels runs out of memory, one of as many does not', async () => {
    const statuses = await Promise.all(
      [191, 192].map((maxPixels) =>
        withServer({ memoryLimit: { maxPixels } }, async (server) => {
          const reply = await ask(server);
          if (reply.status === 200) return 200;
          return [reply.status, errorOf(reply), server.requests.faults['memory-limit']];
        }),
      ),
    );
    expect(statuses).toEqual([
      [400, { code: 400, message: 'User memory limit exceeded.', status: 'INVALID_ARGUMENT' }, 1],
      200,
    ]);
  });

  test('a reply of more bytes than maxBytes runs out of memory, fewer bands do not', () =>
    withServer({ memoryLimit: { maxBytes: 192 * 3 } }, async (server) => {
      expect((await ask(server)).status).toBe(400);
      const oneBand = { ...BODY, bandIds: ['TCB_slope'] };
      expect((await ask(server, { body: oneBand })).status).toBe(200);
    }));

  test('it keeps its name under a rule that only delays', () =>
    withServer(
      { memoryLimit: { maxPixels: 1 }, rules: [{ kind: 'delay', ms: 1 }] },
      async (server) => {
        expect((await ask(server)).status).toBe(400);
        expect(server.requests.faults).toMatchObject({ 'memory-limit': 1, delay: 0 });
      },
    ));
});
