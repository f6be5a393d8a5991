/** File systems that a store may lie on: full ones, read-only ones, layers of a container, memory. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { runCommand } from '../../e2e/command.js';
import { environmentFor } from '../../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  expectRightPixels,
  expectVerified,
  fillCalmly,
  ingestArgs,
  KINDS,
  randomFrom,
  Workplace,
} from '../support/disturbed-cubes.js';
import { openCutDisk } from './cut-disk.js';

/** Decides how much room there is; another one by the environment. */
const SEED = Number(process.env.DISK_SEED ?? 20_261_131);
/** Times that the disk of each kind of store is full. */
const FULL = Number(process.env.FULL_DISKS ?? 3);

let calm: Calm;
let server: LoopbackServer;
let place: Workplace;
const mounted: string[] = [];

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(25));
  server = await startLoopback();
  place = await Workplace.open(calm.dataset);
});

afterAll(async () => {
  for (const path of mounted.reverse()) execFileSync('umount', ['-l', path], { stdio: 'pipe' });
  await server?.close();
  await place?.remove();
});

/** @returns why it cannot be mounted; `undefined` where it is */
function mount(path: string, ...args: string[]): string | undefined {
  mkdirSync(path, { recursive: true });
  try {
    execFileSync('mount', [...args, path], { stdio: 'pipe' });
  } catch (error) {
    return `not here: ${String((error as Error).message)
      .trim()
      .split('\n')
      .at(-1)}`;
  }
  mounted.push(path);
  return undefined;
}

const fill = (store: string, ...more: string[]) =>
  runCommand(ingestArgs(store, '--quiet', ...more), environmentFor(server));

async function createAt(store: string): Promise<void> {
  const dataset = place.file('dataset.json');
  const made = await runCommand(['create', '--store', store, '--dataset', dataset]);
  expect(made).toMatchObject({ code: 0, stderr: '' });
}

describe.each(KINDS)('%s', (kind, suffix) => {
  test(`on an ext4 disk that is full, ${FULL} times at other moments, keeps what was committed, and is completed`, async ({
    skip,
  }) => {
    const disk = await openCutDisk(place.file(`small${suffix}`), 24);
    if (typeof disk === 'string') return skip(`not here: ${disk}`);
    const random = randomFrom(SEED + suffix.length);
    const story = [`DISK_SEED=${SEED} (${kind})`];
    try {
      const store = join(disk.path, `cube${suffix}`);
      await createAt(store);
      let least = 0;
      let full = 0;
      for (let time = 0; time < FULL; time++) {
        const room = Math.floor((0.1 + random()) * 300_000);
        const filler = leaveRoom(disk.path, room);
        const { code, stderr } = await fill(store);
        story.push(`${room} bytes of room: ${code} ${stderr.trim()}`);
        if (code !== 0) {
          full++;
          expect(code).toBe(1);
          expect(stderr).toMatch(
            /^geocubes: Expected room [^\n]*the disk is full \(ENOSPC[^\n]*\n$/,
          );
        }
        const known = await expectRightPixels(store, calm);
        expect(known).toBeGreaterThanOrEqual(least);
        least = known;
        // What is on the disk itself, as after a power cut.
        const after = await disk.cut(`full-${time}`);
        try {
          expect(await expectRightPixels(join(after.path, `cube${suffix}`), calm)).toBe(known);
        } finally {
          after.close();
        }
        rmSync(filler);
      }
      console.log(story.join('\n'));
      expect(full).toBeGreaterThan(0);
      expect(await fill(store)).toMatchObject({ code: 0, stderr: '' });
      expect(await expectRightPixels(store, calm)).toBe(calm.tiles);
      await expectVerified(store, calm);
    } finally {
      disk.close();
    }
  });

  test('in memory (tmpfs) is filled', async ({ skip }) => {
    const path = place.file(`memory${suffix}`);
    const lacking = mount(path, '-t', 'tmpfs', '-o', 'size=64m', 'tmpfs');
    if (lacking !== undefined) return skip(lacking);
    const store = join(path, `cube${suffix}`);
    await createAt(store);
    expect(await fill(store)).toMatchObject({ code: 0, stderr: '' });
    expect(await expectRightPixels(store, calm)).toBe(calm.tiles);
  });

  test('in the lower layer of an overlay, as in an image of a container, is filled in the upper one alone', async ({
    skip,
  }) => {
    const [layers, merged] = [place.file(`layers${suffix}`), place.file(`merged${suffix}`)];
    const lacksMemory = mount(layers, '-t', 'tmpfs', '-o', 'size=64m', 'tmpfs');
    if (lacksMemory !== undefined) return skip(lacksMemory);
    const name = `cube${suffix}`;
    const lower = await place.createCube(`lower${suffix}`, suffix);
    expect(await fill(lower, '--max-tiles', '40')).toMatchObject({ code: 0, stderr: '' });
    for (const each of ['upper', 'work']) mkdirSync(join(layers, each));
    const options = `lowerdir=${join(lower, '..')},upperdir=${join(layers, 'upper')},workdir=${join(layers, 'work')}`;
    const lacking = mount(merged, '-t', 'overlay', 'overlay', '-o', options);
    if (lacking !== undefined) return skip(lacking);
    const store = join(merged, name);
    expect(await fill(store)).toMatchObject({ code: 0, stderr: '' });
    expect(await expectRightPixels(store, calm)).toBe(calm.tiles);
    await expectVerified(store, calm);
    expect(await expectRightPixels(lower, calm)).toBe(40);
  });

  test('that is mounted read-only is read, and says so where it is to be filled', async ({
    skip,
  }) => {
    const store = await place.createCube(`readable${suffix}`, suffix);
    expect(await fill(store, '--max-tiles', '40')).toMatchObject({ code: 0, stderr: '' });
    const path = place.file(`read-only${suffix}`);
    const lacking = mount(path, '--bind', store) ?? remountReadOnly(path);
    if (lacking !== undefined) return skip(lacking);
    const { code, stderr } = await fill(path);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^geocubes: .*mounted read-only.*\n$/);
    for (const command of ['status', 'verify'])
      expect(await runCommand([command, '--store', path])).toMatchObject({ code: 0, stderr: '' });
    expect(await expectRightPixels(path, calm)).toBe(40);
  });
});

function remountReadOnly(path: string): string | undefined {
  try {
    execFileSync('mount', ['-o', 'remount,bind,ro', path], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `not here: ${String((error as Error).message)
      .trim()
      .split('\n')
      .at(-1)}`;
  }
}

/** Fills a disk but for so many bytes, or nearly. @returns the file that does so */
function leaveRoom(path: string, bytes: number): string {
  const file = join(path, 'filler');
  writeFileSync(file, '');
  const piece = Buffer.alloc(64 * 1024, 1);
  for (;;) {
    // Blocks are counted when they are given out.
    execFileSync('sync', ['-f', path]);
    const { bavail, bsize } = statfsSync(path);
    const rest = bavail * bsize - bytes;
    if (rest <= 0) return file;
    // Some at a time, because each needs blocks for itself.
    for (let left = rest; left > 0; left -= piece.length)
      appendFileSync(file, piece.subarray(0, Math.min(piece.length, left)));
  }
}
