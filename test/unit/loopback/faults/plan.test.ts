import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../../src/errors.js';
import {
  FAULT_NAMES,
  type FaultPlan,
  parseFaultPlan,
} from '../../../../src/loopback/faults/plan.js';
import { startLoopback } from '../../../../src/loopback/server.js';

function refusalOf(json: unknown): string {
  try {
    parseFaultPlan(json);
  } catch (error) {
    if (error instanceof InvalidInputError) return error.message;
    throw error;
  }
  throw new Error('Expected the plan to be refused.');
}

describe('a plan that cannot be used is refused with the name of the field', () => {
  test.each([
    ['no object', [], 'the fault plan but received []'],
    [
      'an unknown field',
      { sed: 1 },
      'the fault plan but received {"sed":1}: Unrecognized key: "sed"',
    ],
    ['a seed with a fraction', { seed: 1.5 }, '"seed" of the fault plan but received 1.5'],
    [
      'an unknown kind',
      { rules: [{ kind: 'explode' }] },
      '"rules.0.kind" of the fault plan but received "explode": kinds are status, delay, drop',
    ],
    ['no kind', { rules: [{}] }, '"rules.0.kind" of the fault plan but received nothing'],
    [
      'a probability above 1',
      { rules: [{ kind: 'drop', probability: 1.5 }] },
      '"rules.0.probability" of the fault plan but received 1.5',
    ],
    [
      'an ordinal of 0',
      { rules: [{ kind: 'drop' }, { kind: 'drop', requests: [0] }] },
      '"rules.1.requests.0" of the fault plan but received 0',
    ],
    [
      'a status that is no error',
      { rules: [{ kind: 'status', status: 200 }] },
      '"rules.0.status" of the fault plan but received 200',
    ],
    [
      'a missing status',
      { rules: [{ kind: 'status' }] },
      '"rules.0.status" of the fault plan but received nothing',
    ],
    [
      'a fraction of 1',
      { rules: [{ kind: 'truncate', fraction: 1 }] },
      '"rules.0.fraction" of the fault plan but received 1',
    ],
    [
      'an unknown route',
      { rules: [{ kind: 'drop', routes: ['maps'] }] },
      '"rules.0.routes.0" of the fault plan but received "maps"',
    ],
    [
      'pixel faults elsewhere',
      { rules: [{ kind: 'wrong-grid', routes: ['asset'] }] },
      '"rules.0.routes.0" of the fault plan but received "asset"',
    ],
    [
      'a field of another kind',
      { rules: [{ kind: 'drop', pieces: 3 }] },
      '"rules.0" of the fault plan but received {"kind":"drop","pieces":3}: Unrecognized key: "pieces"',
    ],
    [
      'a limit of 0',
      { concurrency: { limit: 0 } },
      '"concurrency.limit" of the fault plan but received 0',
    ],
    [
      'a negative latency',
      { latency: { ms: -1 } },
      '"latency.ms" of the fault plan but received -1',
    ],
  ])('%s', (_, json, part) => {
    const message = refusalOf(json);
    expect(message).toContain('Expected a valid value for ');
    expect(message).toContain(part);
    expect(message).not.toContain('\n');
  });

  test('probabilities that add up to more than 1 on a route', () => {
    const rules = [
      { kind: 'drop', probability: 0.6 },
      { kind: 'drip', probability: 0.6, routes: ['asset', 'pixels'] },
    ];
    expect(refusalOf({ rules })).toBe(
      'Expected probabilities that add up to 1 at most for "rules" of the fault plan but received 1.2 for the route "pixels". A request has one fault at most; lower some of them.',
    );
  });
});

test('probabilities of different routes do not add up', () => {
  const rules = [
    { kind: 'drop', probability: 0.6 },
    { kind: 'drop', probability: 0.6, routes: ['asset'] },
  ];
  expect(parseFaultPlan({ rules }).rules).toHaveLength(2);
});

test('a server does not start with a plan it cannot use', async () => {
  const faults: FaultPlan = { rules: [{ kind: 'drop', probability: 2 }] };
  await expect(startLoopback({ faults })).rejects.toThrow(InvalidInputError);
});

describe('the README', () => {
  const text = readFileSync(new URL('../../../../src/loopback/README.md', import.meta.url), 'utf8');
  const [, section = ''] = text.split('## Faults');

  test('has an example that can be used', () => {
    const [, example = ''] = /```json\n(.*?)```/s.exec(section) ?? [];
    expect(parseFaultPlan(JSON.parse(example))).toMatchObject({ seed: 7, perRequest: 3 });
  });

  test('names every fault', () => {
    for (const name of FAULT_NAMES) expect(section).toContain(`\`${name}\``);
  });
});
