/** One file of a store is cut off, emptied, overwritten or deleted, as by a disk or a hand: it is noticed, and mended by one command. */
import { cpSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Cube } from '../../../src/index.js';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { runCommand } from '../../e2e/command.js';
import { environmentFor } from '../../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  expectRightPixels,
  fillCalmly,
  ingestArgs,
  KINDS,
  ROI,
  randomFrom,
  Workplace,
} from '../support/disturbed-cubes.js';

/** Of each kind of store. */
const TRUNCATIONS = Number(process.env.TRUNCATIONS ?? 10);
/** Decides files and damage; another one by the environment. */
const SEED = Number(process.env.DAMAGE_SEED ?? 20_261_130);

const HOW = ['deleted', 'emptied', 'cut off', 'overwritten'] as const;

let calm: Calm;
let server: LoopbackServer;
let place: Workplace;

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(50));
  server = await startLoopback();
  place = await Workplace.open(calm.dataset);
});

afterAll(async () => {
  await server?.close();
  await place?.remove();
});

function filesOf(store: string): string[] {
  return readdirSync(store, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** What a file is for: the ledger and metadata of a plain directory, or the part of a repository. */
function sortOf(path: string): string {
  if (path.endsWith('zarr.json')) return path;
  return path.includes('ledger') ? 'ledger' : (path.split(sep)[0] ?? '');
}

async function damage(file: string, how: (typeof HOW)[number], at: number): Promise<void> {
  const { size } = statSync(file);
  if (how === 'deleted') rmSync(file);
  else if (how === 'emptied') truncateSync(file);
  else if (how === 'cut off') truncateSync(file, Math.floor(at * size));
  else {
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(Math.ceil(size / 2), 0xa5), 0, undefined, 0);
    await handle.close();
  }
}

describe.each(KINDS)('%s', (kind, suffix) => {
  test(`whose files are damaged, one at a time ${TRUNCATIONS} times, is never read wrongly, and is mended or refused`, async () => {
    const random = randomFrom(SEED + suffix.length);
    const whole = await place.createCube(`whole${suffix}`, suffix);
    // Several commits, so that there are older states.
    for (const tiles of ['20', '20', '1000']) {
      const run = ingestArgs(whole, '--quiet', '--max-tiles', tiles);
      expect(await runCommand(run, environmentFor(server))).toMatchObject({ code: 0, stderr: '' });
    }
    expect(await expectRightPixels(whole, calm)).toBe(calm.tiles);
    const story = [`DAMAGE_SEED=${SEED} (${kind})`];
    const seen = { unhurt: 0, mended: 0, refused: 0 };
    onTestFinished(() => console.log([...story, JSON.stringify(seen)].join('\n')));
    for (let i = 0; i < TRUNCATIONS; i++) {
      // Each in a place of its own: readers remember where chunks lie.
      const store = place.file(`damaged-${i}${suffix}`);
      cpSync(whole, store, { recursive: true, preserveTimestamps: true });
      // Of each sort as often as of the others: most files are chunks.
      const all = filesOf(store);
      const sorts = [...new Set(all.map((path) => sortOf(relative(store, path))))];
      const sort = sorts[i % sorts.length];
      const files = all.filter((path) => sortOf(relative(store, path)) === sort);
      const file = files[Math.floor(random() * files.length)] ?? '';
      const how = HOW[Math.floor(random() * HOW.length)] ?? 'deleted';
      await damage(file, how, random());
      const what = `${relative(store, file)} is ${how}`;
      // Where a part of the ledger is gone, the list of smart-geocubes stands in for it.
      const emptyIsLoaded = what.includes('ledger');
      const unread = await readsRightOrNot(store);
      const checked = await runCommand(['verify', '--store', store, '--threads', '0']);
      // What reads whole and right may be damaged where nothing is read: an older snapshot, a log.
      if (unread !== undefined)
        expect({ what, unread, code: checked.code }).not.toMatchObject({ code: 0 });
      const repaired = await runCommand(['verify', '--repair', '--store', store, '--threads', '0']);
      const again = await runCommand(['verify', '--store', store, '--threads', '0']);
      if (again.code !== 0) {
        // Nothing is left of it to go back to: that is said, and nothing is pretended.
        expect({ what, code: repaired.code }).not.toMatchObject({ code: 0 });
        const told = again.stderr === '' ? again.stdout : again.stderr;
        expect({ what, told }).toMatchObject({
          told: expect.stringMatching(
            // Coordinates of which no commit has whole ones, though every pixel is there: what is there stays.
            unread === undefined
              ? /^the newest commit cannot be read: /m
              : /^geocubes: Expected [^\n]+\n$/,
          ),
        });
        seen.refused++;
        story.push(`${what}: ${repaired.code}, refused: ${told.trim().slice(0, 160)}`);
        continue;
      }
      const known = await expectRightPixels(store, calm, { emptyIsLoaded });
      const isUnhurt = unread === undefined && checked.code === 0;
      if (isUnhurt && repaired.code === 2) {
        // Without its record it is a cube as of smart-geocubes, which is read, and filled with a dataset that is given.
        expect({ what, stderr: repaired.stderr }).toMatchObject({
          what: expect.stringMatching(/^geocubes\/zarr\.json is /),
          stderr: expect.stringMatching(
            /^geocubes: Expected a cube that can be extended [^\n]+\n$/,
          ),
        });
        seen.refused++;
        story.push(`${what}: ${repaired.stderr.trim().slice(0, 160)}`);
        continue;
      }
      expect({ what, code: repaired.code }).toEqual({ what, code: isUnhurt ? 0 : 3 });
      seen[isUnhurt ? 'unhurt' : 'mended']++;
      story.push(`${what}: ${repaired.code}, ${known} of ${calm.tiles} tiles are there`);
      if (!isUnhurt) {
        const rest = await runCommand(ingestArgs(store, '--quiet'), environmentFor(server));
        expect({ what, ...rest }).toMatchObject({ what, code: 0, stderr: '' });
        expect(await expectRightPixels(store, calm, { emptyIsLoaded })).toBe(calm.tiles);
      }
    }
    expect(seen.mended).toBeGreaterThan(0);
  });
});

/**
 * Reads the cube as a user does. @returns why it cannot be read; `undefined` where every pixel is right. Wrong pixels fail
 * the test.
 */
async function readsRightOrNot(store: string): Promise<string | undefined> {
  try {
    await (await Cube.open(store)).load(ROI);
  } catch (error) {
    return String((error as Error).message);
  }
  expect(
    await expectRightPixels(store, calm, { verify: false, emptyIsLoaded: true }),
  ).toBeGreaterThanOrEqual(0);
  return undefined;
}
