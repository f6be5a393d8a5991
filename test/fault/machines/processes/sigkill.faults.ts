import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../../src/loopback/index.js';
import { SHARING_NAME } from '../../../../src/store/sharing/sharing-folder.js';
import { runCommand } from '../../../e2e/command.js';
import { environmentFor } from '../../../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  expectEqualCubes,
  expectRightPixels,
  fillCalmly,
  ingestArgs,
  randomFrom,
  sweepAfterKills,
  type Watched,
  Workplace,
  watchCommand,
} from '../../support/disturbed-cubes.js';

/** Decides every moment; another one by the environment. */
const SEED = Number(process.env.KILL_SEED ?? 20_261_125);

/** After what a command is killed, each as often as the others, some random milliseconds later. */
const MOMENTS = [
  'start',
  'fetching',
  'fetched',
  'processed',
  'written',
  'committed',
  'lock',
  'limited',
] as const;
type Moment = (typeof MOMENTS)[number];

/** The most milliseconds between what happens and the kill: what follows it takes about as long. */
const WITHIN: Readonly<Record<Moment, number>> = {
  start: 1500,
  fetching: 100,
  fetched: 50,
  processed: 30,
  written: 30,
  committed: 30,
  lock: 12,
  limited: 40,
};

/** Tiles a life may fill: few, so that all lives find some to do. */
const TILES_A_LIFE = 20;

let calm: Calm;
let server: LoopbackServer;
let place: Workplace;

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(20));
  server = await startLoopback({ faults: { latency: { ms: 15, jitterMs: 15 } } });
  place = await Workplace.open(calm.dataset);
});

afterAll(async () => {
  await server.close();
  await place.remove();
});

/** Resolves when a folder is made for the `nth` time, or the command ends. */
async function isMade(path: string, nth: number, { ended }: Watched): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  let made = 0;
  let was = false;
  while (made < nth && !isOver) {
    const is = existsSync(path);
    if (is && !was) made++;
    was = is;
    await sleep(1);
  }
}

test.each([
  ['25 times', 'an Icechunk repository', '', 25],
  ['8 times', 'a plain Zarr directory', '.zarr', 8],
] as const)(
  'an ingest killed with SIGKILL %s at random moments into %s, and started again each time, ends with the cube of an undisturbed one',
  async (_, kind, suffix, kills) => {
    const random = randomFrom(SEED + kills);
    const env = environmentFor(server);
    const store = await place.createCube(`killed${kills}`, suffix);
    let killed = 0;
    let least = 0;
    const left = new Set<string>();
    const story: string[] = [`KILL_SEED=${SEED} (${kind})`];
    onTestFinished(() => console.log(story.join('\n')));
    for (let life = 0; killed < kills; life++) {
      // A command may end before its moment comes.
      expect(life).toBeLessThan(2 * kills);
      const moment = MOMENTS[life % MOMENTS.length] as Moment;
      const nth = 1 + Math.floor(random() * 12);
      const delay = Math.round(random() * WITHIN[moment]);
      const args = ingestArgs(store, '--verbose', '--max-tiles', `${TILES_A_LIFE}`);
      const command = watchCommand([...args, '--concurrency', '4'], env);
      // For the list it takes over, for two commits, and for the list it leaves.
      if (moment === 'lock')
        await isMade(join(store, SHARING_NAME, 'lock'), 1 + (nth % 4), command);
      else if (moment !== 'start')
        await command.event(moment, moment === 'committed' || moment === 'limited' ? 1 : nth);
      await sleep(moment === 'start' ? 500 + delay : delay);
      command.child.kill('SIGKILL');
      const isKilled = (await command.ended).code === null;
      if (isKilled) killed++;
      const beside = await readdir(join(store, SHARING_NAME)).catch(() => []);
      for (const name of beside) left.add(name);
      expect(await readdir(dirname(store))).toEqual([basename(store)]);
      const known = await expectRightPixels(store, calm);
      // What was committed once stays so.
      expect(known).toBeGreaterThanOrEqual(least);
      least = known;
      const last = command.events.at(-1)?.msg ?? 'nothing';
      story.push(
        `${isKilled ? 'killed' : 'ended before the kill'} ${delay} ms after ${moment} (last event: ${last}): ${known} of ${calm.tiles} tiles, left: ${beside.join(' ') || 'nothing'}`,
      );
    }
    // The kills landed in the middle of tiles. How many meet a commit depends on the machine; a lock that is
    // left is tested by itself (test/unit/store/sharing/lease-lock.test.ts).
    expect(left).toContain('claims');
    expect(least).toBeLessThan(calm.tiles);

    const last = await runCommand(ingestArgs(store, '--format', 'json', '--quiet'), env);
    expect(last).toMatchObject({ code: 0, stderr: '' });
    const summary = JSON.parse(last.stdout) as { alreadyLoaded: number; committed: number };
    expect(summary).toMatchObject({ alreadyLoaded: least, committed: calm.tiles - least });
    await sweepAfterKills(store);
    await expectEqualCubes(store, calm);
  },
);
