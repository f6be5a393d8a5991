/**
 * Passes over the overviews that are killed, meet one another, have no room, or go on while tiles come and go. Sides of
 * tiles are multiples of all factors, so that each cell is of one tile: what a tile is marked as being in must be there.
 */
import { execFileSync } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { TileMarks } from '../../../../src/cube/overviews/tile-marks.js';
import {
  Cube,
  createPool,
  earthEngine,
  type Pool,
  parseDataset,
  type TileSource,
  TileState,
} from '../../../../src/index.js';
import { type LoopbackServer, startLoopback } from '../../../../src/loopback/index.js';
import { readBand } from '../../../../src/store/read.js';
import { Repository } from '../../../../src/store/repository.js';
import { SHARING_NAME } from '../../../../src/store/sharing/sharing-folder.js';
import { readLedger } from '../../../../src/store/smart-geocubes/loaded-list.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import { runCommand, startCommand } from '../../../e2e/command.js';
import { temporaryFolder } from '../../../e2e/loopback-cubes.js';
import { seedOfRun } from '../../../seed.js';
import { datasetOf, ROI, randomFrom } from '../../support/disturbed-cubes.js';
import { IS_SHORT, LONG_RUN_KINDS, longRunServers } from '../../support/run-length.js';
import { openSmallDisk } from '../../support/small-disk.js';
import { lacksNamespaces, UNSHARED } from '../namespaces.js';
import { type S3Server, SERVERS, startS3 } from '../s3-servers.js';

/** Pixels along a side of a tile; 25 x 15 tiles, some of them empty. */
const SIDE = 20;
const FACTORS = [2, 4, 20];
const REDUCTIONS = { TCB_slope: 'average', TCG_slope: 'mode', TCW_slope: 'near' } as const;
const KILLS = Number(process.env.KILLS ?? 12);
/** In an object store, what a dead process held is free after a minute, and a pass is waited for after each. */
const KILLS_IN_S3 = IS_SHORT ? 1 : 3;
const SEED = seedOfRun();
const lacking = lacksNamespaces();

let server: LoopbackServer;
let pool: Pool;
let source: TileSource;
beforeAll(async () => {
  server = await startLoopback();
  pool = createPool({ size: 1 });
  const access = { endpoint: server.url, token: 'loopback', project: 'test' };
  source = await earthEngine(parseDataset(datasetOf(SIDE)), access);
});
afterAll(() => Promise.all([source?.close(), pool?.close(), server?.close()]));

async function cubeAt(store: string): Promise<Cube> {
  const overviews = { factors: FACTORS, reduction: REDUCTIONS };
  const cube = await Cube.create(store, parseDataset(datasetOf(SIDE)), { pool, overviews });
  const { failed } = await cube.ingest(ROI, { source, pool });
  expect(failed).toEqual([]);
  return cube;
}

const passArgs = (store: string) => [
  'overviews',
  '--store',
  store,
  '--threads',
  '1',
  '--format',
  'json',
];

/** A pass to its end, which waits by itself for what a dead process holds. */
async function pass(
  store: string,
  env: Record<string, string> = {},
): Promise<{ updated: number; current: number }> {
  const { code, stdout, stderr } = await runCommand(passArgs(store), env);
  const told = /^(?:\d+ of \d+ tiles|waiting \d+ s and more to see whether .*)\n/gm;
  expect({ code, stderr: stderr.replace(told, '') }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as { updated: number; current: number };
}

/** The cells of a tile, by what is written of reductions; all bands are bytes without a code. */
function cellsOf(
  pixels: ArrayLike<number>,
  width: number,
  at: { row: number; col: number },
  factor: number,
  how: string,
) {
  const cells: number[] = [];
  for (let y = at.row; y < at.row + SIDE; y += factor)
    for (let x = at.col; x < at.col + SIDE; x += factor) {
      const half = Math.floor(factor / 2);
      let [sum, most, mode] = [0, 0, 0];
      const counts = new Map<number, number>();
      for (let i = y; i < y + factor; i++)
        for (let j = x; j < x + factor; j++) {
          const value = pixels[i * width + j] ?? Number.NaN;
          sum += value;
          const count = (counts.get(value) ?? 0) + 1;
          counts.set(value, count);
          if (count > most) [most, mode] = [count, value];
        }
      if (how === 'near') cells.push(pixels[(y + half) * width + x + half] ?? Number.NaN);
      else cells.push(how === 'mode' ? mode : Math.floor(sum / factor ** 2 + 0.5));
    }
  return cells;
}

/** Looks at each tile that is marked as being in the levels. @returns how many are, of those loaded, and how many are not as they are */
async function expectMarksTellTheTruth(store: string): Promise<{ current: number; stale: number }> {
  const cube = await Cube.open(store);
  const session = await (await Repository.open(parseStorage(store))).readSession();
  const ledger = await readLedger(session.store, cube.dataset);
  const marks = new TileMarks(session.store, ledger);
  const { height, width } = cube.grid.geobox;
  const wrong: string[] = [];
  const count = { current: 0, stale: 0 };
  const levels = new Map<string, ArrayLike<number>>();
  const bands = new Map<string, ArrayLike<number>>();
  for (const name of Object.keys(REDUCTIONS)) {
    bands.set(name, await readBand(session, name, { row: 0, col: 0, height, width }));
    for (const factor of FACTORS) {
      const whole = { row: 0, col: 0, height: height / factor, width: width / factor };
      levels.set(
        `${factor}/${name}`,
        await readBand(session, `overviews/${factor}/${name}`, whole),
      );
    }
  }
  for (let row = 0; row < height / SIDE; row++)
    for (let col = 0; col < width / SIDE; col++) {
      if (!(await marks.isCurrent({ row, col }))) {
        count.stale++;
        continue;
      }
      const state = await ledger.get({ row, col });
      if (state !== TileState.notLoaded) count.current++;
      for (const [name, how] of Object.entries(REDUCTIONS))
        for (const factor of FACTORS) {
          const level = levels.get(`${factor}/${name}`) ?? [];
          const [side, stride] = [SIDE / factor, width / factor];
          const wanted =
            state === TileState.loaded
              ? cellsOf(
                  bands.get(name) ?? [],
                  width,
                  { row: row * SIDE, col: col * SIDE },
                  factor,
                  how,
                )
              : Array(side * side).fill(0);
          const found = wanted.map(
            (_, i) => level[(row * side + Math.floor(i / side)) * stride + col * side + (i % side)],
          );
          if (found.join() !== wanted.join()) wrong.push(`${row}-${col} ${name} 1/${factor}`);
        }
    }
  expect(wrong).toEqual([]);
  return count;
}

/** Takes some tiles out and fetches others, by chance. */
async function change(cube: Cube, random: () => number): Promise<void> {
  const states = await cube.tileStates(ROI);
  const some = states.filter(() => random() < 0.2);
  const ids = (isLoaded: boolean) =>
    some
      .filter(({ state }) => (state !== TileState.notLoaded) === isLoaded)
      .map(({ row, col }) => `${row}-${col}`);
  const [out, into] = [ids(true), ids(false)];
  if (out.length > 0) await cube.drop(out);
  if (into.length > 0) await cube.ingest(into, { source, pool });
}

/** Kills passes at moments that a seed decides, with changes before each; what is left is looked at each time. */
async function killPasses(
  store: string,
  kills: number,
  env: Record<string, string> = {},
): Promise<string[]> {
  const cube = await cubeAt(store);
  const random = randomFrom(SEED);
  const begun = performance.now();
  expect(await pass(store, env)).toMatchObject({ current: 0 });
  const usual = performance.now() - begun;
  const story = [`seed ${SEED}, a pass takes ${Math.round(usual)} ms`];
  let inTheMiddle = 0;
  // A pass may have ended before it is killed: then that was none.
  for (let kill = 0; kill < kills || (inTheMiddle === 0 && kill < 10 * kills); kill++) {
    await change(cube, random);
    const before = await expectMarksTellTheTruth(store);
    expect(before.stale).toBeGreaterThan(0);
    const { child, ended } = startCommand(passArgs(store), env);
    await sleep(usual * (0.35 + 0.9 * random()));
    child.kill('SIGKILL');
    const { code } = await ended;
    const { current, stale } = await expectMarksTellTheTruth(store);
    if (code === null) inTheMiddle++;
    // Where the next one would wait longer than it is left alive.
    if (store.startsWith('s3:')) await pass(store, env);
    story.push(`${code === null ? 'killed' : 'had ended'}: ${current} tiles in, ${stale} not`);
  }
  expect(inTheMiddle).toBeGreaterThan(0);
  await pass(store, env);
  expect((await expectMarksTellTheTruth(store)).stale).toBe(0);
  expect(await pass(store, env)).toMatchObject({ updated: 0 });
  const { damaged, companions } = await (await Cube.open(store)).verify(ROI);
  expect({ damaged, companions }).toEqual({ damaged: 0, companions: [] });
  return story;
}

describe.each(LONG_RUN_KINDS)('in %s', (_, suffix) => {
  const place = async () => {
    const { path, remove } = await temporaryFolder();
    onTestFinished(remove);
    return join(path, `cube${suffix}`);
  };

  test(`after ${KILLS} kills at random moments, tiles are marked as in the levels that are in them, and a pass does the rest`, async () => {
    const story = await killPasses(await place(), KILLS);
    console.log(story.join('\n'));
  });

  test.skipIf(lacking !== undefined)(
    `one that is killed in a container holds the next one up for a lease at most${lacking === undefined ? '' : ` (not here: ${lacking})`}`,
    async () => {
      const store = await place();
      await cubeAt(store);
      const { child, ended } = startCommand(passArgs(store), {}, undefined, UNSHARED);
      const claims = join(store, SHARING_NAME, 'claims');
      await expect
        .poll(() => readdir(claims).catch((): string[] => []), { interval: 5 })
        .not.toEqual([]);
      child.kill('SIGKILL');
      await ended;
      expect(await readdir(claims)).not.toEqual([]);
      const { updated, current } = await pass(store);
      expect(updated).toBeGreaterThan(0);
      expect(await expectMarksTellTheTruth(store)).toMatchObject({ stale: 0 });
      console.log(`${current} tiles were in, ${updated} were not`);
    },
  );

  test('of passes begun at once one does the work, and the others say so or find nothing to do', async () => {
    const store = await place();
    await cubeAt(store);
    const all = await Promise.all([1, 2, 3].map(() => runCommand(passArgs(store))));
    const done = all.filter(({ code }) => code === 0);
    const updated = done.map(({ stdout }) => (JSON.parse(stdout) as { updated: number }).updated);
    expect(updated.filter((tiles) => tiles > 0)).toHaveLength(1);
    for (const { code, stderr } of all)
      if (code !== 0)
        expect(stderr).toMatch(
          /^geocubes: Expected to be the only process that brings the overviews of this cube up to date but another one does\. [^\n]*\n$/,
        );
    expect(await expectMarksTellTheTruth(store)).toMatchObject({ stale: 0 });
  });

  test('while tiles come, go and are fetched again, marks tell the truth, and the next pass does what is left', async () => {
    const store = await place();
    const cube = await cubeAt(store);
    const random = randomFrom(SEED + 1);
    for (let round = 0; round < 4; round++) {
      const running = runCommand(passArgs(store));
      let isOver = false;
      void running.then(() => {
        isOver = true;
      });
      // In a plain directory nothing is fetched again: it has no commits.
      if (suffix === '' && round % 2 === 1)
        await cube.ingest(ROI, { source, pool, refreshBefore: new Date() });
      while (!isOver) await change(cube, random);
      const { code, stderr } = await running;
      // A chunk that goes while it is read is told, and the pass ends; another one goes on.
      if (code !== 0)
        expect({ code, stderr }).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/^geocubes: Expected /),
        });
      const { current, stale } = await expectMarksTellTheTruth(store);
      console.log(`round ${round}: code ${code}, ${current} tiles in, ${stale} not`);
    }
    await pass(store);
    expect((await expectMarksTellTheTruth(store)).stale).toBe(0);
  });

  test('a full disk ends a pass with a line; what is marked is in the levels, and with room the next goes on', async ({
    skip,
  }) => {
    const { path, remove } = await temporaryFolder();
    onTestFinished(remove);
    const name = `cube${suffix}`;
    await cubeAt(join(path, 'made', name));
    const used = await bytesOf(join(path, 'made'));
    const disk = await openSmallDisk(path, { disk: used + 100_000, preloaded: 60_000 });
    if (typeof disk === 'string') return skip(disk);
    onTestFinished(() => disk.close());
    const [program = 'cp', ...before] = [...disk.under, 'cp'];
    // The library that counts bytes is for the command alone.
    const copy = disk.under[0] === 'env' ? ['cp'] : [program, ...before];
    execFileSync(copy[0] ?? 'cp', [...copy.slice(1), '-r', join(path, 'made', name), disk.path]);
    const store = join(disk.path, name);
    const full = await runCommand(passArgs(store), {}, undefined, disk.under);
    expect(full.code).toBe(1);
    expect(full.stderr).toMatch(
      /^(?:\d+ of \d+ tiles\n)*geocubes: Expected room for [^\n]*full[^\n]*\n$/,
    );
    await disk.copy(name, join(path, 'full', name));
    expect((await expectMarksTellTheTruth(join(path, 'full', name))).stale).toBeGreaterThan(0);
    disk.grow();
    const { code, stderr } = await runCommand(passArgs(store), {}, undefined, disk.under);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await disk.copy(name, join(path, 'grown', name));
    expect(await expectMarksTellTheTruth(join(path, 'grown', name))).toMatchObject({ stale: 0 });
  });
});

describe.each(longRunServers())('in an object store of %s', (name) => {
  const lacking = SERVERS[name];
  test.skipIf(typeof lacking === 'string')(
    `after ${KILLS_IN_S3} kills at random moments, tiles are marked as in the levels that are in them, and a pass does the rest`,
    async () => {
      const { path, remove } = await temporaryFolder();
      onTestFinished(remove);
      const s3 = (await startS3(name, path)) as S3Server;
      onTestFinished(() => s3.close());
      Object.assign(process.env, s3.env);
      const story = await killPasses(s3.store('levels'), KILLS_IN_S3, { ...s3.env });
      console.log(story.join('\n'));
    },
  );
});

/** On a disk with blocks of 4 KiB. */
async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true })) {
    const { size } = await stat(join(folder, entry));
    bytes += Math.ceil(size / 4096) * 4096;
  }
  return bytes;
}
