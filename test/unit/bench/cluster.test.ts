import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { jain, mostInASecond, served, together } from '../../../native-bench/cluster/figures.mjs';
import { writePage } from '../../../native-bench/cluster/page.mjs';
import { coefficients, writeLargePage } from '../../../native-bench/growth/large-page.mjs';
import { writeHistoryPage } from '../../../native-bench/life/history-page.mjs';

const read = (path: string) =>
  readFileSync(new URL(`../../../native-bench/${path}`, import.meta.url), 'utf8');

describe('what a service did in a stretch of time', () => {
  const noted = [
    // Two places, in use half of the time.
    { endedAt: 1_500, ms: 1_000, project: 'a', status: 200 },
    { endedAt: 2_500, ms: 1_000, project: 'b', status: 200 },
    { endedAt: 1_200, ms: 0, project: 'b', status: 429 },
    { endedAt: 4_000, ms: 1_000, project: 'a', status: 200 },
  ];

  test('counts what ended in it, and of what lasted longer the part that was in it', () => {
    expect(served(noted, { from: 1_000, to: 3_000 })).toEqual({
      ...{ seconds: 2, perSecond: 1, meanMs: 1_000, underWay: 0.75, refused: 1 },
      ...{ processes: 2, least: 1, most: 1, jain: 1 },
    });
  });

  test('has at most so many requests begun in a second as begin in any', () => {
    expect(mostInASecond(noted)).toBe(1);
    expect(mostInASecond([...noted, { endedAt: 1_600, ms: 200, project: 'a', status: 200 }])).toBe(
      2,
    );
  });

  test('is fair where all have the same, and as unfair as can be where one has all', () => {
    expect([jain([5, 5, 5]), jain([1, 0, 0, 0])]).toEqual([1, 0.25]);
  });
});

test('what several runs have done together is counted while all of them are at work', () => {
  const run = (times: readonly number[], lostRaces?: number) => [
    { msg: 'planned', time: 0 },
    ...times.map((time) => ({ msg: 'fetched', time })),
    ...times.map((time) => ({ msg: 'written', time })),
    { msg: 'committed', time: 5_000, ms: 100, tiles: times.map(String), lostRaces },
  ];
  const found = together([
    run([1_000, 2_000, 3_000, 4_000], 2),
    run([2_000, 2_500, 3_000, 3_500, 4_000]),
  ]);
  expect(found).toMatchObject({ tiles: 9, lostRaces: 2, commits: 2, stretchSeconds: 2 });
  // From 2 s on, until the first of them has its last tile: two and four.
  expect(found.perSecond).toBe(3);
  expect(found.slowestToMean).toBeCloseTo(2 / 3, 9);
  expect(found.commitShare).toBeCloseTo(0.02, 9);
  expect(found.wholePerSecond).toBeCloseTo(9 / 5, 9);
});

test('what a commit writes is the line through what was measured', () => {
  const cubes = { alphaEarth: { bands: 2 } };
  const point = (squares: number, inSquare: number) => ({
    squares,
    inSquare,
    groups: [
      {
        group: 1,
        snapshotBytes: 1_000 + 25 * 2 * squares,
        manifestBytes: 19 * 2 * inSquare,
        transactionBytes: 70,
      },
    ],
  });
  const found = coefficients({ cubes, points: [point(1, 60), point(3, 50), point(11, 100)] });
  expect(found.perManifest).toBeCloseTo(25, 9);
  expect(found.snapshotBase).toBeCloseTo(1_000, 9);
  expect(found).toMatchObject({ perReference: 19, perTile: 70 });
});

test.each([
  ['results/cluster.json', 'cluster/README.md', writePage],
  ['results/growth-large.json', 'growth/README.md', writeLargePage],
  ['results/history.json', 'life/README.md', writeHistoryPage],
] as const)('every number of a page comes from %s', (results, page, write) => {
  expect(write(JSON.parse(read(results)))).toBe(read(page));
});
