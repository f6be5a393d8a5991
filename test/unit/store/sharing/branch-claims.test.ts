import { beforeEach, describe, expect, test, vi } from 'vitest';
import { tileId } from '../../../../src/grid/tiling.js';
import { loadIcechunk } from '../../../../src/store/icechunk/load.js';
import { branchMarks } from '../../../../src/store/remote/branch-marks.js';
import type { Marks } from '../../../../src/store/session.js';
import { BranchClaims } from '../../../../src/store/sharing/branch-claims.js';
import type { NewestLedger } from '../../../../src/store/sharing/newest-ledger.js';
import { PATIENT } from '../../../patience.js';

const TILE = { row: 1, col: 2 };
const OTHER = { t: 3, row: 1, col: 3 };
const TIMES = { beat: 40, lease: 400, confirm: 400 };
/** Where a lease must last: a busy machine may let a run wait for some beats. */
const LONG = { beat: 40, lease: 1500, confirm: 1500 };

let marks: Marks;
let loaded: Set<string>;
let history: () => Promise<number>;

beforeEach(async () => {
  const { Repository, Storage } = await loadIcechunk();
  const repo = await Repository.create(await Storage.newInMemory(), undefined, 1);
  marks = branchMarks(repo, 'main', () => repo.writableSession('main'));
  history = async () => (await repo.ancestry({ branch: 'main' })).length;
  loaded = new Set();
});

const newest = {
  isLoaded: async (index: typeof TILE) => loaded.has(tileId(index)),
} as unknown as NewestLedger;
const run = (times = TIMES) => new BranchClaims(marks, newest, newest, times);

describe('of two runs on one object store', () => {
  test('one gets a tile and the other is told that it is busy, until it is given up or committed', async () => {
    const [one, other] = [run(), run()];
    expect(await one.claim(TILE)).toBe('ours');
    expect(await other.claim(TILE)).toBe('busy');
    expect(await other.claim(OTHER)).toBe('ours');
    await one.release(tileId(TILE));
    expect(await other.claim(TILE)).toBe('ours');
    loaded.add(tileId(TILE));
    await other.release(tileId(TILE));
    expect(await one.claim(TILE)).toBe('loaded');
    await Promise.all([one.close(), other.close()]);
    expect(await marks.list()).toEqual(['main']);
    // Nothing was committed by all that.
    expect(await history()).toBe(1);
  });

  test('exactly one gets each of many tiles that both want at the same moment', async () => {
    const both = [run(), run()];
    const tiles = Array.from({ length: 30 }, (_, col) => ({ row: 0, col }));
    const answers = await Promise.all(
      tiles.map((tile) => Promise.all(both.map((each) => each.claim(tile)))),
    );
    expect(answers.map((pair) => pair.toSorted())).toEqual(tiles.map(() => ['busy', 'ours']));
    await Promise.all(both.map((each) => each.close()));
    expect(await marks.list()).toEqual(['main']);
  });
});

describe('a claim', () => {
  test('is respected for as long as its run beats', async () => {
    const [one, other] = [run(LONG), run(LONG)];
    await one.claim(TILE);
    const until = Date.now() + 2 * LONG.lease;
    while (Date.now() < until) expect(await other.claim(TILE)).toBe('busy');
    await Promise.all([one.close(), other.close()]);
  });

  test('of a run that was killed is taken over after a lease, by one alone, and cleared away', async () => {
    const dead = run({ ...TIMES, beat: 1_000_000 });
    await dead.claim(TILE);
    await dead.claim(OTHER);
    const both = [run(), run()];
    expect(await both[0]?.claim(TILE)).toBe('busy');
    const answers: string[] = [];
    await vi.waitFor(async () => {
      answers.push(...(await Promise.all(both.map((each) => each.claim(TILE)))));
      expect(answers).toContain('ours');
    }, PATIENT);
    expect(answers.filter((answer) => answer === 'ours')).toHaveLength(1);
    await Promise.all(both.map((each) => each.close()));
    expect(await marks.list()).toEqual(['main']);
    // The dead one wakes, and takes nothing from anybody.
    const third = run();
    expect(await third.claim(TILE)).toBe('ours');
    await dead.release(tileId(TILE));
    expect(await third.claim(TILE)).toBe('busy');
    await third.close();
  });
});
