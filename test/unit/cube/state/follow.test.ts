import { expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import { openCube } from '../../../../src/cube/open.js';
import {
  type FollowEvent,
  type FollowedState,
  type FollowOptions,
  follow,
} from '../../../../src/cube/state/follow.js';
import { StoreError } from '../../../../src/errors.js';
import { createPool } from '../../../../src/pool/pool.js';
import { DATASET, fakeSource } from '../fake-source.js';

const pool = createPool({ size: 0 });
let cubes = 0;

async function newCube() {
  const storage = `memory:followed-${cubes++}`;
  const cube = await Cube.create(storage, DATASET, { pool });
  return {
    storage,
    cube,
    fill: (ids: string[]) => cube.ingest(ids, { source: fakeSource(), pool }),
  };
}

/** A clock that stands still but for waits, each of which may do something first. */
function clockOf(duringWait: (wait: number) => Promise<unknown> | undefined) {
  const waits: number[] = [];
  let at = 1_000_000;
  return {
    waits,
    clock: {
      now: () => at,
      wait: async (ms: number) => {
        waits.push(ms);
        await duringWait(waits.length);
        at += ms;
      },
    },
  };
}

const options = (storage: string): Omit<FollowOptions, 'clock'> => ({
  ...{ storage, intervalMs: 5_000, signal: new AbortController().signal },
});

async function all(events: AsyncIterable<FollowEvent>): Promise<FollowEvent[]> {
  const seen: FollowEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

test('a run is followed from its first commit to its last, with its rate and the time to go, and then the end', async () => {
  const { storage, fill } = await newCube();
  const groups = [['0-0', '0-1', '0-2'], [], ['1-0', '1-1', '1-2'], ['2-0', '2-1', '2-2']];
  const { clock, waits } = clockOf((wait) => {
    const ids = groups[wait - 1] ?? [];
    return ids.length === 0 ? undefined : fill(ids);
  });
  const seen = (await all(follow({ ...options(storage), clock }))) as FollowedState[];
  expect(waits).toEqual([5_000, 5_000, 5_000, 5_000]);
  expect(
    seen.map(({ loaded, missing, isChanged, perSecond, secondsLeft }) => ({
      ...{ loaded, missing, isChanged, perSecond, secondsLeft },
    })),
  ).toEqual([
    { loaded: 0, missing: 9, isChanged: true },
    { loaded: 3, missing: 6, isChanged: true, perSecond: 0.6, secondsLeft: 10 },
    { loaded: 3, missing: 6, isChanged: false, perSecond: 0.3, secondsLeft: 20 },
    { loaded: 6, missing: 3, isChanged: true, perSecond: 0.4, secondsLeft: 7.5 },
    { loaded: 9, missing: 0, isChanged: true, perSecond: 0.45, secondsLeft: 0 },
  ]);
  const newest = await (await Cube.open(storage)).history();
  expect(newest.map(({ id }) => id)).toContain(seen.at(-1)?.commit?.id);
  expect(seen.at(-1)?.commit?.id).not.toBe(seen[0]?.commit?.id);
});

test('what is whole when it is first looked at is told once, without a wait', async () => {
  const { storage, cube } = await newCube();
  await cube.ingest(cube.grid.geobox, { source: fakeSource(), pool });
  const { clock, waits } = clockOf(() => undefined);
  const seen = await all(follow({ ...options(storage), clock }));
  expect(seen).toMatchObject([{ type: 'state', tiles: 9, loaded: 9, missing: 0 }]);
  expect(waits).toEqual([]);
});

test('shards are counted each, of the same cut as that of an ingest', async () => {
  const { storage, cube } = await newCube();
  await cube.ingest(cube.grid.geobox, {
    ...{ source: fakeSource(), pool, shard: { index: 1, count: 3 } },
  });
  const stop = new AbortController();
  const { clock } = clockOf(async () => stop.abort());
  const events = follow({ ...options(storage), clock, shards: 3, signal: stop.signal });
  const { value } = await events.next();
  expect((value as FollowedState).shards).toEqual([
    { shard: 0, tiles: 3, loaded: 0 },
    { shard: 1, tiles: 3, loaded: 3 },
    { shard: 2, tiles: 3, loaded: 0 },
  ]);
  await expect(events.next()).rejects.toMatchObject({ tag: 'aborted' });
});

test('as long as nothing changes, looks read no ledger, and come less and less often', async () => {
  const { storage } = await newCube();
  const opened = await openCube(storage);
  let reads = 0;
  const repository = Object.create(opened.repository) as typeof opened.repository;
  repository.readSession = async () => {
    const session = await opened.repository.readSession();
    const store = Object.create(session.store) as typeof session.store;
    store.get = (key) => {
      reads++;
      return session.store.get(key);
    };
    return { ...session, store };
  };
  const stop = new AbortController();
  const readsAt: number[] = [];
  const { clock, waits } = clockOf(async (wait) => {
    readsAt.push(reads);
    if (wait === 9) stop.abort();
  });
  const open = async () => ({ ...opened, repository });
  const events = follow({ ...options(storage), open, clock, signal: stop.signal });
  await expect(all(events)).rejects.toMatchObject({ tag: 'aborted' });
  expect(waits).toEqual([5, 5, 5, 5, 10, 20, 40, 60, 60].map((seconds) => 1000 * seconds));
  expect(readsAt[0]).toBeGreaterThan(0);
  expect(new Set(readsAt).size).toBe(1);
});

test('a look that takes long is followed by a longer wait', async () => {
  const { storage } = await newCube();
  const stop = new AbortController();
  const waits: number[] = [];
  let at = 0;
  const clock = {
    // Each look asks at its beginning and at its end.
    now: () => (at += 2_000),
    wait: async (ms: number) => {
      waits.push(ms);
      stop.abort();
    },
  };
  const events = follow({ ...options(storage), clock, signal: stop.signal });
  await expect(all(events)).rejects.toMatchObject({ tag: 'aborted' });
  expect(waits).toEqual([18_000]);
});

test('a store that is away is told, waited for with growing waits, and followed on when it is back', async () => {
  const { storage, cube } = await newCube();
  await cube.ingest(cube.grid.geobox, { source: fakeSource(), pool });
  let tries = 0;
  const open = async () => {
    if (++tries <= 3) throw new StoreError('io', 'Nothing answers there.', { isAway: true });
    return openCube(storage);
  };
  const { clock, waits } = clockOf(() => undefined);
  const seen = await all(follow({ ...options(storage), open, clock }));
  expect(seen).toMatchObject([
    { type: 'away', delayMs: 2_000, error: { message: 'Nothing answers there.' } },
    { type: 'away', delayMs: 4_000 },
    { type: 'away', delayMs: 8_000 },
    { type: 'state', missing: 0 },
  ]);
  expect(waits).toEqual([2_000, 4_000, 8_000]);
});

test('a place without a cube ends the watch', async () => {
  const { clock } = clockOf(() => undefined);
  const events = follow({ ...options('memory:none-is-here'), clock });
  await expect(all(events)).rejects.toMatchObject({ kind: 'not-a-cube' });
});
