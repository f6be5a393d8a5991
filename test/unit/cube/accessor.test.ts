import { afterAll, describe, expect, test } from 'vitest';
import { Cube } from '../../../src/cube/cube.js';
import { parseDataset } from '../../../src/dataset/parse.js';
import { parseToi } from '../../../src/dataset/toi.js';
import { InvalidInputError } from '../../../src/errors.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../src/grid/roi.js';
import { logBenchmarkSummary } from '../../../src/observe/stopwatch.js';
import { createPool } from '../../../src/pool/pool.js';
import { DATASET, fakeSource, pixelAt } from './fake-source.js';

const pool = createPool({ size: 0 });
afterAll(() => pool.close());

const box = (text: string) => parseBoundingBox(text, parseCrs('EPSG:3413'));
const WHOLE = box('0,0,340,250');
/** The four tiles of the upper left corner, 10 x 12 pixels each. */
const CORNER = box('0,60,200,250');
const CORNER_IDS = ['0-0', '0-1', '1-0', '1-1'];

const YEARLY = parseDataset({
  title: 'small and yearly',
  collection: 'c',
  bands: ['one', 'two'],
  dtype: 'uint8',
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 340, 250], resolution: 10, chunk: [10, 12] },
  time: { start: '2017', step: '1 year', end: '2019' },
});

const inMemory = (dataset = DATASET) => Cube.create('memory:', dataset, { pool });

async function cornerLoaded() {
  const cube = await inMemory();
  // The second tile has no valid pixel.
  const isMasked = (_: number, row: number, col: number) => row < 10 && col >= 12 && col < 24;
  const source = fakeSource({ isMasked });
  const summary = await cube.download(CORNER, { source, pool });
  return { cube, source, summary };
}

describe('what a cube tells of itself', () => {
  test('is its title, channels, chunk size, grid, storage and kind of repository', async () => {
    const cube = await Cube.create('memory:facts', DATASET, { pool });
    expect(cube.title).toBe('small');
    expect(cube.channels).toEqual(['one', 'two']);
    expect(cube.chunkSize).toEqual({ height: 10, width: 12 });
    expect(cube.grid.geobox.shape).toEqual({ height: 25, width: 34 });
    expect(cube.storage).toBe('memory:facts');
    expect(cube.repo).toEqual({ format: 'icechunk', kind: 'memory', storage: 'memory:facts' });
    expect((await Cube.open(cube.storage)).title).toBe('small');
  });

  test('is its extent as GeoJSON in EPSG:4326, around the corners of its grid', async () => {
    const { extent } = await inMemory();
    expect(extent.type).toBe('Polygon');
    const points = extent.coordinates[0] as [number, number][];
    // Its lower left corner is the North Pole; from there EPSG:3413's x axis runs along 45 and its y axis along 135 degrees east.
    expect(Math.max(...points.map(([, latitude]) => latitude))).toBeCloseTo(90, 6);
    const atCorners = points.filter(([, latitude]) => latitude < 89.9975).map(([x]) => x);
    expect(Math.min(...atCorners)).toBeCloseTo(45, 6);
    expect(Math.max(...points.map(([longitude]) => longitude))).toBeCloseTo(135, 6);
  });
});

describe('adjacentTiles', () => {
  test('gives the tiles that a region touches, with their geoboxes, in row-major order', async () => {
    const cube = await inMemory();
    const tiles = cube.adjacentTiles(CORNER);
    expect(tiles.map(({ id }) => id)).toEqual(CORNER_IDS);
    expect(tiles[3]?.index).toEqual({ row: 1, col: 1 });
    expect(tiles[3]?.geobox.bounds).toEqual({ west: 120, south: 50, east: 240, north: 150 });
  });

  test('gives them at each step that is meant, and refuses a region outside', async () => {
    const cube = await inMemory(YEARLY);
    const time = parseToi('2018');
    expect(cube.adjacentTiles(box('0,240,10,250'), { time }).map(({ id }) => id)).toEqual([
      '1-0-0',
    ]);
    expect(() => cube.adjacentTiles(box('9000,9000,9010,9010'))).toThrow(InvalidInputError);
  });
});

describe('download', () => {
  test('fetches and commits what is missing in a region, and nothing a second time', async () => {
    const { cube, source, summary } = await cornerLoaded();
    expect(summary).toMatchObject({ committed: 4, empty: 1, failed: [] });
    expect(source.asked).toEqual(CORNER_IDS);
    await cube.download(CORNER, { source, pool });
    expect(source.asked).toEqual(CORNER_IDS);
  });
});

describe('downloadTile', () => {
  test.each([
    ['by its id', '1-2'],
    ['by its index', { row: 1, col: 2 }],
  ])('gives the pixels of one tile %s, and fetches no other', async (_, tile) => {
    const cube = await inMemory();
    const source = fakeSource();
    const { geobox, bands } = await cube.downloadTile(tile, { source, pool });
    expect(geobox.shape).toEqual({ height: 10, width: 10 });
    expect([...(bands.get('two') ?? [])]).toEqual(
      Array.from({ length: 100 }, (_, i) => pixelAt(1, 10 + Math.floor(i / 10), 24 + (i % 10))),
    );
    expect(source.asked).toEqual(['1-2']);
  });

  test('downloads a tile once that several calls want at the same time', async () => {
    const cube = await inMemory();
    const source = fakeSource();
    const calls = [1, 2, 3].map(() => cube.downloadTile('0-0', { source, pool }));
    expect((await Promise.all(calls)).map(({ missingTiles }) => missingTiles)).toEqual([0, 0, 0]);
    expect(source.asked).toEqual(['0-0']);
  });

  test('of a temporal cube fetches the step in its id alone', async () => {
    const cube = await inMemory(YEARLY);
    const source = fakeSource();
    const { steps } = await cube.downloadTile('1-0-0', { source, pool });
    expect(steps?.map(({ index }) => index)).toEqual([1]);
    expect(source.asked).toEqual(['1-0-0']);
  });

  test.each(['0-9', 'nonsense', '0-0-0', '-1-0'])('refuses the id %s', async (id) => {
    const cube = await inMemory();
    const source = fakeSource();
    await expect(cube.downloadTile(id, { source, pool })).rejects.toThrow(InvalidInputError);
    expect(source.asked).toEqual([]);
  });

  test.each(['0-0', '3-0-0'])('of a temporal cube refuses the id %s', async (id) => {
    const cube = await inMemory(YEARLY);
    const source = fakeSource();
    await expect(cube.downloadTile(id, { source, pool })).rejects.toThrow(InvalidInputError);
    expect(source.asked).toEqual([]);
  });
});

describe('load', () => {
  test('fetches what a region lacks, once however many loads want it, and gives its pixels', async () => {
    const cube = await inMemory();
    const source = fakeSource();
    const row = box('0,240,340,250');
    expect((await cube.load(row)).missingTiles).toBe(3);
    expect(source.asked).toEqual([]);
    const loads = await Promise.all([1, 2].map(() => cube.load(row, { source, pool })));
    for (const { bands, missingTiles } of loads) {
      expect(missingTiles).toBe(0);
      expect([...(bands.get('one') ?? [])]).toEqual(
        Array.from({ length: 34 }, (_, col) => pixelAt(0, 0, col)),
      );
    }
    // In the order in which the store answers whether they are loaded.
    expect([...source.asked].sort()).toEqual(['0-0', '0-1', '0-2']);
  });

  test('loadLike gives exactly the pixels of a reference', async () => {
    const cube = await inMemory();
    // Two by two of the cube's pixels in each of its own, from the third row and the fifth column on.
    const reference = cube.grid.geobox.crop({ row: 2, col: 4, height: 6, width: 4 }).zoomOut(2);
    const means = { source: fakeSource(), pool };
    const { geobox, bands } = await cube.loadLike(
      { geobox: reference },
      { ...means, resampling: 'average' },
    );
    expect(geobox.equals(reference)).toBe(true);
    // Pixels grow by 7 a row and 3 a column there: the mean of four is that of two opposite ones.
    const wanted = [0, 1, 2].flatMap((row) =>
      [0, 1].map((col) => pixelAt(0, 2 + 2 * row, 4 + 2 * col) + 5),
    );
    expect([...(bands.get('one') ?? [])]).toEqual(wanted);
  });
});

describe('proceduralDownload', () => {
  test.each(['blocking', 'threaded'] as const)(
    'downloads a region in the mode %s',
    async (mode) => {
      const cube = await inMemory();
      const source = fakeSource();
      const summary = await cube.proceduralDownload(CORNER, { source, mode, threads: 1 });
      expect(summary).toMatchObject({ committed: 4, failed: [] });
      expect([...source.asked].sort()).toEqual(CORNER_IDS);
      const { bands } = await cube.load(box('0,240,20,250'));
      expect([...(bands.get('one') ?? [])]).toEqual([pixelAt(0, 0, 0), pixelAt(0, 0, 1)]);
    },
  );

  test('refuses a mode that is none before anything is fetched', async () => {
    const cube = await inMemory();
    const source = fakeSource();
    const mode = 'threading' as 'threaded';
    await expect(cube.proceduralDownload(CORNER, { source, mode })).rejects.toThrow(
      'Expected "blocking" or "threaded" for the concurrency mode but received "threading"',
    );
    expect(source.asked).toEqual([]);
  });
});

describe('currentState', () => {
  test('is the footprints of the loaded tiles as GeoJSON in EPSG:4326', async () => {
    const { cube } = await cornerLoaded();
    const { type, features } = await cube.currentState();
    expect(type).toBe('FeatureCollection');
    expect(features.map(({ properties }) => properties)).toEqual([
      { id: '0-0', row: 0, col: 0, state: 'loaded' },
      { id: '0-1', row: 0, col: 1, state: 'empty' },
      { id: '1-0', row: 1, col: 0, state: 'loaded' },
      { id: '1-1', row: 1, col: 1, state: 'loaded' },
    ]);
    expect(features[3]?.geometry).toEqual(
      cube.grid.tileGeoBox({ row: 1, col: 1 }).geographicExtent,
    );
  });

  test('is empty of an empty cube, and of all tiles of a region where they are asked for', async () => {
    const cube = await inMemory();
    expect((await cube.currentState()).features).toEqual([]);
    const { features } = await cube.currentState(CORNER, { all: true });
    expect(features.map(({ id, properties }) => [id, properties.state])).toEqual(
      CORNER_IDS.map((id) => [id, 'not-loaded']),
    );
  });

  test('names the step of each tile of a temporal cube', async () => {
    const cube = await inMemory(YEARLY);
    await cube.downloadTile('1-0-0', { source: fakeSource(), pool });
    const { features } = await cube.currentState();
    expect(features.map(({ properties }) => properties)).toEqual([
      { id: '1-0-0', t: 1, row: 0, col: 0, state: 'loaded' },
    ]);
    const time = parseToi('2017');
    expect((await cube.currentState(WHOLE, { time })).features).toEqual([]);
  });
});

describe('visualizeState', () => {
  test('draws the loaded tiles as SVG, with a title and the region', async () => {
    const { cube } = await cornerLoaded();
    const svg = await cube.visualizeState({ format: 'svg', title: 'My cube', roi: CORNER });
    expect(svg).toContain('<title>My cube</title>');
    expect(svg).toContain('Tiles loaded 3; loaded, empty 1; failed 0; not loaded 5.');
    expect(svg).toContain('class="region"');
  });

  test('draws a PNG as wide as asked for', async () => {
    const { cube } = await cornerLoaded();
    const png = await cube.visualizeState({ widthPx: 300 });
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(300);
  });
});

describe('times', () => {
  const STAGES = ['fetch', 'decode', 'warp', 'fill', 'encode', 'write', 'commit'];

  test('of creating, ingesting by stage and loading are on the stopwatch of the cube, and in its log', async () => {
    const { cube } = await cornerLoaded();
    await cube.load(CORNER);
    const names = ['create', 'ingest', ...STAGES.map((stage) => `ingest: ${stage}`), 'load'];
    expect(cube.stopwatch.laps().map(({ name }) => name)).toEqual(names);
    expect(cube.stopwatch.laps().find(({ name }) => name === 'ingest: encode')?.count).toBe(4);
    const lines: [object, string][] = [];
    cube.logBenchmarkSummary({ info: (fields, message) => lines.push([fields, message]) });
    expect(lines.map(([fields]) => (fields as { name: string }).name)).toEqual(names);
    expect(lines[1]?.[1]).toMatch(/^ingest: [\d.]+ ms in 1$/);
  });

  test('of one ingest are logged from its summary', async () => {
    const { summary } = await cornerLoaded();
    const stages = { ...summary.stages, fetch: 10 };
    const lines: object[] = [];
    logBenchmarkSummary({ ...summary, stages }, { info: (fields) => lines.push(fields) });
    expect(lines).toHaveLength(1 + STAGES.length);
    expect(lines[1]).toEqual({ name: 'ingest: fetch', count: 4, ms: 10, meanMs: 2.5 });
  });
});
