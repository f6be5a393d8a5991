/** Stores of shards' own, brought together by a merge that is killed again and again. */
import { readdir, rm } from 'node:fs/promises';
import { basename } from 'node:path';
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
  expectEqualCubes,
  expectRightPixels,
  fillCalmly,
  ingestArgs,
  ROI,
  randomFrom,
  sweepAfterKills,
  Workplace,
} from '../../support/disturbed-cubes.js';
import { LONG_RUN_KINDS } from '../../support/run-length.js';

const SHARDS = 2;
const SEED = seedOfRun();

let calm: Calm;
let server: LoopbackServer;
let place: Workplace;
beforeAll(async () => {
  // Several commits of 128 tiles.
  calm = await fillCalmly(datasetOf(15));
  server = await startLoopback();
  place = await Workplace.open(calm.dataset);
});
afterAll(async () => {
  await server.close();
  await place.remove();
});

async function loadedIn(store: string): Promise<number> {
  const [{ loaded = 0, empty = 0 } = {}] = await (await Cube.open(store)).countStates(ROI);
  return loaded + empty;
}

test.each(LONG_RUN_KINDS)(
  'a merge into %s that is killed whenever it has committed more has whole commits, goes on, and copies nothing twice',
  async (_, suffix) => {
    const store = await place.createCube(`merged${suffix}`, suffix);
    const own = Array.from({ length: SHARDS }, (_, i) => `${store}.shard-${i + 1}-of-${SHARDS}`);
    for (let shard = 1; shard <= SHARDS; shard++) {
      const args = ingestArgs(store, '--shard', `${shard}/${SHARDS}`, '--own-store', '--quiet');
      expect(await runCommand(args, environmentFor(server))).toMatchObject({ code: 0, stderr: '' });
    }
    const files = await filesIn(own);
    const merge = ['finalise', '--store', store, '--bbox', SMALL_BBOX, '--merge', ...own];
    const random = randomFrom(SEED);
    const story: number[] = [];
    for (let before = 0; before < calm.tiles; ) {
      const running = startCommand(merge);
      let isOver = false;
      void running.ended.then(() => {
        isOver = true;
      });
      while (!isOver && (await loadedIn(store)) === before) await sleep(5);
      await sleep(20 * random());
      running.child.kill('SIGKILL');
      await running.ended;
      const now = await expectRightPixels(store, calm);
      expect(now).toBeGreaterThan(before);
      story.push(now - before);
      before = now;
    }
    console.log(`seed ${SEED}, tiles that came of each killed merge: ${story.join(', ')}`);
    const last = await runCommand(merge);
    expect(last).toMatchObject({ code: 0, stderr: '' });
    expect(last.stdout).toContain(` 0 tiles copied (0.0 MB), ${calm.tiles} there already`);
    const commits = await (await Cube.open(store)).history();
    const copied = commits.map(({ message }) =>
      Number(/^Write (\d+) tiles /.exec(message)?.[1] ?? (/^Write tile /.test(message) ? 1 : 0)),
    );
    if (suffix === '') expect(copied.reduce((sum, each) => sum + each, 0)).toBe(calm.tiles);
    expect(await filesIn(own)).toEqual(files);
    for (const each of own) await rm(each, { recursive: true });
    await sweepAfterKills(store);
    await expectEqualCubes(store, calm);
  },
);

async function filesIn(stores: readonly string[]): Promise<string[]> {
  const all = await Promise.all(
    stores.map(async (store) =>
      (await readdir(store, { recursive: true })).map((file) => `${basename(store)}/${file}`),
    ),
  );
  return all.flat().sort();
}
