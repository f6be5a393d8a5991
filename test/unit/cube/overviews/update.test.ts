import { expect, onTestFinished, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import { AbortedError } from '../../../../src/errors.js';
import { createPool, type Pool } from '../../../../src/pool/pool.js';
import { readBand, readMetadata } from '../../../../src/store/read.js';
import { Repository } from '../../../../src/store/repository.js';
import { parseStorage } from '../../../../src/store/storage-url.js';
import { temporaryFolder } from '../../../e2e/loopback-cubes.js';
import { CORNER, FIRST, gate, pixelOf, WHOLE, YEARLY, yearlySource } from '../life/yearly-cube.js';

/** Five by five cells of the tiles' 10 x 12 pixels, of which none lies in one tile alone. */
const FACTORS = [2, 5];
const [HEIGHT, WIDTH] = [5, 7];

async function yearlyCube(name = 'cube') {
  const { path, remove } = await temporaryFolder();
  onTestFinished(remove);
  const pool = createPool({ size: 0 });
  onTestFinished(() => pool.close());
  const store = `${path}/${name}`;
  return {
    cube: await Cube.create(store, YEARLY, { pool, overviews: { factors: FACTORS } }),
    pool,
    store,
  };
}

async function cellsOf(store: string, t: number, band = 'one') {
  const session = await (await Repository.open(parseStorage(store))).readSession();
  const whole = { row: 0, col: 0, height: HEIGHT, width: WIDTH };
  return Array.from(await readBand(session, `overviews/5/${band}`, whole, t));
}

/** Each cell of the rows and columns that a tile of the upper left corner touches holds one value. */
const filled = (value: number, rows = HEIGHT, cols = WIDTH) =>
  Array.from({ length: HEIGHT * WIDTH }, (_, i) =>
    Math.floor(i / WIDTH) < rows && i % WIDTH < cols ? value : 0,
  );

test.each(['cube', 'cube.zarr'])(
  '%s: tiles that were loaded, fetched again or taken out since are stale, and a pass does those',
  async (name) => {
    const { cube, pool, store } = await yearlyCube(name);
    const { source } = yearlySource();
    const time = { kind: 'at', time: '2018' } as const;
    expect(await cube.overviewState()).toMatchObject({ current: 0, stale: 0 });
    await cube.ingest(CORNER, { source, pool, time });
    expect(await cube.overviewState()).toMatchObject({ current: 0, stale: 4 });
    expect(await cube.updateOverviews({ pool })).toMatchObject({
      updated: 4,
      current: 0,
      commits: 1,
    });
    expect(await cellsOf(store, 0)).toEqual(filled(pixelOf(0, 2018), 4, 5));
    expect(await cube.overviewState()).toMatchObject({ current: 4, stale: 0 });
    expect(await cube.updateOverviews({ pool })).toMatchObject({
      updated: 0,
      current: 4,
      commits: 0,
    });

    await cube.ingest(WHOLE, { source, pool, time });
    expect(await cube.overviewState(FIRST, { time })).toMatchObject({ current: 1, stale: 0 });
    expect(await cube.updateOverviews({ pool })).toMatchObject({ updated: 5, current: 4 });
    expect(await cellsOf(store, 0)).toEqual(filled(pixelOf(0, 2018)));

    if (name === 'cube') {
      const newer = yearlySource({ more: 100 });
      await cube.ingest(FIRST, { source: newer.source, pool, time, refreshBefore: new Date() });
      expect(await cube.overviewState()).toMatchObject({ current: 8, stale: 1 });
      expect(await cube.updateOverviews({ pool })).toMatchObject({ updated: 1, current: 8 });
      // Of 10 x 12 pixels, the third column of cells has two of five.
      const mixed = filled(pixelOf(0, 2018)).map((value, i) => {
        const [row, col] = [Math.floor(i / WIDTH), i % WIDTH];
        return row < 2 && col < 2 ? value + 100 : row < 2 && col === 2 ? value + 40 : value;
      });
      expect(await cellsOf(store, 0)).toEqual(mixed);
    }

    await cube.drop(WHOLE, { time });
    expect(await cube.overviewState()).toMatchObject({ current: 0, stale: 9 });
    await cube.updateOverviews({ pool });
    expect(await cellsOf(store, 0)).toEqual(filled(0));
    expect(await cube.overviewState()).toMatchObject({ current: 0, stale: 0 });
  },
);

/** A pool that stops a signal at the nth piece of work. */
function stopping(pool: Pool, at: number, controller: AbortController): Pool {
  let count = 0;
  return {
    ...pool,
    reduce: async (job) => {
      if (++count === at) controller.abort();
      return pool.reduce(job);
    },
  };
}

test.each([1, 4, 6])(
  'a pass that is stopped at its piece %d leaves what counts, and the next goes on',
  async (at) => {
    const { cube, pool, store } = await yearlyCube();
    await cube.ingest(WHOLE, { source: yearlySource().source, pool });
    const controller = new AbortController();
    const { signal } = controller;
    const stopped = cube.updateOverviews({ pool: stopping(pool, at, controller), signal });
    // Two bands of three steps: the last piece ends the pass as it is.
    await (at === 6 ? stopped : expect(stopped).rejects.toThrow(AbortedError));
    const whole = Math.floor(at / 2);
    const state = await cube.overviewState();
    expect(state).toMatchObject({ current: 9 * whole, stale: 9 * (3 - whole) });
    expect(await cube.updateOverviews({ pool })).toMatchObject({ updated: 9 * (3 - whole) });
    for (const t of [0, 1, 2])
      expect(await cellsOf(store, t)).toEqual(filled(pixelOf(0, 2018 + t)));
  },
);

test('of two passes at a time one is told of the other', async () => {
  const { cube, pool, store } = await yearlyCube('cube.zarr');
  await cube.ingest(WHOLE, { source: yearlySource().source, pool });
  const { opened, open } = gate();
  const reached = gate();
  const held: Pool = {
    ...pool,
    reduce: async (job) => {
      reached.open();
      await opened;
      return pool.reduce(job);
    },
  };
  const first = cube.updateOverviews({ pool: held });
  await reached.opened;
  await expect((await Cube.open(store)).updateOverviews({ pool })).rejects.toThrow(
    /^Expected to be the only process that brings the overviews of this cube up to date but another one does\./,
  );
  open();
  expect(await first).toMatchObject({ updated: 27 });
});

test('what is committed while a pass is under way is left to the next', async () => {
  const { cube, pool, store } = await yearlyCube();
  const { source } = yearlySource();
  await cube.ingest(WHOLE, { source, pool });
  let isFirst = true;
  const between: Pool = {
    ...pool,
    reduce: async (job) => {
      if (isFirst) {
        isFirst = false;
        const newer = yearlySource({ more: 100 });
        const refresh = { source: newer.source, pool, refreshBefore: new Date() };
        await (await Cube.open(store)).ingest(FIRST, refresh);
      }
      return pool.reduce(job);
    },
  };
  await cube.updateOverviews({ pool: between });
  expect(await cube.overviewState()).toMatchObject({ current: 24, stale: 3 });
  expect(await cube.updateOverviews({ pool })).toMatchObject({ updated: 3 });
  expect((await cellsOf(store, 2))[0]).toBe(pixelOf(0, 2020, 100));
});

test('levels follow an axis that was extended', async () => {
  const { cube, pool, store } = await yearlyCube();
  await cube.extend({ time: { kind: 'at', time: '2021' } });
  const year = { kind: 'at', time: '2021' } as const;
  await cube.ingest(WHOLE, { source: yearlySource().source, pool, time: year });
  await cube.updateOverviews({ pool });
  expect(await cellsOf(store, 3)).toEqual(filled(pixelOf(0, 2021)));
  const session = await (await Repository.open(parseStorage(store))).readSession();
  expect(await readMetadata(session, 'overviews/5/time')).toMatchObject({ shape: [4] });
});

test('another reduction makes all anew, or is refused; other factors are refused', async () => {
  const { cube, pool } = await yearlyCube();
  await cube.ingest(WHOLE, { source: yearlySource().source, pool });
  await cube.updateOverviews({ pool });
  await expect(cube.updateOverviews({ pool, factors: [4] })).rejects.toThrow(
    /^Expected 2,5, as the cube's overviews have them, for the factors but received "4"\./,
  );
  await expect(cube.updateOverviews({ pool, reduction: { two: 'mode' } })).rejects.toThrow(
    /^Expected average, as the cube has it, for the overviews of two but received "mode"\./,
  );
  const rebuilt = await cube.updateOverviews({ pool, reduction: { two: 'mode' }, rebuild: true });
  expect(rebuilt).toMatchObject({ updated: 27, current: 0 });
  expect(rebuilt.levels[0]?.reductions).toEqual(
    new Map([
      ['one', 'average'],
      ['two', 'mode'],
    ]),
  );
  expect(await cube.updateOverviews({ pool })).toMatchObject({ updated: 0, current: 27 });
});

test('the root lists its levels by the conventions, and its arrays are what they were', async () => {
  const { path, remove } = await temporaryFolder();
  onTestFinished(remove);
  const pool = createPool({ size: 0 });
  onTestFinished(() => pool.close());
  const [plain, with_] = [`${path}/a.zarr`, `${path}/b.zarr`];
  await Cube.create(plain, YEARLY, { pool });
  await Cube.create(with_, YEARLY, { pool, overviews: { factors: FACTORS } });
  const open = async (store: string) => (await Repository.open(parseStorage(store))).readSession();
  const [before, after] = [await open(plain), await open(with_)];
  for (const name of ['one', 'two', 'x', 'y', 'time', 'spatial_ref', 'geocubes', 'geocubes/ledger'])
    expect(await readMetadata(after, name)).toEqual(await readMetadata(before, name));
  const attributes = async (session: typeof after, name = '') =>
    ((await readMetadata(session, name)) as { attributes: Record<string, unknown> }).attributes;
  const { multiscales, zarr_conventions, ...rest } = await attributes(after);
  expect(rest).toEqual(await attributes(before));
  const declared = zarr_conventions as { name: string; uuid: string }[];
  expect(declared.map(({ name, uuid }) => [name, uuid])).toEqual([
    ['proj', 'f17cb550-5864-4468-aeb7-f3180cfb622f'],
    ['spatial', '689b58e2-cf7b-45e0-9fff-9cfc0883d6b4'],
    ['multiscales', 'd35379db-88df-4056-af3a-620245f8e347'],
  ]);
  expect(multiscales).toEqual({
    layout: [
      {
        asset: '.',
        transform: { scale: [1, 1], translation: [0, 0] },
        'spatial:shape': [25, 34],
        'spatial:transform': [10, 0, 0, 0, -10, 250],
      },
      ...[
        [2, 13, 17],
        [5, 5, 7],
      ].map(([factor = 0, height, width]) => ({
        asset: `overviews/${factor}`,
        derived_from: '.',
        transform: { scale: [factor, factor], translation: [0, 0] },
        'spatial:shape': [height, width],
        'spatial:transform': [10 * factor, 0, 0, 0, -10 * factor, 250],
      })),
    ],
    resampling_method: 'average',
  });
  expect(await attributes(after, 'overviews/5')).toMatchObject({
    'proj:code': 'EPSG:3413',
    'spatial:shape': [5, 7],
    'spatial:bbox': [0, 0, 350, 250],
  });
});
