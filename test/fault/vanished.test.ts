/** A store that is taken away while it is filled. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../src/loopback/index.js';
import { environmentFor } from '../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  expectRightPixels,
  fillCalmly,
  ingestArgs,
  KINDS,
  Workplace,
  watchCommand,
} from './support/disturbed-cubes.js';
import { Moment, startFront } from './support/front-server.js';

let calm: Calm;
let server: LoopbackServer;
let place: Workplace;

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(50));
  server = await startLoopback({ faults: { latency: { ms: 30 } } });
  place = await Workplace.open(calm.dataset);
});

afterAll(async () => {
  await server.close();
  await place.remove();
});

/** Replies that come before the store goes: a group of 16 is committed then, and four tiles are not. */
const PASSED = 20;

test.each([
  ...KINDS.map(([kind, suffix]) => [kind, 'renamed', suffix, false] as const),
  ...KINDS.map(([kind, suffix]) => [kind, 'exchanged for an empty folder', suffix, true] as const),
])(
  '%s that is %s during a run ends it with 1 and a line that says so; nothing is made in its place',
  async (_, how, suffix, isReplaced) => {
    const store = await place.createCube(`${how}${suffix}`, suffix);
    const args = ingestArgs(store, '--verbose', '--concurrency', '2');
    const renamed = new Moment();
    // Nothing is written at the moment of the renaming: who is at a file then has looked at the folder before.
    const front = await startFront(server.url, async () => {
      if (front.asked > PASSED) await renamed.hasCome;
      return undefined;
    });
    const command = watchCommand(args, environmentFor(front));
    await command.event('committed', 1);
    await command.event('written', PASSED);
    await rename(store, `${store}.away`);
    if (isReplaced) await mkdir(store);
    renamed.come();
    const { code, stderr } = await command.ended;
    await front.close();
    expect(code).toBe(1);
    const last = stderr.trimEnd().split('\n').at(-1);
    expect(last).toMatch(/Expected the cube at .* that was opened but .* meanwhile/);
    expect(existsSync(store) ? await readdir(store) : []).toEqual([]);
    // What was told as committed is where the store is now.
    await rename(`${store}.away`, isReplaced ? `${store}.back${suffix}` : store);
    const back = isReplaced ? `${store}.back${suffix}` : store;
    const told = command.events.filter(({ msg }) => msg === 'committed');
    const tiles = told.flatMap((each) => each.tiles ?? []);
    expect(await expectRightPixels(back, calm)).toBe(tiles.length);
  },
);
