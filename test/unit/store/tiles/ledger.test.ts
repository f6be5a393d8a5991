import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { KeyValueStore } from '../../../../src/store/session.js';
import { Ledger, TileState } from '../../../../src/store/tiles/ledger.js';

/** A store that keeps what was asked of it. */
function fakeStore() {
  const entries = new Map<string, Buffer>();
  const log: string[] = [];
  const store: KeyValueStore = {
    get: async (key) => {
      log.push(`get ${key}`);
      return entries.get(key) ?? null;
    },
    set: async (key, value) => {
      log.push(`set ${key}`);
      entries.set(key, value);
    },
  };
  return { entries, log, store };
}

describe('the ledger', () => {
  test('says of every tile of a new cube that it is not loaded', async () => {
    const ledger = new Ledger(fakeStore().store);
    expect(await ledger.get({ row: 0, col: 0 })).toBe(TileState.notLoaded);
    expect(await ledger.get({ row: 185, col: 371 })).toBe(TileState.notLoaded);
  });

  test('gives back what was set, for that tile and no other, before and after it is flushed', async () => {
    const { store } = fakeStore();
    const ledger = new Ledger(store);
    await ledger.set({ row: 3, col: 70 }, TileState.loaded);
    await ledger.set({ row: 70, col: 3 }, TileState.empty);
    for (const one of [ledger, undefined]) {
      if (one === undefined) await ledger.flush();
      const reader = one ?? new Ledger(store);
      expect(await reader.get({ row: 3, col: 70 })).toBe(1);
      expect(await reader.get({ row: 70, col: 3 })).toBe(2);
      for (const index of [
        { row: 3, col: 6 },
        { row: 6, col: 3 },
        { row: 67, col: 70 },
        { row: 4, col: 70 },
        { row: 3, col: 71 },
      ])
        expect(await reader.get(index)).toBe(0);
    }
  });

  test('is not seen by others before it is flushed', async () => {
    const { store } = fakeStore();
    await new Ledger(store).set({ row: 1, col: 1 }, TileState.loaded);
    expect(await new Ledger(store).get({ row: 1, col: 1 })).toBe(TileState.notLoaded);
  });

  test('writes the chunks that changed and no others, and none twice', async () => {
    const { store, log } = fakeStore();
    const ledger = new Ledger(store);
    await ledger.get({ row: 0, col: 0 });
    await ledger.set({ row: 64, col: 0 }, TileState.loaded);
    await ledger.set({ row: 65, col: 1 }, TileState.loaded);
    await ledger.flush();
    await ledger.flush();
    expect(log).toEqual([
      'get geocubes/ledger/c/0/0',
      'get geocubes/ledger/c/1/0',
      'set geocubes/ledger/c/1/0',
    ]);
  });

  test('keeps the states that were there when it adds one', async () => {
    const { store } = fakeStore();
    for (const col of [0, 1, 2]) {
      const ledger = new Ledger(store);
      await ledger.set({ row: 0, col }, TileState.loaded);
      await ledger.flush();
    }
    const ledger = new Ledger(store);
    expect(await Promise.all([0, 1, 2, 3].map((col) => ledger.get({ row: 0, col })))).toEqual([
      1, 1, 1, 0,
    ]);
  });

  test('is a chunk of 64 x 64 bytes in gzip, row by row, as its Zarr metadata says', async () => {
    const { store, entries } = fakeStore();
    const ledger = new Ledger(store);
    await ledger.set({ row: 65, col: 130 }, TileState.empty);
    await ledger.flush();
    const bytes = gunzipSync(entries.get('geocubes/ledger/c/1/2') ?? Buffer.alloc(0));
    expect(bytes).toHaveLength(64 * 64);
    expect(bytes.indexOf(2)).toBe(1 * 64 + 2);
    expect(bytes.reduce((sum, byte) => sum + byte, 0)).toBe(2);
  });

  test('several asked at once read each chunk once', async () => {
    const { store, log } = fakeStore();
    const ledger = new Ledger(store);
    await Promise.all([0, 1, 2].map((col) => ledger.get({ row: 0, col })));
    expect(log).toEqual(['get geocubes/ledger/c/0/0']);
  });
});

test('the ledger of a temporal cube keeps each time step in chunks of its own', async () => {
  const { store, log } = fakeStore();
  const ledger = new Ledger(store);
  await ledger.set({ t: 0, row: 3, col: 70 }, TileState.loaded);
  await ledger.set({ t: 11, row: 3, col: 70 }, TileState.empty);
  await ledger.flush();
  expect(log.filter((line) => line.startsWith('set'))).toEqual([
    'set geocubes/ledger/c/0/0/1',
    'set geocubes/ledger/c/11/0/1',
  ]);
  const reader = new Ledger(store);
  const states = [0, 1, 11].map((t) => reader.get({ t, row: 3, col: 70 }));
  expect(await Promise.all(states)).toEqual([1, 0, 2]);
});

test('the ledger answers at once for tiles of the chunk that was read last, and for no others', async () => {
  const ledger = new Ledger(fakeStore().store);
  await ledger.set({ t: 1, row: 3, col: 70 }, TileState.loaded);
  expect(ledger.peek({ t: 1, row: 3, col: 70 })).toBeUndefined();
  await ledger.get({ t: 1, row: 0, col: 64 });
  expect(ledger.peek({ t: 1, row: 3, col: 70 })).toBe(TileState.loaded);
  expect(ledger.peek({ t: 1, row: 3, col: 71 })).toBe(TileState.notLoaded);
  for (const other of [
    { t: 0, row: 3, col: 70 },
    { row: 3, col: 70 },
    { t: 1, row: 64, col: 70 },
    { t: 1, row: 3, col: 63 },
  ])
    expect(ledger.peek(other)).toBeUndefined();
});
