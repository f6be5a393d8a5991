import { describe, expect, test } from 'vitest';
import type { IngestLimits } from '../../../../../src/cube/fill/ingest-options.js';
import type { IngestPlan } from '../../../../../src/cube/fill/plan.js';
import { TileQueue } from '../../../../../src/cube/fill/run/tile-queue.js';
import { type TileIndex, tileId } from '../../../../../src/grid/tiling.js';
import type { ClaimAnswer } from '../../../../../src/store/sharing/tile-claims.js';
import type { PlannedTile } from '../../../../../src/tile.js';

/** Uncompressed bytes of each tile. */
const BYTES = 100;

const tileAt = (col: number) =>
  ({
    id: `0-${col}`,
    index: { row: 0, col },
    requests: [{ bytes: BYTES }],
  }) as unknown as PlannedTile;

/** A queue over so many tiles, and claims that others hold as `answers` says: the next answer for a tile each time it is asked. */
function setUp(
  count: number,
  limits: Omit<IngestLimits, 'maxTiles'> = {},
  answers: Record<string, ClaimAnswer[]> = {},
  others: readonly number[] = [],
  givenUp: readonly string[] = [],
) {
  const stop = new AbortController();
  const [released, elsewhere, takenOver]: [string[], string[], string[]] = [[], [], []];
  let idle = 0;
  const queue = new TileQueue({
    ...limits,
    plan: {
      pending: count,
      *plannedTiles() {
        for (let col = 0; col < count; col++) yield tileAt(col);
      },
    } as unknown as IngestPlan,
    claims: {
      isShared: true,
      claim: async (index: TileIndex) => {
        const left = answers[tileId(index)] ?? [];
        return (left.length > 1 ? left.shift() : left[0]) ?? 'ours';
      },
      release: async (id) => void released.push(id),
      giveUp: async () => {},
      isGivenUp: async (id) => givenUp.includes(id),
      close: async () => {},
    },
    others: {
      *plannedTiles() {
        for (const col of others) yield tileAt(col);
      },
      blockIdOf: tileId,
      isLoaded: async () => false,
    },
    onLoadedElsewhere: ({ id }) => elsewhere.push(id),
    onTakenOver: ({ id }) => takenOver.push(id),
    onIdle: async () => void idle++,
    signal: stop.signal,
  });
  return { queue, released, elsewhere, takenOver, stop, idle: () => idle };
}

async function drain(queue: TileQueue): Promise<string[]> {
  const ids: string[] = [];
  for (let tile = await queue.next(); tile !== undefined; tile = await queue.next()) {
    ids.push(tile.id);
    queue.ended(tile);
  }
  return ids;
}

test('a queue hands out the tiles of its plan in their order, each once', async () => {
  const { queue } = setUp(4);
  expect(queue.left).toBe(4);
  expect(await drain(queue)).toEqual(['0-0', '0-1', '0-2', '0-3']);
  expect([queue.left, queue.stoppedBy]).toEqual([0, undefined]);
});

test('tiles that were put back come first, in the order in which they were given back', async () => {
  const { queue } = setUp(5);
  const [first, second] = [await queue.next(), await queue.next()];
  queue.putBack([first as PlannedTile, second as PlannedTile]);
  expect(queue.left).toBe(5);
  expect(await drain(queue)).toEqual(['0-0', '0-1', '0-2', '0-3', '0-4']);
});

test('nothing is handed out once the run is stopped', async () => {
  const { queue, stop } = setUp(3);
  await queue.next();
  stop.abort();
  expect(await queue.next()).toBeUndefined();
  expect(queue.left).toBe(2);
});

describe('a limit of bytes', () => {
  test('makes the next tile wait while tiles under way may use it up, and ends the run when they have', async () => {
    const { queue, released } = setUp(5, { maxBytes: 250 });
    const [one, other] = [await queue.next(), await queue.next()] as [PlannedTile, PlannedTile];
    const third = queue.next();
    // Less came than the uncompressed bytes: there is room for one more.
    queue.received(40);
    queue.ended(one);
    expect((await third)?.id).toBe('0-2');
    const fourth = queue.next();
    queue.received(60);
    queue.ended(other);
    queue.received(60);
    queue.ended((await third) as PlannedTile);
    expect(await fourth).toBeUndefined();
    expect([queue.left, queue.stoppedBy]).toEqual([2, 'max-bytes']);
    // The one that was not begun is another run's.
    expect(released).toEqual(['0-3']);
    expect(await queue.next()).toBeUndefined();
  });

  test('holds for many who ask at the same moment', async () => {
    const { queue } = setUp(8, { maxBytes: 250 });
    const asked = Array.from({ length: 8 }, () => queue.next());
    const [one, other] = (await Promise.all(asked.slice(0, 2))) as [PlannedTile, PlannedTile];
    queue.received(200);
    queue.ended(one);
    queue.ended(other);
    const tiles = await Promise.all(asked);
    expect(tiles.filter((tile) => tile !== undefined)).toHaveLength(2);
    expect([queue.left, queue.stoppedBy]).toEqual([6, 'max-bytes']);
  });

  test('less than one tile is refused, with what it would take', async () => {
    const { queue } = setUp(5, { maxBytes: 99 });
    await expect(queue.next()).rejects.toThrow(
      'Expected at least the 100 bytes of one tile for the bytes to receive at the most but received 99',
    );
  });

  test('is not said to have ended a run whose tiles are done', async () => {
    const { queue } = setUp(2, { maxBytes: 200 });
    expect(await drain(queue)).toHaveLength(2);
    expect(queue.stoppedBy).toBeUndefined();
  });
});

test('no tile is begun after the time that is set', async () => {
  const { queue } = setUp(3, { until: new Date(Date.now() - 1) });
  expect(await queue.next()).toBeUndefined();
  expect([queue.left, queue.stoppedBy]).toEqual([3, 'until']);
});

describe('tiles of another process', () => {
  test('are left to it: those it has loaded are told of, those it gives up come at last', async () => {
    const { queue, elsewhere, idle } = setUp(
      4,
      {},
      { '0-0': ['busy', 'ours'], '0-1': ['loaded'], '0-2': ['busy', 'busy', 'loaded'] },
    );
    const order: string[] = [];
    const third = await queue.next();
    order.push(third?.id ?? '');
    const next = queue.next();
    queue.ended(third as PlannedTile);
    const given = await next;
    order.push(given?.id ?? '');
    queue.ended(given as PlannedTile);
    expect(await queue.next()).toBeUndefined();
    expect(order).toEqual(['0-3', '0-0']);
    expect(elsewhere).toEqual(['0-1', '0-2']);
    expect(queue.left).toBe(0);
    // With nothing under way, what is finished is committed while it waits: the other may wait for it.
    expect(idle()).toBeGreaterThan(0);
  });

  test('are waited for by all who ask, and each is handed out once', async () => {
    const { queue } = setUp(
      3,
      {},
      { '0-0': ['busy', 'busy', 'ours'], '0-1': ['busy', 'ours'], '0-2': ['busy', 'busy', 'ours'] },
    );
    const tiles = await Promise.all([queue.next(), queue.next(), queue.next(), queue.next()]);
    expect(tiles.map((tile) => tile?.id).toSorted()).toEqual(['0-0', '0-1', '0-2', undefined]);
  });

  test('are no longer waited for when the run is stopped', async () => {
    const { queue, stop } = setUp(1, {}, { '0-0': ['busy'] });
    const next = queue.next();
    stop.abort();
    expect(await next).toBeUndefined();
    expect(queue.left).toBe(1);
  });
});

describe('of other shards', () => {
  test('tiles come after the own ones, and are told as taken over', async () => {
    const { queue, takenOver } = setUp(2, {}, {}, [7, 6]);
    expect(await drain(queue)).toEqual(['0-0', '0-1', '0-7', '0-6']);
    expect([takenOver, queue.left]).toEqual([['0-7', '0-6'], 0]);
  });

  test("what is loaded is nobody's news, and what is busy is waited for, in case its owner gives it up", async () => {
    const answers = { '0-7': ['loaded'], '0-6': ['busy', 'busy', 'ours'] } as Record<
      string,
      ClaimAnswer[]
    >;
    const { queue, takenOver, elsewhere } = setUp(1, {}, answers, [7, 6]);
    expect(await drain(queue)).toEqual(['0-0', '0-6']);
    expect([takenOver, elsewhere, queue.left]).toEqual([['0-6'], [], 0]);
  });

  test('a tile that failed for good in its own shard is not tried again, unless it is of this one', async () => {
    const { queue, takenOver, released } = setUp(2, {}, {}, [7, 6], ['0-0', '0-7']);
    expect(await drain(queue)).toEqual(['0-0', '0-1', '0-6']);
    expect([takenOver, released, queue.left]).toEqual([['0-6'], ['0-7'], 0]);
  });

  test('a tile is tried once by a run, though it is not loaded after that', async () => {
    const busy = { '0-6': ['busy', 'loaded'] } as Record<string, ClaimAnswer[]>;
    // Because one was busy all are gone through again.
    const { queue, takenOver } = setUp(0, {}, busy, [7, 6]);
    expect(await drain(queue)).toEqual(['0-7']);
    expect(takenOver).toEqual(['0-7']);
  });
});
