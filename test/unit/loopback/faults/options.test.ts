import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { faultPlanOf } from '../../../../src/cli/options/faults.js';
import { InvalidInputError } from '../../../../src/errors.js';
import { mixedFaults } from '../../../../src/loopback/faults/mixed.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-test-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileOf(text: string): Promise<string> {
  const file = join(folder, 'plan.json');
  await writeFile(file, text);
  return file;
}

test('without options nothing goes wrong', async () => {
  expect(await faultPlanOf({})).toEqual({});
});

test('--fault-rate and --seed are mixed faults', async () => {
  expect(await faultPlanOf({ faultRate: 0.3, seed: 7 })).toEqual(
    mixedFaults({ probability: 0.3, seed: 7 }),
  );
});

test('--latency, --max-concurrency, --max-rate and --seed overrule the file, and the rest of it holds', async () => {
  const faults = await fileOf(
    '{"seed":1,"latency":{"ms":5},"concurrency":{"limit":2},"quotaStatus":"x","rules":[{"kind":"drop"}]}',
  );
  expect(
    await faultPlanOf({ faults, seed: 9, latency: 80, maxConcurrency: 8, maxRate: 100 }),
  ).toMatchObject({
    seed: 9,
    latency: { ms: 80 },
    concurrency: { limit: 8 },
    rate: { limit: 100 },
    quotaStatus: 'x',
    rules: [{ kind: 'drop' }],
  });
});

test.each([
  ['no JSON', '{', /Expected JSON for --faults/],
  ['no plan', '{"rules":{}}', /"rules" of the fault plan/],
])('a file that is %s is refused', async (_, text, message) => {
  const promise = faultPlanOf({ faults: await fileOf(text) });
  await expect(promise).rejects.toThrow(message);
  await expect(promise).rejects.toBeInstanceOf(InvalidInputError);
});

test('a file that is not there is refused', async () => {
  await expect(faultPlanOf({ faults: join(folder, 'none.json') })).rejects.toThrow(
    /Expected a readable file for --faults but received .*ENOENT/,
  );
});
