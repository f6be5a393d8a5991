import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import type { Shard } from '../../../../src/cube/shards/shard.js';
import type { VerifyReport } from '../../../../src/cube/state/verify-tiles.js';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { InvalidInputError } from '../../../../src/errors.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import { tileId } from '../../../../src/grid/tiling.js';
import type { IngestEvent } from '../../../../src/observe/events.js';
import { createPool } from '../../../../src/pool/pool.js';
import { fakeSource } from '../fake-source.js';

/** 8 x 12 tiles. */
const DATASET = parseDataset({
  title: 'shards',
  collection: 'c',
  bands: ['one', 'two'],
  dtype: 'uint8',
  grid: { crs: 'EPSG:3413', bounds: [0, -1750, 3000, 250], resolution: 10, chunk: 25 },
});
/** All but the first column and the last row. */
const REGION = parseBoundingBox('260,-1490,2990,240', parseCrs('EPSG:3413'));
const TILES = 7 * 11;
const COUNT = 4;

const pool = createPool({ size: 0 });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-shards-'));
});
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
});

const shards = Array.from({ length: COUNT }, (_, index) => ({ index, count: COUNT }));

test.each(['', '.zarr'])(
  'of a cube%s that overlapping runs have filled, all shards of verify together check each tile once',
  async (suffix) => {
    const path = join(folder, `overlapping${suffix}`);
    await Cube.create(path, DATASET, { pool });
    const asked: string[] = [];
    await Promise.all(
      shards.map(async (shard) => {
        const source = fakeSource({
          before: async ({ id }) => {
            asked.push(id);
            return undefined;
          },
        });
        const cube = await Cube.open(path);
        const { failed } = await cube.ingest(REGION, { source, pool, shard });
        expect(failed).toEqual([]);
      }),
    );
    expect(asked.toSorted()).toEqual([...new Set(asked)].toSorted());
    const cube = await Cube.open(path);
    const reports: VerifyReport[] = [];
    for (const shard of shards) reports.push(await cube.verify(REGION, { shard }));
    const sum = (of: (report: VerifyReport) => number) =>
      reports.reduce((all, report) => all + of(report), 0);
    const whole = await cube.verify(REGION);
    expect(whole).toMatchObject({ tiles: TILES, loaded: TILES, chunks: 2 * TILES, damaged: 0 });
    for (const name of ['tiles', 'loaded', 'chunks', 'bytes', 'damaged'] as const)
      expect([name, sum((report) => report[name])]).toEqual([name, whole[name]]);
    expect(Math.min(...reports.map(({ tiles }) => tiles))).toBeGreaterThan(TILES / COUNT - 2);
  },
);

function signal() {
  let fire = () => {};
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { fired, fire: () => fire() };
}

test.each(['', '.zarr'])(
  'of a cube%s a tile that fails for good is tried by its own shard alone, whoever takes over the rest, and by the next run again',
  async (suffix) => {
    const path = join(folder, `failing${suffix}`);
    const created = await Cube.create(path, DATASET, { pool });
    const first = (shard: Shard) => created.plan(REGION, fakeSource(), { shard });
    const [bad] = (await first({ index: 0, count: COUNT })).sampleTiles(TILES);
    const asked: string[] = [];
    const failed = signal();
    const begun = shards.map(signal);
    const fill = async (shard: Shard) => {
      const cube = await Cube.open(path);
      const source = fakeSource({
        before: async ({ id }) => {
          asked.push(id);
          begun[shard.index]?.fire();
          // It fails while all are there, and the others have something to do until it has.
          if (shard.index > 0) await failed.fired;
          if (id !== bad?.id) return undefined;
          await Promise.all(begun.map(({ fired }) => fired));
          return new Uint8Array(100);
        },
      });
      const onEvent = ({ type }: IngestEvent) => {
        if (type === 'failed') failed.fire();
      };
      return cube.ingest(REGION, { source, pool, shard, onEvent, tilesInFlight: 2 });
    };
    const summaries = await Promise.all(shards.map(fill));
    expect(summaries.map((summary) => summary.failed.map(({ id }) => id))).toEqual([
      [bad?.id],
      [],
      [],
      [],
    ]);
    const tries = asked.filter((id) => id === bad?.id).length;
    expect(asked).toHaveLength(TILES - 1 + tries);
    expect(await readdir(path)).not.toContain('.geocubes');
    // Another run, of any shard, is asked to try it once more.
    const again = await fill({ index: 3, count: COUNT });
    expect(again.failed.map(({ id }) => id)).toEqual([bad?.id]);
    expect(asked.filter((id) => id === bad?.id)).toHaveLength(2 * tries);
  },
);

test('each damaged tile is found by one shard alone, and it is the one that ingest gives the tile to', async () => {
  const path = join(folder, 'damaged.zarr');
  const cube = await Cube.create(path, DATASET, { pool });
  await cube.ingest(REGION, { source: fakeSource(), pool });
  await rm(join(path, 'one', 'c'), { recursive: true });
  const found: string[] = [];
  for (const shard of shards) {
    const damaged: string[] = [];
    await cube.verify(REGION, { shard, quick: true, onDamage: ({ id }) => damaged.push(id) });
    found.push(...damaged);
    const empty = await Cube.create('memory:', DATASET, { pool });
    const plan = await empty.plan(REGION, fakeSource(), { shard });
    expect(damaged).toEqual(Array.from(plan.plannedTiles(), ({ id }) => id));
  }
  const states = await cube.tileStates(REGION);
  expect(found.toSorted()).toEqual(states.map(tileId).toSorted());
});

test('what a shard reopens is its own alone', async () => {
  const path = join(folder, 'reopened.zarr');
  const cube = await Cube.create(path, DATASET, { pool });
  await cube.ingest(REGION, { source: fakeSource(), pool });
  await rm(join(path, 'two', 'c'), { recursive: true });
  const { repaired, tiles } = await cube.verify(REGION, {
    ...{ shard: { index: 2, count: COUNT }, quick: true, repair: true },
  });
  expect(repaired).toBe(tiles);
  expect(await cube.countStates(REGION)).toMatchObject([{ loaded: TILES - tiles, missing: tiles }]);
});

test('a shard that cannot be is refused before anything is looked at', async () => {
  const cube = await Cube.create('memory:', DATASET, { pool });
  await expect(cube.verify(REGION, { shard: { index: 4, count: 4 } })).rejects.toThrow(
    InvalidInputError,
  );
  await expect(cube.estimate(REGION, { shards: 0 })).rejects.toThrow(/count of shards/);
});

test('an estimate by shards has the tiles, requests and bytes of the plan of each, and of the region together', async () => {
  const cube = await Cube.create('memory:', DATASET, { pool });
  await cube.ingest(['0-1', '0-2', '3-3'], { source: fakeSource(), pool });
  const { shards: cut, ...whole } = await cube.estimate(REGION, {
    ...{ shards: COUNT, concurrency: 10, rate: { kind: 'tiles', perMinute: 1 } },
  });
  expect(cut).toMatchObject({ count: COUNT, concurrency: 3 });
  const sums = { tiles: 0, alreadyLoaded: 0, pending: 0, requests: 0, serviceBytes: 0 };
  for (const { index, ...cost } of cut?.each ?? [])
    for (const name of ['tiles', 'alreadyLoaded', 'pending', 'requests', 'serviceBytes'] as const)
      sums[name] += cost[name];
  const { tiles, alreadyLoaded, pending, requests, serviceBytes } = whole;
  expect(sums).toEqual({ tiles, alreadyLoaded, pending, requests, serviceBytes });
  expect(sums).toMatchObject({ tiles: TILES, alreadyLoaded: 3 });
  // More processes make more of machines, not of the quota: one process alone needs a minute a tile.
  const alone = 60 * pending;
  expect(cut?.time).toEqual({ leastSeconds: alone / COUNT, mostSeconds: alone, basis: 'rate' });
});

test("a hundred processes are no faster than the quota's requests a second", async () => {
  const cube = await Cube.create('memory:', DATASET, { pool });
  const { shards: cut, quota } = await cube.estimate(REGION, {
    ...{ shards: 100, rate: { kind: 'tiles', perMinute: 60 * TILES } },
  });
  expect(cut?.concurrency).toBe(1);
  expect(quota.leastSeconds).toBe(TILES / 100);
  expect(cut?.time).toEqual({ leastSeconds: TILES / 100, mostSeconds: 1, basis: 'rate' });
});
