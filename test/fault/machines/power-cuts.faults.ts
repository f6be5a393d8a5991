/** The power goes while a cube is filled: what was said to be committed is on the disk. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cube, TileState } from '../../../src/index.js';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { runCommand } from '../../e2e/command.js';
import { environmentFor, temporaryFolder } from '../../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  expectRightPixels,
  expectVerified,
  fillCalmly,
  ingestArgs,
  KINDS,
  ROI,
  randomFrom,
  watchCommand,
} from '../support/disturbed-cubes.js';
import { type CutDisk, openCutDisk } from './cut-disk.js';

/** Of each kind of store. */
const CUTS = Number(process.env.POWER_CUTS ?? 5);
/** Decides every moment; another one by the environment. */
const SEED = Number(process.env.CUT_SEED ?? 20_261_128);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let calm: Calm;
let server: LoopbackServer;
let disk: CutDisk | string;

beforeAll(async () => {
  folder = await temporaryFolder();
  calm = await fillCalmly(datasetOf(20));
  server = await startLoopback({ faults: { latency: { ms: 10, jitterMs: 10 } } });
  disk = await openCutDisk(folder.path);
  if (typeof disk === 'string') console.log(`power cuts are not tried here: ${disk}`);
});

afterAll(async () => {
  if (disk !== undefined && typeof disk !== 'string') disk.close();
  await server?.close();
  await folder?.remove();
});

async function createCube(on: CutDisk, name: string): Promise<string> {
  const store = join(on.path, name);
  const dataset = join(folder.path, 'dataset.json');
  writeFileSync(dataset, JSON.stringify(calm.dataset));
  const made = await runCommand(['create', '--store', store, '--dataset', dataset]);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  return store;
}

/** Tiles of a list that the cube's ledger does not have. */
async function missing(store: string, tiles: ReadonlySet<string>): Promise<string[]> {
  const states = await (await Cube.open(store)).tileStates(ROI);
  const known = new Set(
    states
      .filter(({ state }) => state !== TileState.notLoaded)
      .map(({ row, col }) => `${row}-${col}`),
  );
  return [...tiles].filter((tile) => !known.has(tile));
}

describe.each(KINDS)('%s', (kind, suffix) => {
  test('on a disk that is mounted read-only says so before anything is fetched', async ({
    skip,
  }) => {
    if (typeof disk === 'string') return skip(disk);
    const store = await createCube(disk, `readonly${suffix}`);
    const before = server.requests.pixels;
    execFileSync('mount', ['-o', 'remount,ro', disk.path]);
    try {
      const run = ingestArgs(store, '--quiet');
      const { code, stderr } = await runCommand(run, environmentFor(server));
      expect(code).toBe(1);
      expect(stderr).toMatch(/^geocubes: .*mounted read-only.*\n$/);
      expect(server.requests.pixels).toBe(before);
    } finally {
      execFileSync('mount', ['-o', 'remount,rw', disk.path]);
    }
  });

  test(`keeps what was committed over ${CUTS} power cuts at random moments, and is completed`, async ({
    skip,
  }) => {
    if (typeof disk === 'string') return skip(disk);
    const random = randomFrom(SEED + suffix.length);
    const store = await createCube(disk, `random${suffix}`);
    const committed = new Set<string>();
    const story = [`CUT_SEED=${SEED} (${kind})`];
    for (let cut = 0; cut < CUTS; cut++) {
      const more = ['--verbose', '--concurrency', '4', '--max-tiles', '50'];
      const command = watchCommand(ingestArgs(store, ...more), environmentFor(server));
      await command.event('written', 1 + Math.floor(random() * 40));
      await sleep(random() * 60);
      command.child.kill('SIGKILL');
      // Told before the kill; what was told in the pipe by then counts too.
      await command.ended;
      const told = command.events.filter(({ msg }) => msg === 'committed');
      for (const { tiles } of told) for (const tile of tiles ?? []) committed.add(tile);
      const after = await disk.cut(`after-cut-${cut}${suffix}`);
      try {
        const there = join(after.path, `random${suffix}`);
        expect(await missing(there, committed)).toEqual([]);
        const known = await expectRightPixels(there, calm);
        story.push(`cut ${cut}: ${committed.size} tiles said to be committed, ${known} there`);
      } finally {
        after.close();
      }
    }
    console.log(story.join('\n'));
    const last = await runCommand(ingestArgs(store, '--quiet'), environmentFor(server));
    expect(last).toMatchObject({ code: 0, stderr: '' });
    const after = await disk.cut(`after-end${suffix}`);
    try {
      const there = join(after.path, `random${suffix}`);
      expect(await expectRightPixels(there, calm)).toBe(calm.tiles);
      await expectVerified(there, calm);
    } finally {
      after.close();
    }
  });

  test('loses the run without waiting for the disk, nothing from before it, and one command brings it back', async ({
    skip,
  }) => {
    if (typeof disk === 'string') return skip(disk);
    const store = await createCube(disk, `none${suffix}`);
    const some = ingestArgs(store, '--quiet', '--max-tiles', '60');
    expect(await runCommand(some, environmentFor(server))).toMatchObject({ code: 0 });
    const rest = ingestArgs(store, '--quiet', '--durability', 'none');
    expect(await runCommand(rest, environmentFor(server))).toMatchObject({ code: 0, stderr: '' });
    // Names come to the disk before content does where another program asks for its own file.
    execFileSync('sh', ['-c', 'echo other > "$0" && sync "$0"', join(disk.path, 'other')]);
    const after = await disk.cut(`after-none${suffix}`);
    try {
      const there = join(after.path, `none${suffix}`);
      const { code, stdout, stderr } = await runCommand([
        ...['verify', '--store', there, '--repair', '--threads', '0'],
      ]);
      expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
      const known = await expectRightPixels(there, calm);
      console.log(`${stdout.trim().split('\n').slice(-3).join('\n')}\n${known} tiles are there`);
      expect(known).toBeGreaterThanOrEqual(60);
      expect(known).toBeLessThan(calm.tiles);
      const env = environmentFor(server);
      expect(await runCommand(ingestArgs(there, '--quiet'), env)).toMatchObject({ code: 0 });
      expect(await expectRightPixels(there, calm)).toBe(calm.tiles);
    } finally {
      after.close();
    }
  });
});
