import { describe, expect, test } from 'vitest';
import { mixedFaults } from '../../../../src/loopback/faults/mixed.js';
import type { FaultName, FaultPlan } from '../../../../src/loopback/faults/plan.js';
import { layerOf, pixelRequest } from './support.js';

/** The fault of each of `count` different pixel requests, one after another. */
async function faultsOf(plan: FaultPlan, count: number): Promise<(FaultName | undefined)[]> {
  const { handler } = layerOf(plan);
  const faults: (FaultName | undefined)[] = [];
  for (let id = 0; id < count; id++) faults.push((await handler(pixelRequest(id))).fault);
  return faults;
}

function tally(faults: readonly (FaultName | undefined)[]): Partial<Record<FaultName, number>> {
  const counts: Partial<Record<FaultName, number>> = {};
  for (const fault of faults) if (fault !== undefined) counts[fault] = (counts[fault] ?? 0) + 1;
  return counts;
}

/** Rules that neither wait nor need a real GeoTIFF. */
const PLAN: FaultPlan = {
  seed: 7,
  rules: [
    { kind: 'status', status: 503, probability: 0.1 },
    { kind: 'drop', probability: 0.2 },
  ],
};

describe('drawing by probability', () => {
  test('the same seed gives the same faults', async () => {
    expect(await faultsOf(PLAN, 300)).toEqual(await faultsOf(PLAN, 300));
  });

  test('another seed gives others', async () => {
    expect(await faultsOf({ ...PLAN, seed: 8 }, 300)).not.toEqual(await faultsOf(PLAN, 300));
  });

  test('the order in which replies are ready changes nothing', async () => {
    const { handler } = layerOf({ ...PLAN, latency: { ms: 2, jitterMs: 2 } });
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, id) => handler(pixelRequest(id))),
    );
    expect(replies.map(({ fault }) => fault)).toEqual(await faultsOf(PLAN, 100));
  });

  test('requests of other routes change nothing', async () => {
    const { handler } = layerOf(PLAN);
    const faults: (FaultName | undefined)[] = [];
    for (let id = 0; id < 100; id++) {
      await handler({
        method: 'GET',
        path: '/v1/projects/demo/algorithms',
        body: new Uint8Array(),
      });
      faults.push((await handler(pixelRequest(id))).fault);
    }
    expect(faults).toEqual(await faultsOf(PLAN, 100));
  });

  test('corruption with the same seed changes the same bytes', async () => {
    const plan: FaultPlan = { seed: 3, rules: [{ kind: 'corrupt', bytes: 2 }] };
    const bodies = await Promise.all(
      [plan, plan, { ...plan, seed: 4 }].map(
        async (each) => (await layerOf(each).handler(pixelRequest())).body,
      ),
    );
    expect(bodies[0]).toEqual(bodies[1]);
    expect(bodies[0]).not.toEqual(bodies[2]);
  });

  test('over many requests each rule gets its share', async () => {
    const counts = tally(await faultsOf(PLAN, 4000));
    // Four standard deviations: 76 and 101.
    expect(Math.abs((counts.status ?? 0) - 400)).toBeLessThan(76);
    expect(Math.abs((counts.drop ?? 0) - 800)).toBeLessThan(101);
  });

  test('a probability of 1 hits all, of 0 none', async () => {
    const all = await faultsOf({ rules: [{ kind: 'drop', probability: 1 }] }, 200);
    expect(tally(all)).toEqual({ drop: 200 });
    const none = await faultsOf({ rules: [{ kind: 'drop', probability: 0 }] }, 200);
    expect(tally(none)).toEqual({});
  });
});

describe('rules', () => {
  test('requests names ordinals from 1', async () => {
    const rules: FaultPlan['rules'] = [{ kind: 'drop', requests: [1, 4] }];
    expect(await faultsOf({ rules }, 5)).toEqual(['drop', undefined, undefined, 'drop', undefined]);
  });

  test('times ends a rule, and the next one takes over', async () => {
    const rules: FaultPlan['rules'] = [
      { kind: 'drop', times: 2 },
      { kind: 'status', status: 500, times: 1 },
    ];
    expect(await faultsOf({ rules }, 4)).toEqual(['drop', 'drop', 'status', undefined]);
  });

  test('a rule that is used up leaves the shares of the others as they were', async () => {
    const [status, drop] = PLAN.rules ?? [];
    if (status?.kind !== 'status' || drop === undefined) throw new Error('Expected two rules.');
    const limited = await faultsOf({ ...PLAN, rules: [{ ...status, times: 1 }, drop] }, 300);
    const free = await faultsOf(PLAN, 300);
    expect(limited.filter((fault) => fault === 'status')).toHaveLength(1);
    expect(limited.map((fault) => fault === 'drop')).toEqual(free.map((fault) => fault === 'drop'));
  });

  test('rules keep to pixel requests unless they name other routes', async () => {
    const list = { method: 'GET', path: '/v1/projects/demo/algorithms', body: new Uint8Array() };
    expect((await layerOf({ rules: [{ kind: 'drop' }] }).handler(list)).fault).toBeUndefined();
    const { handler } = layerOf({ rules: [{ kind: 'drop', routes: ['algorithms'] }] });
    expect((await handler(list)).fault).toBe('drop');
    expect((await handler(pixelRequest())).fault).toBeUndefined();
  });

  test('perRequest bounds the faults of one and the same request', async () => {
    const { handler } = layerOf({
      perRequest: 2,
      rules: [
        { kind: 'drop', probability: 0.5 },
        { kind: 'status', status: 500 },
      ],
    });
    const faults: boolean[] = [];
    for (const id of [1, 1, 2, 1, 2, 2]) {
      faults.push((await handler(pixelRequest(id))).fault !== undefined);
    }
    expect(faults).toEqual([true, true, true, false, true, false]);
  });
});

describe('mixedFaults', () => {
  test('every retryable kind is as likely as the others, and all together as likely as asked', async () => {
    const { rules = [] } = mixedFaults({ probability: 0.3, refreshableToken: true });
    const shares = new Map<string, number>();
    for (const rule of rules) {
      if (!('probability' in rule)) throw new Error('Expected a probability in each rule.');
      shares.set(rule.kind, (shares.get(rule.kind) ?? 0) + (rule.probability ?? 0));
    }
    expect([...shares.keys()].sort()).toEqual([
      'corrupt',
      'delay',
      'drip',
      'drop',
      'json',
      'status',
      'truncate',
      'unauthorized-once',
      'wrong-bands',
      'wrong-grid',
      'wrong-size',
    ]);
    for (const share of shares.values()) expect(share).toBeCloseTo(0.3 / shares.size, 12);
  });

  test('401 is left out for a client that cannot get a new token', () => {
    const { rules = [] } = mixedFaults({ probability: 0.3 });
    expect(rules.map(({ kind }) => kind)).not.toContain('unauthorized-once');
  });

  test('a probability of 1 leaves no request without a rule', () => {
    expect(() => layerOf(mixedFaults({ probability: 1 }))).not.toThrow();
  });

  test('seed and bound are passed on', () => {
    expect(mixedFaults({ probability: 0.1, seed: 5, perRequest: 3 })).toMatchObject({
      seed: 5,
      perRequest: 3,
    });
  });
});
