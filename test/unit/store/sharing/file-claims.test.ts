import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { tileId } from '../../../../src/grid/tiling.js';
import { LocalStore } from '../../../../src/store/durability/local-store.js';
import type { Repository } from '../../../../src/store/repository.js';
import { thisProcess } from '../../../../src/store/sharing/process-identity.js';
import { openClaims } from '../../../../src/store/sharing/tile-claims.js';
import { Ledger, TileState } from '../../../../src/store/tiles/ledger.js';
import { PATIENT } from '../../../patience.js';

/** What is written whole, and what the system answers to a link where it is to refuse one. */
const files = vi.hoisted(() => ({
  written: [] as string[],
  refusesLinks: undefined as string | undefined,
}));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const writeFile: typeof real.writeFile = (path, ...rest) => {
    files.written.push(String(path));
    return real.writeFile(path, ...rest);
  };
  const link: typeof real.link = async (...paths) => {
    const { refusesLinks: code } = files;
    if (code !== undefined) throw Object.assign(new Error('link'), { code });
    await real.link(...paths);
  };
  return { ...real, link, writeFile };
});

const TILE = { row: 1, col: 2 };
const OTHER = { row: 1, col: 3 };
/** Short ones, so that tests need not wait. */
const TIMES = { beat: 40, lease: 400, confirm: 150 };
/** Where a lease must last: a busy machine may let a process wait for some beats. */
const LONG = { beat: 40, lease: 1500, confirm: 600 };

let parent: string;
/** What lies in the store while it is shared. */
let shared: string;
let folder: string;
/** What the ledger of the store is kept in. */
let entries: Map<string, Buffer>;
let reads: number;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'geocubes-claims-'));
  await mkdir(join(parent, 'cube'));
  shared = join(parent, 'cube', '.geocubes');
  folder = join(shared, 'claims');
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

function claims(kind: 'local' | 'memory' = 'local', times = TIMES) {
  const location = kind === 'local' ? { kind, path: join(parent, 'cube') } : { kind };
  const repository = { location, readSession: async () => ({ store }) };
  return openClaims(repository as unknown as Repository, { times });
}

async function commit(tile: typeof TILE): Promise<void> {
  const ledger = new Ledger(store);
  await ledger.set(tile, TileState.loaded);
  await ledger.flush();
}

const fileOf = (tile: typeof TILE) => join(folder, `${tileId(tile)}.json`);

/** A claim as a process that was killed would have left it. @returns the process's folder */
async function leaveClaim(owner: object): Promise<string> {
  const id = randomUUID();
  const process = join(shared, 'processes', id);
  await Promise.all([mkdir(folder, { recursive: true }), mkdir(process, { recursive: true })]);
  await writeFile(
    join(process, 'process.json'),
    JSON.stringify({ geocubes: 'process', id, ...owner }),
  );
  await writeFile(join(process, '0.draft'), 'half of a chunk');
  await writeFile(fileOf(TILE), JSON.stringify({ geocubes: 'claim', owner: id }));
  return process;
}

async function age(process: string, minutes: number): Promise<void> {
  const then = new Date(Date.now() - minutes * 60_000);
  await utimes(join(process, 'process.json'), then, then);
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

  test('and of one opened cube alike', async () => {
    const local = new LocalStore(join(parent, 'cube'), {}, TIMES);
    const location = { kind: 'local', path: join(parent, 'cube') };
    const repository = { location, local, readSession: async () => ({ store }) };
    const [one, other] = [0, 1].map(() => openClaims(repository as unknown as Repository));
    expect(await one?.claim(TILE)).toBe('ours');
    expect(await other?.claim(TILE)).toBe('busy');
    await one?.release(tileId(TILE));
    expect(await other?.claim(TILE)).toBe('ours');
    expect(await one?.claim(TILE)).toBe('busy');
    await Promise.all([one?.close(), other?.close()]);
    expect(existsSync(shared)).toBe(false);
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
    expect(existsSync(shared)).toBe(false);
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

/** Asks until a tile is ours, as a run does with a tile that another has. */
async function claimed(run: ReturnType<typeof claims>): Promise<void> {
  await vi.waitFor(async () => expect(await run.claim(TILE)).toBe('ours'), PATIENT);
}

const elsewhere = { ...thisProcess(), boot: 'another', host: 'elsewhere' };

describe('a claim is taken over, and what its owner left goes,', () => {
  test.each([
    ['of a process that has ended', () => ({ ...thisProcess(), pid: deadPid() })],
    [
      'of an earlier process that had the pid of this one, as in a container',
      () => ({ ...thisProcess(), started: '1' }),
    ],
    [
      'of an earlier process that had the pid of another one',
      () => ({ ...thisProcess(), pid: process.ppid, started: '1' }),
    ],
  ])('at once: %s', async (_, owner) => {
    const left = await leaveClaim(owner());
    const one = claims();
    expect(await one.claim(TILE)).toBe('ours');
    expect(existsSync(left)).toBe(false);
    await one.close();
    expect(existsSync(shared)).toBe(false);
  });

  test.each([
    ['of another machine', () => elsewhere],
    [
      'of a container with the same name, whose pids are others',
      () => ({ ...thisProcess(), namespace: 'pid:[1]', pid: process.ppid }),
    ],
    [
      'of a process that runs and sleeps',
      () => ({ ...thisProcess(), pid: process.ppid, started: undefined }),
    ],
  ])('after a lease without a beat: %s', async (_, owner) => {
    await leaveClaim(owner());
    const one = claims();
    expect(await one.claim(TILE)).toBe('busy');
    await claimed(one);
    await one.close();
    expect(existsSync(shared)).toBe(false);
  });

  test('after a short watch: of another machine whose last beat is old by the clock of the file system', async () => {
    const left = await leaveClaim(elsewhere);
    await age(left, 60);
    const one = claims('local', { beat: 40, lease: 30_000, confirm: 100 });
    expect(await one.claim(TILE)).toBe('busy');
    await claimed(one);
    await one.close();
  });

  test('by one run alone, where several find it', async () => {
    await leaveClaim({ ...thisProcess(), pid: deadPid() });
    const several = Array.from({ length: 4 }, () => claims());
    const answers = await Promise.all(several.map((each) => each.claim(TILE)));
    // While one takes it over, each of them may be told that it is busy, and asks again.
    if (!answers.includes('ours')) answers[0] = (await several[0]?.claim(TILE)) ?? 'busy';
    expect(answers.toSorted()).toEqual(['busy', 'busy', 'busy', 'ours']);
    await Promise.all(several.map((each) => each.close()));
    expect(existsSync(shared)).toBe(false);
  });

  test('that was cut off by a power cut, when it is some time old', async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(fileOf(TILE), '');
    const then = new Date(Date.now() - 30_000);
    await utimes(fileOf(TILE), then, then);
    const one = claims();
    expect(await one.claim(TILE)).toBe('ours');
    await one.close();
    expect(existsSync(shared)).toBe(false);
  });
});

describe('a claim is respected', () => {
  test('that is being written, however far the clocks of this machine and of the file system are apart', async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(fileOf(TILE), '');
    const hour = 3_600_000;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => performance.timeOrigin + hour);
    const one = claims();
    expect(await one.claim(TILE)).toBe('busy');
    await one.close();
    clock.mockRestore();
    expect(await readdir(folder)).toEqual([`${tileId(TILE)}.json`]);
  });

  test('of a process that runs and of one on another machine, while they beat', async () => {
    for (const owner of [{ ...thisProcess(), pid: process.ppid, started: undefined }, elsewhere]) {
      const left = await leaveClaim(owner);
      const record = join(left, 'process.json');
      const text = await readFile(record);
      const beat = setInterval(() => void writeFile(record, text).catch(() => {}), 50);
      const one = claims('local', LONG);
      const until = Date.now() + 2 * LONG.lease;
      while (Date.now() < until) {
        expect(await one.claim(TILE)).toBe('busy');
        await sleep(30);
      }
      clearInterval(beat);
      await one.close();
      await rm(shared, { recursive: true });
    }
  });

  test('for as long as its run lasts, because the run beats', async () => {
    const [one, other] = [claims('local', LONG), claims('local', LONG)];
    await one.claim(TILE);
    await sleep(2 * LONG.lease);
    expect(await other.claim(TILE)).toBe('busy');
    await Promise.all([one.close(), other.close()]);
    expect(existsSync(shared)).toBe(false);
  });
});

test('a run that has nothing to claim clears away what a killed one left', async () => {
  await leaveClaim({ ...thisProcess(), pid: deadPid() });
  await claims().close();
  expect(existsSync(shared)).toBe(false);
});

test('a run clears away what another one left that was killed since it began', async () => {
  const run = claims();
  expect(await run.claim(OTHER)).toBe('ours');
  await leaveClaim({ ...thisProcess(), pid: deadPid() });
  await run.close();
  expect(existsSync(shared)).toBe(false);
});

describe('a name is whole from its first moment', () => {
  test('of a claim, of a failure and of a process: what is written gets its name when it is whole', async () => {
    files.written.length = 0;
    const one = claims();
    expect(await one.claim(TILE)).toBe('ours');
    await one.giveUp(tileId(TILE));
    expect(await one.isGivenUp(tileId(TILE))).toBe(true);
    const written = files.written.filter((path) => path.startsWith(shared));
    // The process, the claim and the failure, each beside its place.
    expect(written).toHaveLength(3);
    for (const path of written) expect(path).toMatch(/\.draft$/);
    await one.close();
    expect(existsSync(shared)).toBe(false);
  });

  test('a process that was killed before it had one is cleared away at once, with its drafts', async () => {
    const killed = join(shared, 'processes', randomUUID());
    await mkdir(killed, { recursive: true });
    await writeFile(join(killed, '0.draft'), '{"geocubes":"proc');
    await writeFile(join(killed, '1.draft'), '');
    const run = claims();
    expect(await run.claim(TILE)).toBe('ours');
    expect(existsSync(killed)).toBe(false);
    await run.close();
    expect(existsSync(shared)).toBe(false);
  });

  test('a process that signs while another clears away unsigned ones keeps its record', async () => {
    const local = new LocalStore(join(parent, 'cube'), {}, TIMES);
    const leave = await local.sharing.enter();
    for (let i = 0; i < 200; i++) {
      const id = randomUUID();
      const own = join(shared, 'processes', id);
      await mkdir(own);
      const draft = join(own, '0.draft');
      const record = join(own, 'process.json');
      const swept = local.sharing.forget(id);
      const signed = await writeFile(
        draft,
        JSON.stringify({ geocubes: 'process', id, ...elsewhere }),
      )
        .then(() => rename(draft, record))
        .then(
          () => true,
          () => false,
        );
      await swept;
      // What it was told is so: it is there, or it knows that it has to sign again.
      expect(existsSync(record)).toBe(signed);
      await rm(own, { recursive: true, force: true });
    }
    await leave();
  });

  test('claims are made, and exclude one another, where a file system has no hard links', async () => {
    const local = new LocalStore(join(parent, 'cube'), {}, TIMES);
    const leave = await local.sharing.enter();
    await mkdir(folder);
    const file = fileOf(TILE);
    files.refusesLinks = 'EPERM';
    try {
      await local.sharing.publishNew(file, 'first');
      await expect(local.sharing.publishNew(file, 'second')).rejects.toMatchObject({
        code: 'EEXIST',
      });
    } finally {
      files.refusesLinks = undefined;
    }
    expect(await readFile(file, 'utf8')).toBe('first');
    expect(await readdir(local.sharing.own)).toEqual(['process.json']);
    await rm(file);
    await leave();
    expect(existsSync(shared)).toBe(false);
  });
});

describe('what is not ours is not touched', () => {
  test('beside the store: files and folders that an earlier version would have taken for its own', async () => {
    const files = [
      'cube.lock/flake.txt',
      'cube.claims/claim-2026.pdf',
      'cube.drafts/notes',
      'cube.lock.takeover',
    ];
    for (const file of files) {
      await mkdir(join(parent, file, '..'), { recursive: true });
      await writeFile(join(parent, file), 'mine');
    }
    const one = claims();
    expect(await one.claim(TILE)).toBe('ours');
    await one.close();
    for (const file of files) expect(await readFile(join(parent, file), 'utf8')).toBe('mine');
  });

  test('in the store: whatever does not parse as ours stays, and links are not followed', async () => {
    const theirs = join(parent, 'theirs');
    await mkdir(join(theirs, 'deep'), { recursive: true });
    await mkdir(join(shared, 'processes', randomUUID()), { recursive: true });
    const [strange] = await readdir(join(shared, 'processes'));
    await writeFile(join(shared, 'processes', strange ?? '', 'notes.txt'), 'mine');
    await symlink(theirs, join(shared, 'processes', randomUUID()));
    await mkdir(folder);
    for (const name of ['1-9.json', '7-7.json', 'claim-2026.pdf'])
      await writeFile(
        join(theirs, name),
        JSON.stringify({ geocubes: 'claim', owner: randomUUID() }),
      );
    await symlink(join(theirs, '1-9.json'), join(folder, '1-9.json'));
    await writeFile(join(folder, 'claim-2026.pdf'), 'mine');
    await writeFile(join(folder, '8-8.json'), '{"mine":true}');
    const before = await readdir(parent, { recursive: true });
    const one = claims();
    expect(await one.claim(TILE)).toBe('ours');
    await expect(one.claim({ row: 8, col: 8 })).rejects.toMatchObject({ tag: 'store', kind: 'io' });
    await expect(one.claim({ row: 1, col: 9 })).rejects.toThrow('left as it is');
    await one.close();
    expect(await readdir(parent, { recursive: true })).toEqual(before);
  });

  test.each(['a link', 'a file'])(
    'where %s has the name of the sharing folder, a run says so',
    async (what) => {
      const theirs = join(parent, 'theirs');
      await mkdir(theirs);
      await writeFile(join(theirs, '1-2.json'), 'mine');
      if (what === 'a link') await symlink(theirs, shared);
      else await writeFile(shared, 'mine');
      const one = claims();
      await expect(one.claim(TILE)).rejects.toThrow(
        /Expected a folder of geocubes at .* Move it away/,
      );
      await one.close().catch(() => {});
      expect(await readdir(theirs)).toEqual(['1-2.json']);
    },
  );
});

test('an older version that is filling the store is told from one that is gone', async () => {
  const old = join(parent, 'cube.claims');
  await mkdir(old);
  const sign = (pid: number) =>
    writeFile(join(old, '0-0.json'), JSON.stringify({ pid, host: hostname(), run: randomUUID() }));
  await sign(process.ppid);
  await expect(claims().claim(TILE)).rejects.toMatchObject({ tag: 'store', kind: 'conflict' });
  await sign(deadPid());
  const one = claims();
  expect(await one.claim(TILE)).toBe('ours');
  await one.close();
  expect(await readdir(old)).toEqual(['0-0.json']);
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
