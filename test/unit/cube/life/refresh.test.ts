/** Loaded tiles fetched again, each replaced with its commit. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import { parseToi } from '../../../../src/dataset/toi.js';
import { createPool } from '../../../../src/pool/pool.js';
import { Repository } from '../../../../src/store/repository.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import { CORNER, FIRST, gate, pixelOf, WHOLE, YEARLY, yearlySource } from './yearly-cube.js';

const pool = createPool({ size: 0 });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-refresh-'));
});
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

/** A moment after all that was fetched, and before all that will be. */
async function between(): Promise<Date> {
  const start = Date.now();
  while (Date.now() === start) await sleep(1);
  const moment = new Date();
  while (Date.now() === moment.getTime()) await sleep(1);
  return moment;
}

const NEW = 100;

/** Of which version each tile is, by its first pixel in both bands. */
async function versionsOf(cube: Cube): Promise<string[]> {
  const { bands } = await cube.load(WHOLE);
  const at = (band: string, t: number, row: number, col: number) =>
    bands.get(band)?.[(t * 25 + row * 10) * 34 + col * 12];
  const versions: string[] = [];
  for (let t = 0; t < 3; t++)
    for (let row = 0; row < 3; row++)
      for (let col = 0; col < 3; col++) {
        const found = ['one', 'two'].map((band, i) => {
          const value = at(band, t, row, col);
          if (value === 0) return 'none';
          if (value === pixelOf(i, 2018 + t)) return 'old';
          return value === pixelOf(i, 2018 + t, NEW) ? 'new' : `${value}`;
        });
        versions.push(new Set(found).size === 1 ? `${found[0]}` : found.join('/'));
      }
  return versions;
}

const count = (versions: readonly string[], which: string) =>
  versions.filter((each) => each === which).length;

describe.each([
  ['in memory', 1, (name: string) => `memory:refresh-${process.pid}-${name}`],
  ['in a folder', 1, (name: string) => join(folder, name)],
  ['in a folder, of format 2', 2, (name: string) => join(folder, `${name}-2`)],
] as const)('a refresh of a cube %s', (_, icechunkFormat, storageOf) => {
  const filled = async (name: string) => {
    const cube = await Cube.create(storageOf(name), YEARLY, { pool, icechunkFormat });
    await cube.ingest(WHOLE, { source: yearlySource().source, pool });
    return cube;
  };

  test('fetches the loaded tiles of its region again, and leaves alone those that are not loaded', async () => {
    const cube = await Cube.create(storageOf('region'), YEARLY, { pool, icechunkFormat });
    await cube.ingest(CORNER, { source: yearlySource().source, pool });
    const refreshBefore = await between();
    const { source, asked } = yearlySource({ more: NEW });
    const summary = await cube.ingest(WHOLE, {
      ...{ source, pool, refreshBefore },
      time: parseToi('2018/2019'),
    });
    expect(summary).toMatchObject({ tiles: 8, committed: 8, alreadyLoaded: 0 });
    expect(asked).toHaveLength(8);
    const versions = await versionsOf(cube);
    expect([count(versions, 'new'), count(versions, 'old'), count(versions, 'none')]).toEqual([
      8, 4, 15,
    ]);
    expect((await cube.verify(WHOLE)).damaged).toBe(0);
    // Again with the same moment: nothing is old any more but the year that was left out.
    const rest = yearlySource({ more: NEW });
    await cube.ingest(WHOLE, { source: rest.source, pool, refreshBefore });
    expect(rest.asked).toHaveLength(4);
    expect(rest.asked.every((id) => id.startsWith('2-'))).toBe(true);
  });

  test('goes on where it broke off, when it is called with the same moment', async () => {
    const cube = await filled('resumed');
    const refreshBefore = await between();
    const first = yearlySource({ more: NEW });
    await cube.ingest(WHOLE, { source: first.source, pool, refreshBefore, maxTiles: 10 });
    expect(count(await versionsOf(cube), 'new')).toBe(10);
    const second = yearlySource({ more: NEW });
    const summary = await (
      await Cube.open(cube.storage.startsWith('memory') ? storageOf('resumed') : cube.storage)
    ).ingest(WHOLE, {
      ...{ source: second.source, pool, refreshBefore },
    });
    expect(summary).toMatchObject({ alreadyLoaded: 10, committed: 17 });
    expect(new Set([...first.asked, ...second.asked]).size).toBe(27);
    expect(count(await versionsOf(cube), 'new')).toBe(27);
  });

  test('shows readers the old tile or the new one at every moment, never none', async () => {
    const cube = await filled('readers');
    const reader = await Cube.open(storageOf('readers'));
    const refreshBefore = await between();
    const seen: string[][] = [];
    const { source } = yearlySource({
      more: NEW,
      before: async () => {
        seen.push(await versionsOf(reader));
      },
    });
    await cube.ingest(WHOLE, { source, pool, refreshBefore, groupSize: 4, tilesInFlight: 2 });
    seen.push(await versionsOf(reader));
    for (const versions of seen) expect(count(versions, 'old') + count(versions, 'new')).toBe(27);
    const news = seen.map((versions) => count(versions, 'new'));
    expect(news).toEqual([...news].sort((a, b) => a - b));
    expect(news[0]).toBe(0);
    expect(news.at(-1)).toBe(27);
    expect(new Set(news).size).toBeGreaterThan(4);
  });

  test('takes a chunk away where the new pixels of a band are all gaps, and brings it again', async () => {
    const cube = await filled('gaps');
    const refresh = async (masked: number[]) => {
      const refreshBefore = await between();
      const { source } = yearlySource({ masked });
      await cube.ingest(FIRST, { source, pool, refreshBefore, time: parseToi('2018') });
      const { store } = await (
        await Repository.open(parseStorage(storageOf('gaps')))
      ).readSession();
      expect((await cube.verify(WHOLE)).damaged).toBe(0);
      return Promise.all(['one', 'two'].map((band) => store.holds(`${band}/c/0/0/0`)));
    };
    expect(await refresh([1])).toEqual([true, false]);
    expect(await cube.tileRecord('0-0-0')).toMatchObject({ state: 'loaded', bandsWithoutChunk: 1 });
    expect(await refresh([0, 1])).toEqual([false, false]);
    expect(await cube.tileRecord('0-0-0')).toMatchObject({ state: 'empty' });
    expect(await refresh([])).toEqual([true, true]);
    expect(await cube.tileRecord('0-0-0')).toMatchObject({ state: 'loaded', bandsWithoutChunk: 0 });
  });

  test('that meets another one without claims leaves it the tiles it has, and commits the rest', async () => {
    const cube = await filled('two-at-once');
    const refreshBefore = await between();
    const [reached, others] = [gate(), gate()];
    const slow = yearlySource({
      more: NEW,
      before: async ({ id }) => {
        if (id !== '0-2-2') return;
        reached.open();
        await others.opened;
      },
    });
    const elsewhere: string[] = [];
    const first = cube.ingest(WHOLE, {
      ...{ source: slow.source, pool, refreshBefore, groupSize: 100, tilesInFlight: 1 },
      time: parseToi('2018'),
      onEvent: (event) => {
        if (event.type === 'loaded-elsewhere') elsewhere.push(event.tile);
      },
    });
    await reached.opened;
    // Eight tiles are written and not committed; in a folder their claims are held.
    const other = await Cube.open(storageOf('two-at-once'));
    const fast = yearlySource({ more: NEW });
    const stop = new AbortController();
    const second = other
      .ingest(WHOLE, {
        ...{ source: fast.source, pool, refreshBefore, signal: stop.signal },
        time: parseToi('2018'),
      })
      .catch(() => {});
    if (storageOf('x').startsWith('memory')) await second;
    others.open();
    await first;
    stop.abort();
    await second;
    expect(count(await versionsOf(cube), 'new')).toBe(9);
    expect((await cube.verify(WHOLE)).damaged).toBe(0);
    if (storageOf('x').startsWith('memory')) expect(elsewhere).toHaveLength(9);
  });

  test('leaves a tile out that was dropped while it was fetched', async () => {
    const cube = await filled('dropped');
    const refreshBefore = await between();
    const other = await Cube.open(storageOf('dropped'));
    const { source } = yearlySource({
      more: NEW,
      before: async ({ id }) => {
        if (id === '0-2-2') await other.drop(FIRST, { time: parseToi('2018') });
      },
    });
    await cube.ingest(WHOLE, {
      ...{ source, pool, refreshBefore, groupSize: 100, tilesInFlight: 1 },
      time: parseToi('2018'),
    });
    const versions = await versionsOf(cube);
    expect(versions[0]).toBe('none');
    expect(count(versions.slice(0, 9), 'new')).toBe(8);
    expect((await cube.verify(WHOLE)).damaged).toBe(0);
    expect(await cube.tileRecord('0-0-0')).toMatchObject({ state: 'not-loaded' });
  });
});

test('a refresh of a plain Zarr directory is refused before anything is fetched', async () => {
  const cube = await Cube.create(join(folder, 'plain.zarr'), YEARLY, { pool });
  const { source, asked } = yearlySource();
  await expect(cube.ingest(WHOLE, { source, pool, refreshBefore: new Date() })).rejects.toThrow(
    'a cube with commits to refresh',
  );
  expect(asked).toEqual([]);
});

test('a moment that is yet to come is refused', async () => {
  const cube = await Cube.create('memory:', YEARLY, { pool });
  const refreshBefore = new Date(Date.now() + 3_600_000);
  const { source } = yearlySource();
  await expect(cube.ingest(WHOLE, { source, pool, refreshBefore })).rejects.toThrow(
    'a moment that has been',
  );
});

test('a tile tells when and of what it was fetched, until it is fetched again', async () => {
  const cube = await Cube.create(join(folder, 'records'), YEARLY, { pool });
  const before = await between();
  await cube.ingest(WHOLE, { source: yearlySource().source, pool, time: parseToi('2018') });
  const after = await between();
  const record = await cube.tileRecord({ t: 0, row: 1, col: 2 });
  expect(record).toMatchObject({
    ...{ id: '0-1-2', state: 'loaded', bandsWithoutChunk: 0 },
    ...{ source: 'c0', sourceHash: 'f'.repeat(64) },
  });
  expect(record.fetchedAt?.getTime()).toBeGreaterThan(before.getTime());
  expect(record.fetchedAt?.getTime()).toBeLessThan(after.getTime());
  await cube.ingest(FIRST, {
    ...{ source: yearlySource({ more: NEW }).source, pool },
    ...{ refreshBefore: after, time: parseToi('2018') },
  });
  const again = await Cube.open(cube.storage);
  const newer = await again.tileRecord('0-0-0');
  expect(newer.source).toBe(`c${NEW}`);
  expect(newer.fetchedAt?.getTime()).toBeGreaterThan(after.getTime());
  expect((await again.tileRecord('0-1-2')).source).toBe('c0');
  expect(await again.tileRecord('1-0-0')).toEqual({ id: '1-0-0', state: 'not-loaded' });
  await expect(again.tileRecord('9-0-0')).rejects.toThrow('a step from 0 to 2');
});

test('a source that does not tell what it is is noted as such', async () => {
  const cube = await Cube.create('memory:', YEARLY, { pool });
  const { origin: _, ...source } = yearlySource().source;
  await cube.ingest(FIRST, { source, pool });
  expect(await cube.tileRecord('0-0-0')).toMatchObject({ source: 'unnamed source' });
});
