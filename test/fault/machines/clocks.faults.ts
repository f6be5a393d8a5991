/** Machines whose clocks differ, and one whose clock is set back: by libfaketime. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { runCommand } from '../../e2e/command.js';
import { environmentFor } from '../../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  expectEqualCubes,
  expectRightPixels,
  fillCalmly,
  ingestArgs,
  Workplace,
} from '../support/disturbed-cubes.js';

const lacksFaketime = spawnSync('faketime', ['-f', '+0', 'true']).status !== 0;
const ahead = (seconds: number) => ['faketime', '-f', `+${seconds}s`];

let calm: Calm;
let server: LoopbackServer;
let place: Workplace;

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(50));
  server = await startLoopback({ faults: { latency: { ms: 100, jitterMs: 50 } } });
  place = await Workplace.open(calm.dataset);
});

afterAll(async () => {
  await server?.close();
  await place?.remove();
});

describe.skipIf(lacksFaketime)(`clocks${lacksFaketime ? ' (not here: no faketime)' : ''}`, () => {
  test('0.3 s and 3 s apart fill one cube together', async () => {
    const store = await place.createCube('apart', '');
    const env = environmentFor(server);
    const args = ingestArgs(store, '--quiet', '--concurrency', '2');
    const ended = await Promise.all([
      runCommand(args, env),
      runCommand(args, env, undefined, ahead(0.3)),
      runCommand(args, env, undefined, ahead(3)),
    ]);
    for (const { code, stderr } of ended) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await expectEqualCubes(store, calm);
  });

  test('one that was set back by five minutes is told, and what is there stays', async () => {
    const store = await place.createCube('back', '');
    const env = environmentFor(server);
    const some = ingestArgs(store, '--quiet', '--max-tiles', '10');
    expect(await runCommand(some, env, undefined, ahead(300))).toMatchObject({
      code: 0,
      stderr: '',
    });
    const { code, stderr } = await runCommand(ingestArgs(store, '--quiet'), env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^.*this machine's says .* s less\. Set this clock.*\n$/);
    expect(await expectRightPixels(store, calm)).toBe(10);
  });

  test('one that is an hour from the clock of the store is told', async () => {
    const store = await place.createCube('far', '');
    const run = ingestArgs(store, '--quiet', '--max-tiles', '10');
    const { code, stderr } = await runCommand(run, environmentFor(server), undefined, ahead(3600));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^.*clock to agree with the store's .* Set this machine's clock.*\n$/);
  });
});
