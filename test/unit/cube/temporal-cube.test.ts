import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cube } from '../../../src/cube/cube.js';
import { planIngest } from '../../../src/cube/fill/plan.js';
import { atSteps } from '../../../src/cube/tiles.js';
import { parseDataset } from '../../../src/dataset/parse.js';
import { parseToi } from '../../../src/dataset/toi.js';
import { EarthEngineError, InvalidInputError } from '../../../src/errors.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { parseBoundingBox } from '../../../src/grid/roi.js';
import { Grid } from '../../../src/grid/tiling.js';
import type { IngestEvent } from '../../../src/observe/events.js';
import { createPool } from '../../../src/pool/pool.js';
import type { PlannedTile, TileSource } from '../../../src/tile.js';
import { writeGeoTiff } from '../kernel/geotiff.js';
import { DATASET as FLAT } from './fake-source.js';

/** The grid of the flat cube (3 x 3 tiles, partial ones at the edges) in the years 2017 to 2020. */
const DATASET = parseDataset({
  title: 'small and yearly',
  collection: 'c',
  bands: ['one', 'two'],
  dtype: 'uint8',
  nodata: 0,
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 340, 250], resolution: 10, chunk: [10, 12] },
  time: { start: '2017', step: '1 year', end: '2020' },
});

const pool = createPool({ size: 0 });
afterAll(() => pool.close());

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-temporal-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const box = (text: string) => parseBoundingBox(text, parseCrs('EPSG:3413'));
const WHOLE = box('0,0,340,250');
/** The four tiles of the upper left corner, 10 x 12 pixels each. */
const CORNER = box('0,50,240,250');

const YEAR_2018 = parseToi('2018');

/** One value for each band and year. */
const pixelOf = (band: number, year: number) => 10 * (year - 2010) + band;

/** Pixels that depend on the tile's time alone, not on its index; the tiles it was asked for. */
function yearlySource(before: (tile: PlannedTile) => void = () => {}) {
  const asked: PlannedTile[] = [];
  const source: TileSource = {
    mask: { kind: 'sentinel', value: 0 },
    planRequests: (geobox) => [
      {
        window: { row: 0, col: 0, height: geobox.shape[0], width: geobox.shape[1] },
        geobox,
        bands: [0, 1],
        bytes: 1,
      },
    ],
    check: async () => {},
    close: async () => {},
    async fetch(tile) {
      asked.push(tile);
      before(tile);
      const year = new Date(tile.time?.start ?? Number.NaN).getUTCFullYear();
      const parts = tile.requests.map((request) => {
        const [height, width] = request.geobox.shape;
        const bands = [0, 1].map((band) => Array(height * width).fill(pixelOf(band, year)));
        return {
          request,
          bytes: writeGeoTiff({ geobox: request.geobox, dtype: 'uint8', bands }),
        };
      });
      const { id, index, geobox } = tile;
      return { state: 'fetched', id, index, geobox, parts };
    },
  };
  return { source, asked };
}

const inMemory = () => Cube.create('memory:', DATASET, { pool });

describe('an ingest of a temporal cube', () => {
  test('fetches the tiles of the steps that are meant, one step after the other, by row and column', async () => {
    const cube = await inMemory();
    const { source, asked } = yearlySource();
    const time = parseToi('2020,2018');
    const summary = await cube.ingest(CORNER, { source, pool, time, tilesInFlight: 1 });
    expect(summary).toMatchObject({ tiles: 8, committed: 8, failed: [] });
    expect(asked.map(({ id }) => id)).toEqual([
      ...['1-0-0', '1-0-1', '1-1-0', '1-1-1'],
      ...['3-0-0', '3-0-1', '3-1-0', '3-1-1'],
    ]);
  });

  test('tells the source the time of each tile, from its start up to the next', async () => {
    const cube = await inMemory();
    const { source, asked } = yearlySource();
    await cube.ingest(box('0,200,50,250'), { source, pool });
    // Tiles under way together are asked for in any order.
    asked.sort((one, other) => (one.index.t ?? 0) - (other.index.t ?? 0));
    expect(asked.map(({ index, time }) => [index, time])).toEqual(
      [2017, 2018, 2019, 2020].map((year, t) => [
        { t, row: 0, col: 0 },
        { start: Date.UTC(year, 0, 1), end: Date.UTC(year + 1, 0, 1) },
      ]),
    );
  });

  test('commits the tiles of a step together', async () => {
    const cube = await inMemory();
    const groups: (readonly string[])[] = [];
    const onEvent = (event: IngestEvent) => {
      if (event.type === 'committed') groups.push(event.tiles);
    };
    const { source } = yearlySource();
    const time = parseToi('2017/2018');
    await cube.ingest(CORNER, { source, pool, time, tilesInFlight: 1, groupSize: 4, onEvent });
    expect(groups.map((tiles) => tiles.map((id) => id[0]).join(''))).toEqual(['0000', '1111']);
  });

  test('fetches what is loaded already no second time, at that step alone', async () => {
    const path = join(folder, 'cube');
    const cube = await Cube.create(path, DATASET, { pool });
    await cube.ingest(WHOLE, { source: yearlySource().source, pool, time: YEAR_2018 });
    const { source, asked } = yearlySource();
    const again = await Cube.open(path);
    const plan = await again.plan(CORNER, source, { time: parseToi('2018/2019') });
    expect(plan).toMatchObject({ tiles: 8, alreadyLoaded: 4, pending: 4 });
    await again.ingest(CORNER, { source, pool, time: parseToi('2018/2019') });
    expect(new Set(asked.map(({ index }) => index.t))).toEqual(new Set([2]));
  });

  test('goes on with the other steps where one has no images', async () => {
    const cube = await inMemory();
    const { source } = yearlySource(({ index }) => {
      if (index.t === 1) throw new EarthEngineError('no-images', 'none in 2018');
    });
    const summary = await cube.ingest(CORNER, { source, pool, tilesInFlight: 2 });
    expect(summary.committed).toBe(12);
    expect(summary.failed.map(({ id }) => id).sort()).toEqual([
      ...['1-0-0', '1-0-1', '1-1-0', '1-1-1'],
    ]);
  });

  test.each(['2016', '2021', '2016/2016-12'])(
    'of %s, outside the axis, is refused',
    async (text) => {
      const cube = await inMemory();
      const { source, asked } = yearlySource();
      const ingest = cube.ingest(WHOLE, { source, pool, time: parseToi(text) });
      await expect(ingest).rejects.toThrow("a time on the cube's axis (4 steps of 1 year");
      expect(asked).toEqual([]);
    },
  );
});

describe('a region read from a temporal cube', () => {
  test('is [time, y, x] of the steps that are meant, in their order, with the tiles that are missing', async () => {
    const path = join(folder, 'cube');
    const filled = await Cube.create(path, DATASET, { pool });
    const { source } = yearlySource();
    await filled.ingest(WHOLE, { source, pool, time: parseToi('2018,2020') });
    const cube = await Cube.open(path);
    // 12 x 12 pixels across four tiles.
    const region = await cube.load(box('60,130,180,250'), { time: parseToi('2018/') });
    expect(region.steps?.map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(region.missingTiles).toBe(4);
    const side = 12 * 12;
    for (const [band, name] of ['one', 'two'].entries())
      expect([...(region.bands.get(name) ?? [])]).toEqual([
        ...Array(side).fill(pixelOf(band, 2018)),
        ...Array(side).fill(0),
        ...Array(side).fill(pixelOf(band, 2020)),
      ]);
  });

  test('is all steps without a time, and has the length of one where one is meant', async () => {
    const cube = await inMemory();
    expect((await cube.load(WHOLE)).bands.get('one')).toHaveLength(4 * 25 * 34);
    const { bands, steps } = await cube.load(WHOLE, { time: YEAR_2018 });
    expect(bands.get('one')).toHaveLength(25 * 34);
    expect(steps).toHaveLength(1);
  });
});

describe('a temporal cube read in other ways', () => {
  const fill = async () => {
    const cube = await inMemory();
    await cube.ingest(WHOLE, { source: yearlySource().source, pool, time: parseToi('2018,2020') });
    return cube;
  };

  test('comes onto another grid step by step', async () => {
    const cube = await fill();
    const target = new GeoBox(
      parseCrs('EPSG:3413'),
      { height: 5, width: 6 },
      [20, 0, 100, 0, -20, 200],
    );
    const region = await cube.load(target, { pool, time: parseToi('2018/2020') });
    expect(region.steps?.map(({ index }) => index)).toEqual([1, 2, 3]);
    expect([...(region.bands.get('two') ?? [])]).toEqual([
      ...Array(30).fill(pixelOf(1, 2018)),
      ...Array(30).fill(0),
      ...Array(30).fill(pixelOf(1, 2020)),
    ]);
  });

  test('is opened lazily with a time dimension, selected by time or by position', async () => {
    const { dims, bands } = await (await fill()).openDataset();
    expect(dims).toEqual({ time: 4, y: 25, x: 34 });
    expect([bands.one?.dims, bands.one?.shape]).toEqual([
      ['time', 'y', 'x'],
      [4, 25, 34],
    ]);
    const byTime = await bands.one?.sel({ time: parseToi('2020'), x: 165, y: 115 }).read();
    expect([byTime?.shape, [...(byTime?.pixels ?? [])]]).toEqual([[1, 1, 1], [pixelOf(0, 2020)]]);
    const byPosition = await bands.one?.isel({ time: [1, 4], x: 0, y: 0 }).read();
    expect([...(byPosition?.pixels ?? [])]).toEqual([pixelOf(0, 2018), 0, pixelOf(0, 2020)]);
    const last = bands.one?.isel({ time: -1 });
    expect(last?.steps?.map(({ index }) => index)).toEqual([3]);
    expect(() => last?.sel({ time: YEAR_2018 })).toThrow(InvalidInputError);
  });

  test('fetches what a load lacks at the steps that are meant alone', async () => {
    const cube = await inMemory();
    const { source, asked } = yearlySource();
    const { missingTiles } = await cube.load(CORNER, { source, pool, time: YEAR_2018 });
    expect(missingTiles).toBe(0);
    expect(asked.map(({ id }) => id)).toEqual(['1-0-0', '1-0-1', '1-1-0', '1-1-1']);
  });
});

describe('the states of the tiles of a temporal cube', () => {
  test('are told for each step that is meant', async () => {
    const cube = await inMemory();
    await cube.ingest(CORNER, { source: yearlySource().source, pool, time: YEAR_2018 });
    expect(await cube.tileStates(WHOLE)).toHaveLength(36);
    const states = await cube.tileStates(WHOLE, { time: YEAR_2018 });
    expect(
      states.filter(({ state }) => state === 1).map(({ t, row, col }) => [t, row, col]),
    ).toEqual([
      [1, 0, 0],
      [1, 0, 1],
      [1, 1, 0],
      [1, 1, 1],
    ]);
    const other = await cube.tileStates(WHOLE, { time: parseToi('2019') });
    expect(other.every(({ state, t }) => state === 0 && t === 2)).toBe(true);
  });
});

describe('a temporal cube as labelled arrays', () => {
  test('selects steps by time and by position, and reads those alone', async () => {
    const cube = await Cube.create('memory:', DATASET, { pool });
    await cube.ingest(WHOLE, { source: yearlySource().source, pool });
    const { bands } = await cube.openDataset(WHOLE, { time: parseToi('2018/') });
    const [array] = Object.values(bands);
    if (array === undefined) throw new Error('expected a band');
    expect(array.dims).toEqual(['time', 'y', 'x']);
    const [whole] = [...(await cube.load(WHOLE, { time: parseToi('2019') })).bands.values()];
    const byTime = await array.sel({ time: parseToi('2019') }).read();
    expect(byTime.shape).toEqual([1, array.geobox.height, array.geobox.width]);
    expect(Buffer.compare(Buffer.from(byTime.pixels), Buffer.from(whole ?? []))).toBe(0);
    const byIndex = await array.isel({ time: 1, x: [0, 5] }).read();
    expect(byIndex.shape).toEqual([1, array.geobox.height, 5]);
    expect(byIndex.steps?.map(({ index }) => index)).toEqual([2]);
    expect(byIndex.pixels[0]).toBe(whole?.[0]);
    expect(() => array.sel({ time: parseToi('2011') })).toThrow(InvalidInputError);
  });
});

describe('a cube without a time axis', () => {
  test('has no steps, and refuses a time', async () => {
    const cube = await Cube.create('memory:', FLAT, { pool });
    expect(cube.timeAxis).toBeUndefined();
    expect('steps' in (await cube.load(WHOLE))).toBe(false);
    const time = YEAR_2018;
    await expect(cube.load(WHOLE, { time })).rejects.toThrow(InvalidInputError);
    await expect(cube.tileStates(WHOLE, { time })).rejects.toThrow(InvalidInputError);
    await expect(cube.plan(WHOLE, yearlySource().source, { time })).rejects.toThrow(
      InvalidInputError,
    );
  });

  test('has tiles without a time, of whose images all are meant', async () => {
    const grid = Grid.fromRecord(FLAT.grid);
    const tiles = [...atSteps([{ row: 0, col: 0 }], undefined)];
    expect(tiles).toEqual([{ row: 0, col: 0 }]);
    const plan = await planIngest(grid, tiles, yearlySource().source, async () => false);
    for (const tile of plan.plannedTiles()) expect('time' in tile).toBe(false);
  });
});

test('a temporal cube of one image is refused, however its dataset was made, and leaves nothing behind', async () => {
  const path = join(folder, 'cube');
  const dataset = { ...DATASET, source: { kind: 'image', id: 'users/me/x' } } as const;
  await expect(Cube.create(path, dataset, { pool })).rejects.toThrow(
    'Expected a "collection" for a dataset with time steps but received "an image".',
  );
  await expect(Cube.open(path)).rejects.toMatchObject({ kind: 'not-a-cube' });
});
