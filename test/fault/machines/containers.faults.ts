/** Processes that see each other's files and hostname, and not each other: containers on one volume. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { LEASE_TIMES, SHARING_NAME } from '../../../src/store/sharing/sharing-folder.js';
import { type Running, runCommand, startCommand } from '../../e2e/command.js';
import { environmentFor } from '../../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  expectNothingLeft,
  expectRightPixels,
  fillCalmly,
  Workplace,
} from '../support/disturbed-cubes.js';
import { LONG_RUN_KINDS } from '../support/run-length.js';
import { childOf, lacksNamespaces, UNSHARED } from './namespaces.js';

/** Of each kind of store; 20 by the environment. */
const RUNS = Number(process.env.FAULT_RUNS ?? 2);
const PROCESSES = 4;
const WHOLE = '120,70,130,76';
const QUARTERS = ['120,70,122.5,76', '122.5,70,125,76', '125,70,127.5,76', '127.5,70,130,76'];
/** Of all requests, what may be asked for twice. */
const MOST_TWICE = 1.05;

const lacking = lacksNamespaces();
let calm: Calm;
let server: LoopbackServer;
let place: Workplace;

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(25));
  server = await startLoopback({ faults: { latency: { ms: 20, jitterMs: 20 } } });
  place = await Workplace.open(calm.dataset);
});

afterAll(async () => {
  await server?.close();
  await place?.remove();
});

function ingest(store: string, bbox: string, ...more: string[]) {
  const args = ['ingest', '--store', store, '--bbox', bbox, '--threads', '0', '--concurrency', '4'];
  return startCommand([...args, '--quiet', ...more], environmentFor(server), undefined, UNSHARED);
}

async function expectWhole(store: string): Promise<void> {
  expect(await expectRightPixels(store, calm)).toBe(calm.tiles);
  const { code, stdout } = await runCommand(['verify', '--store', store, '--threads', '0']);
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('No damage') });
  await expectNothingLeft(store);
}

describe.skipIf(lacking !== undefined)(
  `in PID namespaces of their own${lacking === undefined ? '' : ` (not here: ${lacking})`}`,
  () => {
    describe.each(LONG_RUN_KINDS)('%s', (_, suffix) => {
      test.each(Array.from({ length: RUNS }, (__, run) => run))(
        `${PROCESSES} processes of one hostname lose no tile, and fetch each about once (run %i)`,
        async (run) => {
          const isEqual = run % 2 === 1;
          const store = await place.createCube(`together${run}${suffix}`, suffix);
          const before = server.requests.pixels;
          const regions = isEqual ? QUARTERS.map(() => WHOLE) : QUARTERS;
          const ended = await Promise.all(regions.map((bbox) => ingest(store, bbox).ended));
          for (const { code, stderr } of ended)
            expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
          const asked = server.requests.pixels - before;
          console.log(`${isEqual ? 'equal' : 'disjoint'}: ${asked} requests, ${calm.tiles} tiles`);
          // Disjoint boxes share the tiles on their edges.
          expect(asked).toBeLessThanOrEqual(calm.tiles * MOST_TWICE);
          await expectWhole(store);
        },
      );

      test('one that is killed inside the lock holds the others up for a lease at most', async () => {
        const store = await place.createCube(`killed${suffix}`, suffix);
        const running = QUARTERS.map(() => ingest(store, WHOLE));
        process.kill(await pidInLock(store, running[0] as Running), 'SIGKILL');
        const killed = Date.now();
        const ended = await Promise.all(running.map(async (each) => each.ended));
        const took = Date.now() - killed;
        expect(ended.slice(1).map(({ code, stderr }) => ({ code, stderr }))).toEqual(
          ended.slice(1).map(() => ({ code: 0, stderr: '' })),
        );
        console.log(`the others ended ${(took / 1000).toFixed(1)} s after the kill`);
        expect(took).toBeGreaterThan(LEASE_TIMES.beat);
        await expectWhole(store);
      });

      test('one that sleeps past its lease inside the lock commits nothing over the others', async () => {
        const store = await place.createCube(`asleep${suffix}`, suffix);
        const sleeper = ingest(store, WHOLE);
        const pid = await pidInLock(store, sleeper);
        process.kill(pid, 'SIGSTOP');
        const others = await Promise.all(QUARTERS.slice(1).map(() => ingest(store, WHOLE).ended));
        for (const { code, stderr } of others)
          expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        process.kill(pid, 'SIGCONT');
        expect(await sleeper.ended).toMatchObject({ code: 0, stderr: '' });
        await expectWhole(store);
      });
    });
  },
);

/** Waits until a command that was started {@link UNSHARED} holds the lock. @returns its pid here. */
async function pidInLock(store: string, { child }: Running): Promise<number> {
  const read = (file: string): Record<string, string> => {
    try {
      return JSON.parse(readFileSync(join(store, SHARING_NAME, file), 'utf8'));
    } catch {
      return {};
    }
  };
  while (child.exitCode === null) {
    const { owner } = read('lock/owner.json');
    const found = owner === undefined ? undefined : childOf(child.pid ?? 0);
    if (found && read(`processes/${owner}/process.json`).namespace === found.namespace)
      return found.pid;
    await sleep(1);
  }
  throw new Error('the command ended before it held the lock');
}
