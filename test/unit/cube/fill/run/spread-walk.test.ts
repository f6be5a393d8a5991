import { expect, test } from 'vitest';
import { SpreadWalk } from '../../../../../src/cube/fill/run/spread-walk.js';
import { TileQueue } from '../../../../../src/cube/fill/run/tile-queue.js';
import { type TileIndex, tileId } from '../../../../../src/grid/tiling.js';
import type { PlannedTile } from '../../../../../src/tile.js';

function planOf(count: number) {
  return {
    pending: count,
    *plannedTiles(from = 0, to = count) {
      for (let col = from; col < to; col++)
        yield { id: `0-${col}`, index: { row: 0, col }, requests: [] } as unknown as PlannedTile;
    },
  };
}

const numbers = (tiles: Iterable<PlannedTile>) => [...tiles].map(({ index }) => index.col);

function* rest(walk: SpreadWalk): Generator<PlannedTile> {
  for (let tile = walk.next(); tile !== undefined; tile = walk.next()) yield tile;
}

test('a walk that meets nobody is in the order of the plan', () => {
  expect(numbers(rest(new SpreadWalk(planOf(5))))).toEqual([0, 1, 2, 3, 4]);
  expect(numbers(rest(new SpreadWalk(planOf(0))))).toEqual([]);
});

test('a walk that meets somebody goes on in the middle of the longest stretch that is left, and comes back', () => {
  const walk = new SpreadWalk(planOf(12));
  expect([walk.next(), walk.next()].map((tile) => tile?.id)).toEqual(['0-0', '0-1']);
  walk.leave(walk.jumps);
  expect(walk.next()?.id).toBe('0-7');
  // What was asked for before the jump tells nothing of where the walk is now.
  walk.leave(0);
  expect(walk.next()?.id).toBe('0-8');
  walk.leave(walk.jumps);
  expect(numbers(rest(walk))).toEqual([4, 5, 6, 9, 10, 11, 2, 3]);
});

test('whenever and however often a walk jumps, each tile comes once', () => {
  for (let every = 1; every < 9; every++) {
    const walk = new SpreadWalk(planOf(400));
    const found: number[] = [];
    for (const { index } of rest(walk)) {
      found.push(index.col);
      if (found.length % every === 0) walk.leave(walk.jumps);
    }
    expect(found.toSorted((a, b) => a - b)).toEqual(numbers(planOf(400).plannedTiles()));
  }
});

test('four queues of one region that take turns fill it together, and seldom ask for the same tile', async () => {
  const [count, processes] = [400, 4];
  const owners = new Map<string, number>();
  const done = new Set<string>();
  let asked = 0;
  const queues = Array.from(
    { length: processes },
    (_, process) =>
      new TileQueue({
        plan: planOf(count) as never,
        claims: {
          isShared: true,
          claim: async (index: TileIndex) => {
            const id = tileId(index);
            if (done.has(id)) return 'loaded';
            asked++;
            if (owners.has(id)) return 'busy';
            owners.set(id, process);
            return 'ours';
          },
          release: async () => {},
          giveUp: async () => {},
          isGivenUp: async () => false,
          close: async () => {},
        },
        onLoadedElsewhere: () => {},
        onTakenOver: () => {},
        onIdle: async () => {},
        signal: new AbortController().signal,
      }),
  );
  const filled = queues.map(() => 0);
  const underWay: (PlannedTile[] | undefined)[] = queues.map(() => []);
  while (underWay.some((tiles) => tiles !== undefined))
    for (const [i, queue] of queues.entries()) {
      const tiles = underWay[i];
      if (tiles === undefined) continue;
      // Five at a time, of which the oldest is done.
      while (tiles.length >= 5) {
        const tile = tiles.shift() as PlannedTile;
        done.add(tile.id);
        queue.ended(tile);
      }
      if (done.size + [...underWay].flatMap((each) => each ?? []).length >= count) {
        for (const tile of tiles) {
          done.add(tile.id);
          queue.ended(tile);
        }
        underWay[i] = undefined;
        continue;
      }
      const tile = await queue.next();
      if (tile === undefined) underWay[i] = undefined;
      else {
        tiles.push(tile);
        filled[i] = (filled[i] ?? 0) + 1;
      }
    }
  expect(owners.size).toBe(count);
  expect(asked).toBeLessThan(1.25 * count);
  expect(Math.min(...filled)).toBeGreaterThan((0.8 * count) / processes);
});
