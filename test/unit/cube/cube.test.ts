import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Cube } from '../../../src/cube/cube.js';
import type { IngestOptions } from '../../../src/cube/fill/ingest-options.js';
import { AbortedError, EarthEngineError, InvalidInputError } from '../../../src/errors.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../src/grid/roi.js';
import type { IngestEvent } from '../../../src/observe/events.js';
import { createPool } from '../../../src/pool/pool.js';
import { countLoans } from '../raster/loans.js';
import { DATASET, fakeSource, HEIGHT, pixelAt, WIDTH } from './fake-source.js';

const pool = createPool({ size: 0 });
afterAll(() => pool.close());

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-cube-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const box = (text: string) => parseBoundingBox(text, parseCrs('EPSG:3413'));
const WHOLE = box('0,0,340,250');
/** The four tiles of the upper left corner. */
const CORNER = box('0,60,200,250');

const inMemory = () => Cube.create('memory:', DATASET, { pool });

function ingest(cube: Cube, source = fakeSource(), options: Partial<IngestOptions> = {}) {
  return cube.ingest(WHOLE, { source, pool, tilesInFlight: 3, ...options });
}

/** What a window of a band should hold where all is loaded and nothing is masked. */
function truth(band: number, row: number, col: number, height: number, width: number): number[] {
  return Array.from({ length: height * width }, (_, i) =>
    pixelAt(band, row + Math.floor(i / width), col + (i % width)),
  );
}

const bandOf = (region: Awaited<ReturnType<Cube['load']>>, name: string) => [
  ...(region.bands.get(name) ?? []),
];

describe('create and open', () => {
  test('a cube in a folder is opened again with its dataset, by path and by file: URL', async () => {
    const path = join(folder, 'cube');
    await Cube.create(path, DATASET, { pool });
    for (const name of [path, pathToFileURL(path).href]) {
      const cube = await Cube.open(name);
      expect(cube.dataset).toEqual(DATASET);
      expect([cube.grid.rows, cube.grid.cols]).toEqual([3, 3]);
    }
  });

  test('an empty cube is one commit, in which no tile is loaded and every pixel is nodata', async () => {
    const cube = await inMemory();
    expect((await cube.history()).map(({ message }) => message)[0]).toBe(
      'Initialize empty datacube',
    );
    const states = await cube.tileStates(WHOLE);
    expect(states).toHaveLength(9);
    expect(states.every(({ state }) => state === 0)).toBe(true);
    const region = await cube.load(WHOLE);
    expect(region).toMatchObject({ missingTiles: 9, nodata: 0, dtype: 'uint8' });
    expect(bandOf(region, 'one')).toEqual(Array(HEIGHT * WIDTH).fill(0));
  });

  test('creating at the same place twice is refused, and the cube there stays as it is', async () => {
    const path = join(folder, 'cube');
    const cube = await Cube.create(path, DATASET, { pool });
    await ingest(cube);
    const again = Cube.create(path, { ...DATASET, title: 'other' }, { pool });
    await expect(again).rejects.toMatchObject({ tag: 'store', kind: 'exists' });
    const kept = await Cube.open(path);
    expect(kept.dataset.title).toBe('small');
    expect((await kept.load(WHOLE)).missingTiles).toBe(0);
  });

  test('a folder with other files is refused, and they stay', async () => {
    await writeFile(join(folder, 'thesis.txt'), 'years of work');
    await expect(Cube.create(folder, DATASET, { pool })).rejects.toMatchObject({ kind: 'exists' });
    expect(await readdir(folder)).toEqual(['thesis.txt']);
  });

  test('an empty folder that exists is as good as a new one', async () => {
    await Cube.create(folder, DATASET, { pool });
    expect((await Cube.open(folder)).dataset.title).toBe('small');
  });

  test.each([
    ['a folder that is not there', 'geocubes create', async () => {}],
    ['an empty folder', 'geocubes create', async (path: string) => void (await mkdir(path))],
    [
      'a folder of other files',
      'Choose another folder',
      async (path: string) => {
        await mkdir(path);
        await writeFile(join(path, 'thesis.txt'), 'x');
      },
    ],
  ])('opening %s tells that there is no cube', async (_, todo, make) => {
    const path = join(folder, 'place');
    await make(path);
    await expect(Cube.open(path)).rejects.toMatchObject({ tag: 'store', kind: 'not-a-cube' });
    await expect(Cube.open(path)).rejects.toThrow(todo);
  });

  test('a grid whose CRS has no WKT is refused: no other program could tell where the cube lies', async () => {
    const crs = '+proj=robin +datum=WGS84 +units=m +no_defs';
    const { grid } = DATASET;
    const dataset = { ...DATASET, grid: { ...grid, geobox: { ...grid.geobox, crs } } };
    await expect(Cube.create('memory:', dataset, { pool })).rejects.toThrow(InvalidInputError);
  });

  test('a cube with the name memory:NAME is opened again in the same process, and filled by both', async () => {
    const name = `memory:cube-${process.pid}`;
    const first = await Cube.create(name, DATASET, { pool });
    const second = await Cube.open(name);
    await ingest(second);
    expect((await first.load(WHOLE)).missingTiles).toBe(0);
    await expect(Cube.create(name, DATASET, { pool })).rejects.toMatchObject({ kind: 'exists' });
  });

  test('a plain Zarr directory is created, filled, listed and read like a repository', async () => {
    const path = join(folder, 'cube.zarr');
    const cube = await Cube.create(path, DATASET, { pool });
    expect(await ingest(cube)).toMatchObject({ committed: 9, failed: [] });
    const again = await Cube.open(path);
    expect(bandOf(await again.load(WHOLE), 'two')).toEqual(truth(1, 0, 0, HEIGHT, WIDTH));
    expect(await ingest(again)).toMatchObject({ committed: 0, alreadyLoaded: 9 });
    expect(await again.history()).toEqual([]);
    const root = JSON.parse(await readFile(join(path, 'zarr.json'), 'utf8'));
    expect(root.attributes.loaded_patches).toHaveLength(9);
    expect((await readdir(folder)).filter((name) => !name.endsWith('.zarr'))).toEqual([]);
  });

  test('a dataset given at opening must be the cube’s', async () => {
    const path = join(folder, 'cube');
    await Cube.create(path, DATASET, { pool });
    expect((await Cube.open(path, { dataset: DATASET })).dataset).toEqual(DATASET);
    const { grid } = DATASET;
    for (const [other, words] of [
      [{ ...DATASET, bands: [{ name: 'three' }] }, 'one, two'],
      [{ ...DATASET, dtype: 'int16' as const }, 'the dtype'],
      [{ ...DATASET, grid: { ...grid, chunk: [5, 5] as const } }, '10 x 12'],
      [
        { ...DATASET, grid: { ...grid, geobox: { ...grid.geobox, shape: [25, 35] as const } } },
        'the grid',
      ],
    ] as const) {
      const opened = Cube.open(path, { dataset: other });
      await expect(opened).rejects.toThrow(InvalidInputError);
      await expect(opened).rejects.toThrow(words);
    }
  });

  test('memory: holds nothing to open', async () => {
    await expect(Cube.open('memory:')).rejects.toMatchObject({ kind: 'not-a-cube' });
  });

  test.each([1, 2] as const)(
    'a cube in Icechunk format %i is created, filled and read alike',
    async (icechunkFormat) => {
      const path = join(folder, 'cube');
      await ingest(await Cube.create(path, DATASET, { pool, icechunkFormat }));
      const region = await (await Cube.open(path)).load(WHOLE);
      expect(bandOf(region, 'two')).toEqual(truth(1, 0, 0, HEIGHT, WIDTH));
    },
  );
});

describe('ingest', () => {
  test('commits every tile of the region in groups, and reads back what came in, to the last row and column', async () => {
    const path = join(folder, 'cube');
    const cube = await Cube.create(path, DATASET, { pool });
    const summary = await ingest(cube, fakeSource(), { groupSize: 4 });
    expect(summary).toMatchObject({
      tiles: 9,
      alreadyLoaded: 0,
      committed: 9,
      empty: 0,
      failed: [],
      commits: 3,
    });
    for (const reader of [cube, await Cube.open(path)]) {
      const region = await reader.load(WHOLE);
      expect(region.missingTiles).toBe(0);
      expect([...region.bands.keys()]).toEqual(['one', 'two']);
      expect(bandOf(region, 'one')).toEqual(truth(0, 0, 0, HEIGHT, WIDTH));
      expect(bandOf(region, 'two')).toEqual(truth(1, 0, 0, HEIGHT, WIDTH));
    }
    expect(existsSync(join(path, '.geocubes'))).toBe(false);
  });

  test('with threads stores what it stores without', async () => {
    const threads = createPool({ size: 2 });
    try {
      const cube = await inMemory();
      expect(await ingest(cube, fakeSource(), { pool: threads })).toMatchObject({ committed: 9 });
      expect(bandOf(await cube.load(WHOLE), 'one')).toEqual(truth(0, 0, 0, HEIGHT, WIDTH));
    } finally {
      await threads.close();
    }
  });

  test('a second ingest of the same region fetches nothing and commits nothing', async () => {
    const cube = await inMemory();
    await ingest(cube);
    const commits = (await cube.history()).length;
    const source = fakeSource();
    expect(await ingest(cube, source)).toMatchObject({
      tiles: 0,
      alreadyLoaded: 9,
      committed: 0,
      commits: 0,
    });
    expect(source.asked).toEqual([]);
    expect(await cube.history()).toHaveLength(commits);
  });

  test('a larger region fetches only the tiles that are not loaded yet, in row-major order', async () => {
    const cube = await inMemory();
    const first = fakeSource();
    await cube.ingest(CORNER, { source: first, pool });
    expect(first.asked).toEqual(['0-0', '0-1', '1-0', '1-1']);
    const rest = fakeSource();
    await ingest(cube, rest, { tilesInFlight: 1 });
    expect(rest.asked).toEqual(['0-2', '1-2', '2-0', '2-1', '2-2']);
  });

  test('a tile without a valid pixel is recorded as empty, and is not fetched again', async () => {
    const cube = await inMemory();
    const isMasked = (_: number, row: number, col: number) => row < 10 && col < 12;
    expect(await ingest(cube, fakeSource({ isMasked }))).toMatchObject({ committed: 9, empty: 1 });
    const states = await cube.tileStates(WHOLE);
    expect(states.map(({ state }) => state)).toEqual([2, 1, 1, 1, 1, 1, 1, 1, 1]);
    const again = fakeSource();
    await ingest(cube, again);
    expect(again.asked).toEqual([]);
    const region = await cube.load(box('0,150,120,250'));
    expect(region.missingTiles).toBe(0);
    expect(bandOf(region, 'one')).toEqual(Array(120).fill(0));
  });

  test('masked pixels are stored as nodata, in their own band only', async () => {
    const cube = await inMemory();
    const isMasked = (band: number, row: number, col: number) =>
      band === 1 && row === 24 && col === 33;
    await ingest(cube, fakeSource({ isMasked }));
    const region = await cube.load(WHOLE);
    expect(bandOf(region, 'one').at(-1)).toBe(pixelAt(0, 24, 33));
    expect(bandOf(region, 'two').at(-1)).toBe(0);
    expect(bandOf(region, 'two').at(-2)).toBe(pixelAt(1, 24, 32));
  });

  test('events tell each tile through its stages, and committed counts only what a snapshot holds', async () => {
    const cube = await inMemory();
    const events: IngestEvent[] = [];
    const summary = await ingest(cube, fakeSource(), {
      onEvent: (event) => void events.push(event),
    });
    const of = (tile: string) =>
      events.filter((event) => 'tile' in event && event.tile === tile).map(({ type }) => type);
    expect(of('1-1')).toEqual(['fetching', 'fetched', 'processed', 'written']);
    expect(events[0]).toMatchObject({ type: 'planned', tiles: 9, requests: 18 });
    const committed = events.flatMap((event) => (event.type === 'committed' ? [event] : []));
    expect(committed.flatMap(({ tiles }) => tiles).sort()).toEqual([
      '0-0',
      '0-1',
      '0-2',
      '1-0',
      '1-1',
      '1-2',
      '2-0',
      '2-1',
      '2-2',
    ]);
    const snapshots = (await cube.history()).map(({ id }) => id);
    for (const { snapshot } of committed) expect(snapshots).toContain(snapshot);
    const chunks = events.flatMap((event) => (event.type === 'processed' ? [event.bytes] : []));
    expect(summary.bytesOut).toBe(chunks.reduce((sum, bytes) => sum + bytes, 0));
  });

  test('no more tiles are in flight than allowed', async () => {
    const cube = await inMemory();
    let open = 0;
    let most = 0;
    const before = async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      return undefined;
    };
    await ingest(cube, fakeSource({ before }), {
      tilesInFlight: 2,
      onEvent: ({ type }) => {
        if (type === 'written') open--;
      },
    });
    expect(most).toBe(2);
  });
});

test('a sample of tiles releases what it fetched', async () => {
  const cube = await inMemory();
  const source = fakeSource();
  const { sample } = await cube.estimate(cube.grid.geobox, { sample: { tiles: 3, source, pool } });
  expect(sample).toMatchObject({ tiles: 3, failed: [] });
  expect(source.released.sort()).toEqual(source.asked.sort());
});

describe('ingest that meets failures', () => {
  test('a tile whose pixels arrive damaged is fetched again, up to three times in all', async () => {
    for (const damagedTimes of [2, 3]) {
      let damaged = 0;
      const loans = countLoans();
      const source = fakeSource({
        before: async ({ id }) =>
          id === '1-1' && damaged++ < damagedTimes ? new Uint8Array([73, 73, 42, 0]) : undefined,
      });
      const cube = await Cube.create('memory:', DATASET, { pool });
      const summary = await ingest(cube, source);
      expect(source.asked.filter((id) => id === '1-1')).toHaveLength(3);
      expect(summary.failed.map(({ id, error }) => [id, error.tag])).toEqual(
        damagedTimes === 3 ? [['1-1', 'raster']] : [],
      );
      expect(summary.retries).toBe(2);
      expect(loans.most).toBeGreaterThan(0);
      expect(loans.now).toBe(0);
      // Each time it was fetched.
      expect(source.released.sort()).toEqual(source.asked.sort());
      vi.restoreAllMocks();
    }
  });

  const failing = (id: string, error: unknown) =>
    fakeSource({
      before: async (tile) => {
        if (tile.id === id) throw error;
      },
    });

  test('reports a tile that cannot be fetched, commits the others, and fetches it in the next run', async () => {
    const cube = await inMemory();
    const error = new EarthEngineError('too-large', 'User memory limit exceeded.', 400);
    const summary = await ingest(cube, failing('1-1', error));
    expect(summary).toMatchObject({ tiles: 9, committed: 8 });
    expect(summary.failed).toMatchObject([
      {
        id: '1-1',
        index: { row: 1, col: 1 },
        stage: 'fetch',
        error: { tag: 'earth-engine', kind: 'too-large', status: 400 },
      },
    ]);
    expect((await cube.load(WHOLE)).missingTiles).toBe(1);
    const next = fakeSource();
    expect(await ingest(cube, next)).toMatchObject({ committed: 1, alreadyLoaded: 8 });
    expect(next.asked).toEqual(['1-1']);
  });

  test('reports a tile whose bytes are corrupt, and commits the others', async () => {
    const cube = await inMemory();
    const source = fakeSource({
      before: async (tile) => (tile.id === '0-2' ? new Uint8Array(50) : undefined),
    });
    const summary = await ingest(cube, source);
    expect(summary.committed).toBe(8);
    expect(summary.failed).toMatchObject([
      { id: '0-2', stage: 'process', error: { tag: 'raster', kind: 'decode' } },
    ]);
    expect((await cube.tileStates(WHOLE)).map(({ state }) => state)).toEqual([
      1, 1, 0, 1, 1, 1, 1, 1, 1,
    ]);
  });

  test.each(['credentials', 'permission', 'not-found', 'bad-request', 'unreachable'] as const)(
    'ends at a failure of kind %s, which every tile would meet, after committing what is finished',
    async (kind) => {
      const cube = await inMemory();
      const error = new EarthEngineError(kind, 'no');
      const source = failing('1-0', error);
      await expect(ingest(cube, source, { tilesInFlight: 1 })).rejects.toBe(error);
      expect(source.asked).toEqual(['0-0', '0-1', '0-2', '1-0']);
      const states = await cube.tileStates(WHOLE);
      expect(states.map(({ state }) => state)).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0]);
    },
  );

  test.each(['transient', 'quota', 'too-large'] as const)(
    'goes on after a failure of kind %s',
    async (kind) => {
      const cube = await inMemory();
      const summary = await ingest(cube, failing('0-0', new EarthEngineError(kind, 'no')));
      expect(summary).toMatchObject({ committed: 8, failed: [{ id: '0-0' }] });
    },
  );

  test('stops on abort with AbortedError; finished tiles are committed, a rerun does the rest', async () => {
    const cube = await inMemory();
    const controller = new AbortController();
    const source = fakeSource({
      before: async (tile) => {
        if (tile.id === '1-1') controller.abort();
      },
    });
    const stopped = ingest(cube, source, { signal: controller.signal, tilesInFlight: 1 });
    await expect(stopped).rejects.toBeInstanceOf(AbortedError);
    expect(source.asked.at(-1)).toBe('1-1');
    const states = await cube.tileStates(WHOLE);
    expect(states.map(({ state }) => state)).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0]);
    const rest = fakeSource();
    expect(await ingest(cube, rest)).toMatchObject({ committed: 5 });
    expect(bandOf(await cube.load(WHOLE), 'one')).toEqual(truth(0, 0, 0, HEIGHT, WIDTH));
  });

  test('a signal that is aborted already fetches nothing', async () => {
    const cube = await inMemory();
    const source = fakeSource();
    await expect(ingest(cube, source, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(
      AbortedError,
    );
    expect(source.asked).toEqual([]);
  });

  test('a region outside the cube is refused before anything is fetched', async () => {
    const cube = await inMemory();
    const source = fakeSource();
    await expect(cube.ingest(box('1000,1000,1100,1100'), { source, pool })).rejects.toThrow(
      InvalidInputError,
    );
    expect(source.asked).toEqual([]);
  });
});

describe('two writers', () => {
  test('of one folder, each with tiles of its own, keep both their tiles', async () => {
    const path = join(folder, 'cube');
    const one = await Cube.create(path, DATASET, { pool });
    const other = await Cube.open(path);
    const left = box('0,0,120,250');
    const right = box('120,0,340,250');
    await Promise.all([
      one.ingest(left, { source: fakeSource(), pool, groupSize: 1 }),
      other.ingest(right, { source: fakeSource(), pool, groupSize: 2 }),
    ]);
    const region = await (await Cube.open(path)).load(WHOLE);
    expect(region.missingTiles).toBe(0);
    expect(bandOf(region, 'one')).toEqual(truth(0, 0, 0, HEIGHT, WIDTH));
  });
});

describe('load', () => {
  test('gives exactly the pixels a region touches, with their geobox', async () => {
    const cube = await inMemory();
    await ingest(cube);
    const region = await cube.load(box('95,45,255,165'));
    expect(region.geobox.bounds).toEqual({ west: 90, south: 40, east: 260, north: 170 });
    expect(region.geobox.shape).toEqual({ height: 13, width: 17 });
    expect(bandOf(region, 'two')).toEqual(truth(1, 8, 9, 13, 17));
  });

  test('counts the tiles of the region that are missing, whose pixels are nodata', async () => {
    const cube = await inMemory();
    await cube.ingest(CORNER, { source: fakeSource(), pool });
    const region = await cube.load(box('230,200,260,250'));
    expect(region.missingTiles).toBe(1);
    expect(bandOf(region, 'one').slice(0, 3)).toEqual([pixelAt(0, 0, 23), 0, 0]);
  });

  test('outside the cube is refused', async () => {
    const cube = await inMemory();
    await expect(cube.load(box('1000,1000,1100,1100'))).rejects.toThrow(InvalidInputError);
  });
});
