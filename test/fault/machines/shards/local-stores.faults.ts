/** Several processes, each with a shard of one region, on stores of this machine. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../../src/loopback/index.js';
import { runCommand } from '../../../e2e/command.js';
import { environmentFor } from '../../../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  expectEqualCubes,
  fillCalmly,
  ingestArgs,
  Workplace,
  watchCommand,
} from '../../support/disturbed-cubes.js';
import { LONG_RUN_KINDS } from '../../support/run-length.js';

let calm: Calm;
let server: LoopbackServer;
let place: Workplace;

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(35));
  server = await startLoopback({ faults: { latency: { ms: 20, jitterMs: 20 } } });
  place = await Workplace.open(calm.dataset);
});

afterAll(async () => {
  await server.close();
  await place.remove();
});

const GROUP = 16;

/** What one process may have under way and written at a time: half of 40 requests, two threads, a group of tiles. */
const IN_VAIN = 20 + 2 + GROUP;

interface Summary {
  readonly committed: number;
  readonly takenOver: number;
}

async function ingestShard(store: string, shard: string, env = {}): Promise<Summary> {
  const args = ingestArgs(store, '--shard', shard, '--format', 'json', '--quiet');
  const { code, stdout, ...told } = await runCommand(args, { ...environmentFor(server), ...env });
  // Of more shards than requests it is told, once.
  const stderr = told.stderr.replace(
    /^geocubes: \d+ shards are more than the 40 requests .*\n/,
    '',
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('geocubes:') });
  return JSON.parse(stdout) as Summary;
}

test.each(LONG_RUN_KINDS)(
  'four shards at once make of %s what one process makes, and fetch each tile once',
  async (_, suffix) => {
    const store = await place.createCube(`four${suffix}`, suffix);
    const before = server.requests.pixels;
    const all = ['1/4', '2/4', '3/4', '4/4'].map((shard) => ingestShard(store, shard));
    const committed = (await Promise.all(all)).reduce((sum, each) => sum + each.committed, 0);
    expect(committed).toBe(calm.tiles);
    expect(server.requests.pixels - before).toBe(calm.tiles);
    await expectEqualCubes(store, calm);
  },
);

test.each(LONG_RUN_KINDS)(
  'what a shard of %s has left that was killed, another takes over, and nothing twice but what was under way',
  async (_, suffix) => {
    const store = await place.createCube(`killed${suffix}`, suffix);
    const before = server.requests.pixels;
    const more = ['--commit-every', `${GROUP}`, '--verbose', '--concurrency', '6'];
    const args = ingestArgs(store, '--shard', '1/2', ...more);
    const victim = watchCommand(args, environmentFor(server));
    await victim.event('committed', 1);
    victim.child.kill('SIGKILL');
    expect((await victim.ended).code).toBeNull();
    const { committed, takenOver } = await ingestShard(store, '2/2');
    expect(takenOver).toBeGreaterThan(0);
    // It had half of the tiles, and the rest of the other half is its too.
    expect(committed - takenOver).toBe(Math.floor(calm.tiles / 2));
    // Of the victim's: tiles under way, and those that waited for their commit.
    expect(server.requests.pixels - before).toBeLessThanOrEqual(calm.tiles + IN_VAIN);
    await expectEqualCubes(store, calm);
  },
);

test('a shard without anything of its own does what nobody has begun', async () => {
  const store = await place.createCube('late', '');
  const { committed, takenOver } = await ingestShard(store, `1000/1000`);
  expect(committed).toBe(calm.tiles);
  expect(takenOver).toBeGreaterThanOrEqual(calm.tiles - 1);
  await expectEqualCubes(store, calm);
});

test('a task of an array takes the shard that its scheduler names, and tells', async () => {
  const store = await place.createCube('array', '');
  const env = { ...environmentFor(server), JOB_COMPLETION_INDEX: '2' };
  const args = ingestArgs(store, '--quiet', '--shard', 'auto');
  expect(await runCommand([...args, '--shards', '4'], env)).toMatchObject({
    code: 0,
    stderr: 'Kubernetes: shard 3 of 4\n',
  });
  const { code, stderr } = await runCommand(args, env);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^geocubes: Expected the number of shards.*Kubernetes.*\n$/);
});
