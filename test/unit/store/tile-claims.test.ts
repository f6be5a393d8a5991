import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { tileId } from '../../../src/grid/tiling.js';
import { Ledger, TileState } from '../../../src/store/ledger.js';
import type { Repository } from '../../../src/store/repository.js';
import { openClaims } from '../../../src/store/tile-claims.js';

const TILE = { row: 1, col: 2 };
const OTHER = { row: 1, col: 3 };

let parent: string;
let folder: string;
/** What the ledger of the store is kept in. */
let entries: Map<string, Buffer>;
let reads: number;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'geocubes-claims-'));
  folder = join(parent, 'cube.claims');
  entries = new Map();
  reads = 0;
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(parent, { recursive: true, force: true });
});

const store = {
  get: async (key: string) => {
    reads++;
    return entries.get(key);
  },
  set: async (key: string, value: Buffer) => void entries.set(key, value),
};

function claims(kind: 'local' | 'memory' = 'local') {
  const location = kind === 'local' ? { kind, path: join(parent, 'cube') } : { kind };
  const repository = { location, readSession: async () => ({ store }) };
  return openClaims(repository as unknown as Repository);
}

async function commit(tile: typeof TILE): Promise<void> {
  const ledger = new Ledger(store);
  await ledger.set(tile, TileState.loaded);
  await ledger.flush();
}

const fileOf = (tile: typeof TILE) => join(folder, `${tileId(tile)}.json`);

/** A claim as another run would have left it. */
async function leaveClaim(owner: object | string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const text = typeof owner === 'string' ? owner : JSON.stringify(owner);
  await writeFile(fileOf(TILE), text);
}

async function age(minutes: number): Promise<void> {
  const then = new Date(Date.now() - minutes * 60_000);
  await utimes(fileOf(TILE), then, then);
}

/** The id of a process that has ended. */
const deadPid = () => spawnSync(process.execPath, ['--version']).pid;

describe('of two runs on one folder', () => {
  test('one gets a tile and the other is told that it is busy, until it is given up', async () => {
    const [one, other] = [claims(), claims()];
    expect(await one.claim(TILE)).toBe('ours');
    expect(await other.claim(TILE)).toBe('busy');
    expect(await other.claim(OTHER)).toBe('ours');
    await one.release(tileId(TILE));
    expect(await other.claim(TILE)).toBe('ours');
    await Promise.all([one.close(), other.close()]);
  });

  test('exactly one gets each of many tiles that both want at the same moment', async () => {
    const both = [claims(), claims()];
    const tiles = Array.from({ length: 50 }, (_, col) => ({ row: 0, col }));
    const answers = await Promise.all(
      tiles.map((tile) => Promise.all(both.map((each) => each.claim(tile)))),
    );
    expect(answers.map((pair) => pair.toSorted())).toEqual(tiles.map(() => ['busy', 'ours']));
    await Promise.all(both.map((each) => each.close()));
  });

  test('a tile that one has committed is loaded for the other, and nobody keeps it claimed', async () => {
    const [one, other] = [claims(), claims()];
    await one.claim(TILE);
    await commit(TILE);
    // Committed, and not given up yet.
    expect(await other.claim(TILE)).toBe('busy');
    await one.release(tileId(TILE));
    expect(await other.claim(TILE)).toBe('loaded');
    expect(existsSync(fileOf(TILE))).toBe(false);
    await Promise.all([one.close(), other.close()]);
  });

  test('the last one to leave removes the folder', async () => {
    const [one, other] = [claims(), claims()];
    await one.claim(TILE);
    await other.claim(OTHER);
    await one.close();
    expect(await readdir(folder)).toEqual([`${tileId(OTHER)}.json`]);
    await other.close();
    expect(existsSync(folder)).toBe(false);
  });

  test('the folder may go between two claims, and is made anew', async () => {
    const one = claims();
    await one.claim(TILE);
    await rm(folder, { recursive: true });
    expect(await one.claim(OTHER)).toBe('ours');
    await one.close();
    expect(existsSync(folder)).toBe(false);
  });
});

describe('a claim is taken over', () => {
  test.each([
    ['of a process that has ended', () => ({ pid: deadPid(), host: hostname(), run: 'r' }), 0],
    [
      'of an earlier process that had the pid of this one, as in a container',
      () => ({ pid: process.pid, host: hostname(), run: 'unknown' }),
      0,
    ],
    [
      'of another machine, when it was not touched for minutes',
      () => ({ pid: 1, host: 'elsewhere', run: 'r' }),
      4,
    ],
    [
      'of a process that runs, when it was not touched for minutes',
      () => ({ pid: process.ppid, host: hostname(), run: 'r' }),
      4,
    ],
    ['that nobody has signed, when it is some time old', () => '', 0.5],
  ])('%s', async (_, owner, minutes) => {
    await leaveClaim(owner());
    await age(minutes);
    const one = claims();
    expect(await one.claim(TILE)).toBe('ours');
    expect(JSON.parse(await readFile(fileOf(TILE), 'utf8'))).toMatchObject({ pid: process.pid });
    await one.close();
    expect(existsSync(folder)).toBe(false);
  });

  test('by one run alone, where several find it', async () => {
    await leaveClaim({ pid: deadPid(), host: hostname(), run: 'r' });
    const several = Array.from({ length: 4 }, () => claims());
    const answers = await Promise.all(several.map((each) => each.claim(TILE)));
    // While one takes it over, each of them may be told that it is busy, and asks again.
    if (!answers.includes('ours')) answers[0] = (await several[0]?.claim(TILE)) ?? 'busy';
    expect(answers.toSorted()).toEqual(['busy', 'busy', 'busy', 'ours']);
    await Promise.all(several.map((each) => each.close()));
    expect(existsSync(folder)).toBe(false);
  });
});

test('a run that was killed while it took a claim over does not keep others from it', async () => {
  const dead = { pid: deadPid(), host: hostname(), run: 'r' };
  await leaveClaim(dead);
  await writeFile(join(folder, 'takeover.json'), JSON.stringify(dead));
  const one = claims();
  expect(await one.claim(TILE)).toBe('ours');
  await one.close();
  expect(existsSync(folder)).toBe(false);
});

describe('a claim is respected', () => {
  test.each([
    ['of a process that runs', () => ({ pid: process.ppid, host: hostname(), run: 'r' })],
    ['of another machine', () => ({ pid: 1, host: 'elsewhere', run: 'r' })],
    ['that is being written at this moment', () => ''],
  ])('%s', async (_, owner) => {
    await leaveClaim(owner());
    const one = claims();
    expect(await one.claim(TILE)).toBe('busy');
    await one.close();
    expect(existsSync(fileOf(TILE))).toBe(true);
  });

  test('for as long as its run lasts, because the run touches it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const one = claims();
    await one.claim(TILE);
    await age(4);
    vi.advanceTimersByTime(31_000);
    const other = claims();
    await vi.waitFor(async () => expect(await other.claim(TILE)).toBe('busy'));
    await Promise.all([one.close(), other.close()]);
  });
});

test('a run that has nothing to claim clears away what a killed one left', async () => {
  await leaveClaim({ pid: deadPid(), host: hostname(), run: 'r' });
  await claims().close();
  expect(existsSync(folder)).toBe(false);
});

test('a run clears away what another one left that was killed since it began', async () => {
  const run = claims();
  expect(await run.claim(OTHER)).toBe('ours');
  await leaveClaim({ pid: deadPid(), host: hostname(), run: 'r' });
  await run.close();
  expect(existsSync(folder)).toBe(false);
});

test('a place where nothing can be written is a store error, and leaves nothing', async () => {
  // A file is where the folder should be.
  await writeFile(folder, 'in the way');
  const one = claims();
  await expect(one.claim(TILE)).rejects.toMatchObject({ tag: 'store', kind: 'io' });
  await one.close();
  expect(await readFile(folder, 'utf8')).toBe('in the way');
});

test('stores that are no local folder have no claims, and are asked for their ledger now and then', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const [one, other] = [claims('memory'), claims('memory')];
  expect(await one.claim(TILE)).toBe('ours');
  expect(await other.claim(TILE)).toBe('ours');
  const before = reads;
  expect(await one.claim(OTHER)).toBe('ours');
  expect(reads).toBe(before);
  await commit(OTHER);
  vi.advanceTimersByTime(5_001);
  expect(await one.claim(OTHER)).toBe('loaded');
  expect(existsSync(folder)).toBe(false);
});
