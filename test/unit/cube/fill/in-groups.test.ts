import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import type { IngestOptions } from '../../../../src/cube/fill/ingest-options.js';
import { largestTile } from '../../../../src/cube/fill/plan.js';
import { MemoryBudget } from '../../../../src/cube/fill/run/memory-budget.js';
import { planMemory } from '../../../../src/cube/fill/run/memory-plan.js';
import { earthEngine } from '../../../../src/cube/sources/earth-engine.js';
import type { Dataset } from '../../../../src/dataset/dataset.js';
import { parseDataset } from '../../../../src/dataset/parse.js';
import { presetDataset } from '../../../../src/dataset/presets.js';
import { AbortedError, EarthEngineError } from '../../../../src/errors.js';
import { Grid } from '../../../../src/grid/tiling.js';
import { DEFAULT_TOKEN, startLoopback } from '../../../../src/loopback/index.js';
import type { IngestEvent } from '../../../../src/observe/events.js';
import { createPool, type Pool } from '../../../../src/pool/pool.js';
import type { PlannedTile, TileSource } from '../../../../src/tile.js';
import { random } from '../../../parity/both-kernels.js';
import { PATIENT } from '../../../patience.js';
import { countLoans } from '../../raster/loans.js';
import { ALL, bandedSource, cut, DATASET, type Grouping, inGroups } from './banded-source.js';

const inline = createPool({ size: 0 });
const threads = createPool({ size: 2 });
afterAll(() => Promise.all([inline.close(), threads.close()]));

let folder: string;
let stores = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-groups-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

/** What one byte less than a whole tile takes leaves for groups. */
function memoryFor(dataset: Dataset, source: TileSource, pool: Pool, memory?: number) {
  const grid = Grid.fromRecord(dataset.grid);
  const tile = largestTile({ grid }, source);
  const bytes = tile.requests.reduce((sum, request) => sum + request.bytes, 0);
  const plan = { pending: 1, requests: tile.requests.length, bytes };
  const basis = { dataset, plan, tile, mask: source.mask, threads: pool.size };
  return planMemory({ ...basis, ...(memory === undefined ? { tilesInFlight: 1 } : { memory }) });
}

interface Filled {
  readonly path: string;
  readonly cube: Cube;
  readonly events: IngestEvent[];
  readonly summary: Promise<Awaited<ReturnType<Cube['ingest']>>>;
}

/** A plain Zarr directory, so that its files tell all that is in it. */
async function fill(
  source: TileSource,
  options: Partial<IngestOptions> & { readonly dataset?: Dataset } = {},
): Promise<Filled> {
  const { dataset = DATASET, pool = inline, ...rest } = options;
  const path = join(folder, `cube-${stores++}.zarr`);
  await Cube.create(path, dataset, { pool });
  const cube = await Cube.open(path, { sync: false });
  const events: IngestEvent[] = [];
  const onEvent = (event: IngestEvent) => events.push(event);
  const summary = cube.ingest(cube.grid.geobox, { source, pool, onEvent, ...rest });
  summary.catch(() => {});
  return { path, cube, events, summary };
}

/** So little memory that a tile does not come whole. */
function inPieces(source: TileSource, dataset = DATASET, pool = inline): { memory: number } {
  const { bytes } = memoryFor(dataset, source, pool);
  const memory = bytes - 1;
  expect(memoryFor(dataset, source, pool, memory).isInGroups).toBe(true);
  return { memory };
}

/** Every file of a cube but its metadata and when it was fetched, with its bytes. */
async function filesOf(path: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && /(?<!fetches)[\\/]c[\\/]/.test(file))
      files.set(file.slice(path.length), (await readFile(file)).toString('base64'));
  }
  return files;
}

const bandChunks = async (path: string) =>
  [...(await filesOf(path)).keys()].filter((file) => /^.b\d+./.test(file));

/** Bands dealt out to so many groups at random, each of them in so many blocks of rows. */
function dealt(next: () => number): Grouping[] {
  const count = 1 + Math.floor(next() * ALL.length);
  const groups: number[][] = Array.from({ length: count }, () => []);
  for (const band of [...ALL].sort(() => next() - 0.5))
    groups[Math.floor(next() * count)]?.push(band);
  const all = groups
    .filter((bands) => bands.length > 0)
    .flatMap((bands) => inGroups([bands], 1 + Math.floor(next() * 3)));
  return all.sort(() => next() - 0.5);
}

describe('a cube filled by groups of bands', () => {
  test('is that of whole tiles, byte for byte, however its bands are grouped', async () => {
    const seed = Number(process.env.GEOCUBES_SEED ?? Math.floor(Math.random() * 1e6));
    const next = random(seed);
    const whole = await fill(bandedSource(inGroups([ALL])));
    expect((await whole.summary).committed).toBe(9);
    const expected = await filesOf(whole.path);
    // Eight tiles of sixteen bands, of which two have no chunk; the ninth is empty.
    expect(await bandChunks(whole.path)).toHaveLength(8 * 14);
    const groupings = [inGroups([ALL]), inGroups(cut(1), 1), inGroups(cut(8)), inGroups(cut(3), 3)];
    for (let i = 0; i < 4; i++) groupings.push(dealt(next));
    for (const [i, grouping] of groupings.entries()) {
      const source = bandedSource(grouping, undefined, i % 3 > 0);
      const { path, summary } = await fill(source, inPieces(source));
      expect((await summary).failed, `seed ${seed}`).toEqual([]);
      expect(await filesOf(path), `seed ${seed}, ${JSON.stringify(grouping)}`).toEqual(expected);
      expect(source.held.now).toBe(0);
    }
  });

  test('is that of whole tiles with threads too, of which several are at one tile', async () => {
    const whole = await fill(bandedSource(inGroups([ALL])), { pool: threads });
    await whole.summary;
    for (const kind of [cut(2), cut(5)]) {
      const source = bandedSource(inGroups(kind));
      const { memory } = inPieces(source, DATASET, threads);
      const { path, summary } = await fill(source, { pool: threads, memory });
      await summary;
      expect(await filesOf(path)).toEqual(await filesOf(whole.path));
    }
  });

  test('has the pixels of the loopback server, 64 bands of floats with gaps, in whatever order replies come', async () => {
    const { title, source: origin, bands, dtype } = presetDataset('AlphaEarth');
    const dataset = parseDataset({
      ...{ title, dtype, bands: bands.map(({ name }) => name) },
      collection: origin.kind === 'collection' ? origin.id : '',
      grid: {
        ...{ crs: 'EPSG:4326', bounds: [126.3, 72.2, 126.305, 72.205] },
        ...{ resolution: 8.98315284e-5, chunk: 28 },
      },
      time: { start: '2017', step: '1 year', end: '2018' },
    });
    const server = await startLoopback({ faults: { latency: { ms: 3, jitterMs: 3 } } });
    try {
      const service = () =>
        earthEngine(dataset, { endpoint: server.url, token: DEFAULT_TOKEN, project: 'p' });
      const plain = await service();
      const whole = await fill(plain, { dataset });
      expect((await whole.summary).committed).toBe(12);
      await plain.close();
      const opened = await service();
      const source: TileSource = { ...opened, planRequests: (geobox) => planned(opened, geobox) };
      const { memory } = inPieces(source, dataset);
      const { path, summary, events } = await fill(source, { dataset, memory });
      expect(await summary).toMatchObject({ committed: 12, failed: [], requests: 12 * 9 });
      await opened.close();
      const files = await filesOf(path);
      expect(files.size).toBeGreaterThan(12 * 64);
      expect(files).toEqual(await filesOf(whole.path));
      expect(events.filter(({ type }) => type === 'fetched')).toHaveLength(12);
    } finally {
      await server.close();
    }
  });
});

/** The one request of a tile as nine of its bands. */
function planned(source: TileSource, geobox: Parameters<TileSource['planRequests']>[0]) {
  return source.planRequests(geobox).flatMap((request) =>
    Array.from({ length: 9 }, (_, i) => {
      const bands = request.bands.slice(Math.floor((64 * i) / 9), Math.floor((64 * (i + 1)) / 9));
      return { ...request, bands, bytes: (request.bytes * bands.length) / 64 };
    }),
  );
}

/** Answers that are held until the test lets them go. */
function heldAnswers() {
  const waiting: { tile: PlannedTile; go: (error?: Error) => void }[] = [];
  let onAsked = () => {};
  const answer = async (tile: PlannedTile, signal?: AbortSignal) => {
    await new Promise<void>((resolve, reject) => {
      waiting.push({ tile, go: (error) => (error === undefined ? resolve() : reject(error)) });
      const stopped = () => reject(new AbortedError('stopped'));
      if (signal?.aborted) stopped();
      signal?.addEventListener('abort', stopped, { once: true });
      onAsked();
    });
    return undefined;
  };
  const asked = (count: number) =>
    new Promise<void>((resolve) => {
      onAsked = () => {
        if (waiting.length >= count) resolve();
      };
      onAsked();
    });
  return { answer, asked, waiting };
}

describe('groups of one tile', () => {
  test('are decoded as their replies come, in any order, and the tile is there with the last', async () => {
    const whole = await fill(bandedSource(inGroups([ALL])), { maxTiles: 1 });
    await whole.summary;
    const { answer, asked, waiting } = heldAnswers();
    const source = bandedSource(inGroups(cut(4)), answer);
    const { path, cube, summary } = await fill(source, { ...inPieces(source), maxTiles: 1 });
    await asked(4);
    const order = [2, 0, 3, 1];
    for (const at of order.slice(0, 3)) waiting[at]?.go();
    // The chunks of twelve bands, of which one has none, are written; the tile is not there.
    await vi.waitFor(async () => expect(await bandChunks(path)).toHaveLength(11), PATIENT);
    expect((await cube.tileStates(cube.grid.geobox)).every(({ state }) => state === 0)).toBe(true);
    expect(source.held.now).toBe(
      source
        .planRequests(cube.grid.tileGeoBox({ row: 0, col: 0 }).toRecord())
        .slice(0, 2)
        .reduce((sum, { bytes }) => sum + bytes, 0),
    );
    waiting[1]?.go();
    expect((await summary).committed).toBe(1);
    expect(await filesOf(path)).toEqual(await filesOf(whole.path));
  });

  test('stop when one of them fails: the tile fails with its error, and nothing is left of it', async () => {
    const loans = countLoans();
    let aborted = 0;
    const source = bandedSource(inGroups(cut(4)), async (tile, signal) => {
      if (tile.id !== '0-1') return undefined;
      if (tile.requests[0]?.bands[0] === 8) throw new EarthEngineError('too-large', 'no');
      await new Promise<void>((resolve) => {
        if (signal?.aborted) resolve();
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
      aborted++;
      return undefined;
    });
    const { path, cube, summary } = await fill(source, inPieces(source));
    expect(await summary).toMatchObject({
      committed: 8,
      failed: [{ id: '0-1', stage: 'fetch', error: { kind: 'too-large', message: 'no' } }],
    });
    expect(aborted).toBe(source.asked.filter((id) => id.startsWith('0-1')).length - 1);
    expect((await bandChunks(path)).filter((file) => /c.0.1$/.test(file))).toEqual([]);
    const states = await cube.tileStates(cube.grid.geobox);
    expect(states.map(({ state }) => state)).toEqual([1, 0, 1, 1, 2, 1, 1, 1, 1]);
    expect([loans.now, source.held.now]).toEqual([0, 0]);
    // And the next run does it.
    const rest = bandedSource(inGroups(cut(4)));
    const again = await cube.ingest(cube.grid.geobox, {
      ...{ source: rest, pool: inline },
      ...inPieces(rest),
    });
    expect(again.committed).toBe(1);
  });

  test('are fetched again one by one, where a reply is damaged in a way that decoding shows', async () => {
    const whole = await fill(bandedSource(inGroups([ALL])));
    await whole.summary;
    const damaged = new Set<string>();
    const source = bandedSource(inGroups(cut(4)), async ({ id, requests }) => {
      if (id !== '1-0' || requests[0]?.bands[0] !== 4 || damaged.has(id)) return undefined;
      damaged.add(id);
      return Uint8Array.of(1, 2, 3);
    });
    const { path, summary } = await fill(source, inPieces(source));
    expect(await summary).toMatchObject({ committed: 9, retries: 1 });
    expect(await filesOf(path)).toEqual(await filesOf(whole.path));
    expect(source.asked.filter((asked) => asked.startsWith('1-0')).sort()).toEqual(
      ['1-0:0', '1-0:12', '1-0:4', '1-0:4', '1-0:8'].sort(),
    );
  });

  test('fail for good where the same damage comes each time, at the stage at which it shows', async () => {
    const loans = countLoans();
    const source = bandedSource(inGroups(cut(4)), async ({ id, requests }) =>
      id === '1-0' && requests[0]?.bands[0] === 4 ? Uint8Array.of(1, 2, 3) : undefined,
    );
    const { summary } = await fill(source, inPieces(source));
    expect(await summary).toMatchObject({
      committed: 8,
      failed: [{ id: '1-0', stage: 'process', tries: 3, isRepeated: true }],
    });
    expect(loans.now).toBe(0);
  });

  test('that are under way when the run is stopped give all of their memory back, and leave nothing', async () => {
    const loans = countLoans();
    const budgets: MemoryBudget[] = [];
    const { holding } = MemoryBudget.prototype;
    vi.spyOn(MemoryBudget.prototype, 'holding').mockImplementation(function (
      this: MemoryBudget,
      ...args
    ) {
      budgets.push(this);
      return holding.apply(this, args) as never;
    });
    const { answer, asked, waiting } = heldAnswers();
    const source = bandedSource(inGroups(cut(4)), answer);
    const stop = new AbortController();
    const { path, summary } = await fill(source, { ...inPieces(source), signal: stop.signal });
    await asked(4);
    waiting[1]?.go();
    await vi.waitFor(
      async () => expect((await bandChunks(path)).length).toBeGreaterThan(2),
      PATIENT,
    );
    stop.abort();
    await expect(summary).rejects.toBeInstanceOf(AbortedError);
    expect(await bandChunks(path)).toEqual([]);
    expect([loans.now, source.held.now, budgets[0]?.used]).toEqual([0, 0, 0]);
  });
});

describe('the memory that groups may take', () => {
  test('is never exceeded, and holds all tiles up but for ever none, down to one group at a time', async () => {
    const seed = Math.floor(Math.random() * 1e6);
    const next = random(seed);
    const whole = await fill(bandedSource(inGroups([ALL])));
    await whole.summary;
    const first = bandedSource(inGroups(cut(3)));
    const { fixed } = memoryFor(DATASET, first, inline, inPieces(first).memory);
    const group = 10 * 12 * 2 * 4;
    for (const count of [1, 2, 3]) {
      const turns = async () => {
        for (let i = next() * 20; i > 0; i--) await new Promise((resolve) => setImmediate(resolve));
        return undefined;
      };
      const source = bandedSource(inGroups(cut(3)), turns);
      const memory = fixed + count * group;
      const { path, summary } = await fill(source, { memory, tilesInFlight: 4 });
      expect((await summary).committed, `seed ${seed}`).toBe(9);
      expect(source.held.most, `seed ${seed}`).toBeLessThanOrEqual(count * group);
      if (count > 1) expect(source.held.most).toBeGreaterThan(group);
      expect(await filesOf(path)).toEqual(await filesOf(whole.path));
    }
    const source = bandedSource(inGroups(cut(3)));
    const { summary } = await fill(source, { memory: fixed + group - 1 });
    await expect(summary).rejects.toThrow(/Expected at least .* for the memory but received/);
    expect(source.asked).toEqual([]);
  });

  test('is a number of bytes, or a text that says one', async () => {
    const source = bandedSource(inGroups([ALL]));
    const { cube, summary } = await fill(source, { memory: '2GB', maxTiles: 1 });
    expect((await summary).committed).toBe(1);
    for (const memory of ['plenty', '-1GB', 0, 1.5])
      await expect(cube.ingest(cube.grid.geobox, { source, pool: inline, memory })).rejects.toThrow(
        /^Expected a (positive whole )?number of bytes.* for (the )?memory/,
      );
  });
});

test('what groups tell adds up to one tile', async () => {
  const source = bandedSource(inGroups(cut(4)));
  const { events, summary } = await fill(source, { ...inPieces(source), maxTiles: 1 });
  const { bytesIn, bytesOut } = await summary;
  const types = events.map(({ type }) => type);
  expect(types).toEqual(
    ['planned', 'fetching', 'fetched', 'processed', 'written', 'committed', 'limited'].sort(
      (one, other) => types.indexOf(one as never) - types.indexOf(other as never),
    ),
  );
  const processed = events.find((event) => event.type === 'processed');
  expect(processed?.type === 'processed' && processed.pieces?.length).toBe(4);
  expect(bytesIn).toBeGreaterThan(16 * 120);
  expect(bytesOut).toBeGreaterThan(0);
});
