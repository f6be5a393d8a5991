/** Several processes that do not see one another, killed at random while they fill one cube, until it is full. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { environmentFor } from '../../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  expectEqualCubes,
  expectRightPixels,
  fillCalmly,
  ingestArgs,
  randomFrom,
  sweepAfterKills,
  Workplace,
  watchCommand,
} from '../support/disturbed-cubes.js';
import { LONG_RUN_KINDS } from '../support/run-length.js';
import { childOf, lacksNamespaces, UNSHARED } from './namespaces.js';

/** Kills of each kind of store. */
const KILLS = Number(process.env.KILLS ?? 6);
/** Decides every moment; another one by the environment. */
const SEED = Number(process.env.KILL_SEED ?? 20_261_129);
const PROCESSES = 3;

const lacking = lacksNamespaces();
let calm: Calm;
let server: LoopbackServer;
let place: Workplace;

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(25));
  server = await startLoopback({ faults: { latency: { ms: 40, jitterMs: 30 } } });
  place = await Workplace.open(calm.dataset);
});

afterAll(async () => {
  await server?.close();
  await place?.remove();
});

describe.skipIf(lacking !== undefined)(
  `in PID namespaces of their own${lacking === undefined ? '' : ` (not here: ${lacking})`}`,
  () => {
    test.each(LONG_RUN_KINDS)(
      `%s that ${PROCESSES} processes fill, of which ${KILLS} are killed and replaced, loses no tile that one of them told`,
      async (kind, suffix) => {
        const random = randomFrom(SEED + suffix.length);
        const store = await place.createCube(`killed${suffix}`, suffix);
        const told = new Set<string>();
        const start = () => {
          const args = ingestArgs(store, '--verbose', '--concurrency', '2');
          return watchCommand(args, environmentFor(server), UNSHARED);
        };
        const all = Array.from({ length: PROCESSES }, start);
        const story = [`KILL_SEED=${SEED} (${kind})`];
        for (let kill = 0; kill < KILLS; kill++) {
          const victim = kill % PROCESSES;
          const command = all[victim] ?? start();
          const moment = (['fetching', 'written', 'committed'] as const)[kill % 3] ?? 'written';
          await command.event(moment, 1 + Math.floor(random() * 4));
          await sleep(random() * 60);
          const pid = childOf(command.child.pid ?? 0)?.pid;
          if (pid !== undefined) process.kill(pid, 'SIGKILL');
          const { code } = await command.ended;
          story.push(`${moment}: ${code === 0 ? 'had ended' : 'killed'}`);
          collect(command.events, told);
          all[victim] = start();
        }
        for (const command of all) {
          const { code, stderr } = await command.ended;
          expect({ code, errors: stderr.match(/^geocubes: .*$/gm) }).toEqual({
            code: 0,
            errors: null,
          });
          collect(command.events, told);
        }
        console.log(story.join('\n'));
        // A commit may have been made whose owner was killed before it could tell.
        expect(told.size).toBeGreaterThan(0);
        expect(await expectRightPixels(store, calm)).toBe(calm.tiles);
        await sweepAfterKills(store);
        await expectEqualCubes(store, calm);
      },
    );
  },
);

function collect(
  events: readonly { readonly msg: string; readonly tiles?: readonly string[] }[],
  told: Set<string>,
): void {
  for (const { msg, tiles } of events)
    if (msg === 'committed') for (const tile of tiles ?? []) told.add(tile);
}
