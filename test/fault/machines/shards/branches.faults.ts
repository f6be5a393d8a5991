/** A run on a branch that is killed again and again, and the step that makes it the cube's, killed too. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cube } from '../../../../src/index.js';
import { type LoopbackServer, startLoopback } from '../../../../src/loopback/index.js';
import { runCommand, startCommand } from '../../../e2e/command.js';
import { environmentFor, SMALL_BBOX } from '../../../e2e/loopback-cubes.js';
import { seedOfRun } from '../../../seed.js';
import {
  type Calm,
  datasetOf,
  expectRightPixels,
  expectVerified,
  fillCalmly,
  ingestArgs,
  ROI,
  randomFrom,
  Workplace,
} from '../../support/disturbed-cubes.js';

const SEED = seedOfRun();
const KILLS = 4;

let calm: Calm;
let server: LoopbackServer;
let place: Workplace;
beforeAll(async () => {
  calm = await fillCalmly(datasetOf(25));
  server = await startLoopback();
  place = await Workplace.open(calm.dataset);
});
afterAll(async () => {
  await server.close();
  await place.remove();
});

async function loadedIn(store: string, branch?: string): Promise<number> {
  const [{ loaded = 0, empty = 0 } = {}] = await (await Cube.open(store, { branch })).countStates(
    ROI,
  );
  return loaded + empty;
}

test('killed at commits of the branch and anywhere in finalise, the cube is as before or has all of it', async () => {
  const store = await place.createCube('branched', '');
  const random = randomFrom(SEED);
  const fill = ingestArgs(store, '--branch', 'night', '--commit-every', '16', '--verbose');
  for (let kill = 0; kill < KILLS; kill++) {
    const running = startCommand(fill, environmentFor(server));
    // A commit is told when it is made: the next one, or its first half, is met at some moment after it.
    await new Promise<void>((resolve) => {
      running.child.stderr?.on('data', (data) => {
        if (String(data).includes('committed')) resolve();
      });
      void running.ended.then(() => resolve());
    });
    await sleep(30 * random());
    running.child.kill('SIGKILL');
    await running.ended;
    expect(await loadedIn(store)).toBe(0);
  }
  expect(
    await runCommand(ingestArgs(store, '--branch', 'night', '-q'), environmentFor(server)),
  ).toMatchObject({ code: 0 });
  expect([await loadedIn(store), await loadedIn(store, 'night')]).toEqual([0, calm.tiles]);

  const finalise = ['finalise', '--store', store, '--bbox', SMALL_BBOX, '--branch', 'night'];
  const story: string[] = [];
  for (let ended = false; !ended; ) {
    const running = startCommand(finalise);
    // Longer each time, so that an end comes on any machine.
    await Promise.race([sleep(200 * (story.length + random())), running.ended]);
    running.child.kill('SIGKILL');
    const { code } = await running.ended;
    const now = await loadedIn(store);
    expect([0, calm.tiles]).toContain(now);
    // Killed between the step and the removal, the next call removes the branch; after it, there is none to name.
    ended = code !== null;
    if (code === 2) expect(now).toBe(calm.tiles);
    else if (ended) expect(code).toBe(0);
    story.push(`${code ?? 'killed'}: ${now}`);
  }
  console.log(`seed ${SEED}, finalise: ${story.join(', ')}`);
  expect(await expectRightPixels(store, calm)).toBe(calm.tiles);
  await expectVerified(store, calm);
  await expect(Cube.open(store, { branch: 'night' })).rejects.toThrow(/it has none/);
});
