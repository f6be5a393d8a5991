import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { asOnlyPass } from '../../../../src/cube/overviews/only-pass.js';
import { AbortedError, StoreError } from '../../../../src/errors.js';
import { loadIcechunk } from '../../../../src/store/icechunk/load.js';
import { branchMarks } from '../../../../src/store/remote/branch-marks.js';
import type { Marks } from '../../../../src/store/session.js';
import { openClaims } from '../../../../src/store/sharing/tile-claims.js';

const TIMES = { beat: 40, lease: 400, confirm: 400 };
const PLACE = { row: 5, col: 7 };

type Opened = Parameters<typeof asOnlyPass>[0];
type Claiming = Parameters<typeof openClaims>[0];

let marks: Marks;
let repository: Claiming;
let cube: Opened;

/** An object store's marks, and nothing in it that is loaded. */
beforeEach(async () => {
  const { Repository, Storage } = await loadIcechunk();
  const repo = await Repository.create(await Storage.newInMemory(), undefined, 1);
  marks = branchMarks(repo, 'main', () => repo.writableSession('main'));
  const store = { get: async () => undefined, getRange: async () => undefined };
  repository = {
    location: { kind: 's3', bucket: 'cubes', prefix: 'one' },
    marks,
    readSession: async () => ({ store, version: 'first' }),
  } as unknown as Claiming;
  cube = { repository, grid: { rows: PLACE.row, cols: PLACE.col } } as unknown as Opened;
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A pass that dies: none of its beats comes any more. */
async function deadPass(): Promise<void> {
  let isDead = false;
  const dying = {
    ...marks,
    move: async (...args: Parameters<Marks['move']>) => !isDead && marks.move(...args),
  };
  const create = async (...args: Parameters<Marks['create']>) => !isDead && marks.create(...args);
  const claims = openClaims({ ...repository, marks: { ...dying, create } }, { times: TIMES });
  expect(await claims.claim(PLACE)).toBe('ours');
  isDead = true;
}

test('in an object store, what a pass held that died is taken over by the first one that comes, after a lease', async () => {
  await deadPass();
  const onWait = vi.fn();
  const work = vi.fn(async () => 'done');
  expect(await asOnlyPass(cube, work, { times: TIMES, onWait })).toBe('done');
  expect(onWait).toHaveBeenCalledExactlyOnceWith(1, TIMES.lease);
  expect(work).toHaveBeenCalledOnce();
  expect(await marks.list()).toEqual(['main']);
});

test('where another pass lives, one is told so as soon as that is seen, and does nothing', async () => {
  let end = () => {};
  const others = new Promise<void>((resolve) => {
    end = resolve;
  });
  const other = asOnlyPass(cube, () => others, { times: { ...TIMES, lease: 60_000 } });
  await vi.waitFor(async () => expect((await marks.list()).length).toBeGreaterThan(2));
  const work = vi.fn(async () => {});
  const refused = asOnlyPass(cube, work, { times: { ...TIMES, lease: 60_000 } });
  await expect(refused).rejects.toThrow(
    /^Expected to be the only process that brings the overviews of this cube up to date but another one does\./,
  );
  await expect(refused).rejects.toBeInstanceOf(StoreError);
  expect(work).not.toHaveBeenCalled();
  end();
  await other;
  expect(await marks.list()).toEqual(['main']);
});

test('one that is stopped while it waits says so, and leaves nothing', async () => {
  await deadPass();
  const left = await marks.list();
  const stop = new AbortController();
  const work = vi.fn(async () => {});
  const stopped = asOnlyPass(cube, work, {
    times: { ...TIMES, lease: 60_000 },
    signal: stop.signal,
    onWait: () => stop.abort(),
  });
  await expect(stopped).rejects.toBeInstanceOf(AbortedError);
  expect(work).not.toHaveBeenCalled();
  expect((await marks.list()).toSorted()).toEqual(left.toSorted());
});
