import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  Cube,
  createPool,
  earthEngine,
  type IngestEvent,
  type IngestSummary,
  type Pool,
  parseBoundingBox,
  parseDataset,
} from '../../src/index.js';
import { loadGdal, uniqueName } from '../../src/kernel/gdal/load.js';
import {
  changeBands,
  changeSize,
  type FaultPlan,
  type LoopbackServer,
  shiftGrid,
  startLoopback,
} from '../../src/loopback/index.js';
import { runCommand } from '../e2e/command.js';
import {
  createCube,
  environmentFor,
  ingestArgs,
  SMALL_BBOX,
  TINY_DATASET,
  temporaryFolder,
} from '../e2e/loopback-cubes.js';
import { type FrontReply, type PixelsAsked, startFront } from './support/front-server.js';

const ROI = parseBoundingBox(SMALL_BBOX);
const TILES = 60;

/** Tiles under way at a time. */
const LANES = 3;

/** The same reply so often in a row ends a request; so many tiles in vain end a run. */
const [TRIES, IN_VAIN] = [3, 10];

const cleanUp: (() => Promise<unknown>)[] = [];
let pool: Pool;
let service: LoopbackServer;

beforeAll(async () => {
  pool = createPool({ size: 1 });
  service = await startLoopback({ token: 'loopback' });
});

afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close();
});

afterAll(() => Promise.all([pool.close(), service.close()]));

interface Run {
  readonly cube: Cube;
  readonly summary: IngestSummary | undefined;
  readonly error: unknown;
  readonly events: readonly IngestEvent[];
  readonly asked: number;
}

/** An ingest that would wait for an hour, of which each request would be tried eight times. */
async function ingestThrough(
  change: (pixels: Uint8Array, asked: PixelsAsked) => FrontReply | undefined,
): Promise<Run> {
  const front = await startFront(service.url, change);
  cleanUp.push(() => front.close());
  const cube = await Cube.create('memory:', parseDataset(TINY_DATASET), { pool });
  const source = await earthEngine(cube.dataset, {
    endpoint: front.url,
    token: 'loopback',
    project: 'test',
    retry: { baseDelayMs: 1 },
  });
  cleanUp.push(() => source.close());
  const events: IngestEvent[] = [];
  const [summary, error] = await cube
    .ingest(ROI, { source, pool, tilesInFlight: LANES, onEvent: (event) => events.push(event) })
    .then(
      (value) => [value, undefined] as const,
      (reason: unknown) => [undefined, reason] as const,
    );
  return { cube, summary, error, events, asked: front.asked };
}

const ofType = (events: readonly IngestEvent[], type: IngestEvent['type']) =>
  events.filter((event) => event.type === type);

const asTiff = (body: Uint8Array): FrontReply => ({ type: 'image/tiff', body });

/** The same picture, written anew. */
function translated(tiff: Uint8Array, ...args: string[]): Uint8Array {
  const gdal = loadGdal();
  const [from, to] = [uniqueName('.tif'), uniqueName('.tif')];
  gdal.vsimem.set(Buffer.from(tiff), from);
  try {
    gdal.translate(to, gdal.open(from), ['-q', '-of', 'GTiff', ...args]).close();
    return Uint8Array.from(gdal.vsimem.release(to));
  } finally {
    gdal.vsimem.release(from);
  }
}

/** A whole directory that speaks of Deflate, over bytes that are none. */
function undecodable(tiff: Uint8Array): Uint8Array {
  const changed = translated(tiff, '-co', 'COMPRESS=DEFLATE');
  // The streams of zlib begin with 0x78, and a second byte that makes a multiple of 31 of both.
  for (let at = 8; at + 1 < changed.length; at++)
    if (changed[at] === 0x78 && (0x7800 + (changed[at + 1] ?? 0)) % 31 === 0)
      changed.fill(0xff, at, at + 2);
  return changed;
}

const PAGE = '<!DOCTYPE html><html><head><title>Welcome to the hotel</title></head></html>';

/** What no request was ever for; sort of the failure, its words. */
const KINDS: readonly (readonly [
  string,
  (pixels: Uint8Array, asked: PixelsAsked) => FrontReply,
  RegExp,
])[] = [
  [
    'another size',
    (pixels) => asTiff(changeSize(pixels)),
    /Expected 50 x 50 pixels for the reply but received 49 x 50\./,
  ],
  ['another place', (pixels) => asTiff(shiftGrid(pixels, 1)), /Expected the transform/],
  [
    'too few bands',
    (pixels) => asTiff(changeBands(pixels)),
    /Expected 2 bands for the reply but received 1\./,
  ],
  [
    'another type',
    (pixels) => asTiff(translated(pixels, '-ot', 'Float32')),
    /Expected uint8 pixels for the reply but received 32 bits of sample format 3\./,
  ],
  [
    'another CRS',
    (pixels) => asTiff(translated(pixels, '-a_srs', 'EPSG:4258')),
    /Expected EPSG:4326 for the reply but received EPSG:4258\./,
  ],
  [
    'a page of a proxy, which tells the time',
    (_, { count }) => ({ type: 'text/html', body: `${PAGE}<!-- ${count} ${Date.now()} -->` }),
    /received a web page "Welcome to the hotel", called text\/html\. Something else answers in its place/,
  ],
  [
    'JSON that is no error',
    () => ({ type: 'application/json', body: '{"hello":"world"}' }),
    /JSON without an error of the service/,
  ],
  [
    'an error without a status',
    () => ({ type: 'application/json', body: '{"error":{"message":"odd"}}' }),
    /Earth Engine answered 200: odd/,
  ],
  [
    'a GeoTIFF whose directory is none',
    (pixels) => asTiff(Uint8Array.from(pixels).fill(0xff, 8)),
    /Expected a whole GeoTIFF for the reply but received \d+ bytes that cannot be read\./,
  ],
  [
    'a GeoTIFF that is always cut at the same byte',
    (pixels) => asTiff(pixels.subarray(0, -7)),
    /Expected a whole GeoTIFF .* less than its directory speaks of\./,
  ],
  ['nothing', (pixels) => asTiff(pixels.subarray(0, 0)), /0 bytes/],
  [
    'more bytes than the request can make',
    () => asTiff(new Uint8Array(8_000_000)),
    /Expected at most \d+ bytes for the reply but received/,
  ],
];

/** So many tiles end the run, and what was under way beside the last of them may still fail. */
function expectInVain({ length }: readonly IngestEvent[]): void {
  expect(length).toBeGreaterThanOrEqual(IN_VAIN);
  expect(length).toBeLessThanOrEqual(IN_VAIN + LANES - 1);
}

describe('a service that answers every request for pixels with', () => {
  test.each(KINDS)('%s ends the run soon, with what came', async (_, change, message) => {
    const { cube, error, events, asked } = await ingestThrough(change);
    expect(error).toMatchObject({ tag: 'earth-engine', kind: 'wrong-reply' });
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain(
      `It was the same ${TRIES} times in a row. So it was with all of the first ${IN_VAIN} tiles, and the run ends.`,
    );
    expect(ofType(events, 'waiting')).toEqual([]);
    const failed = ofType(events, 'failed');
    expectInVain(failed);
    expect(failed[0]).toMatchObject({ failure: { stage: 'fetch', tries: TRIES } });
    expect(asked).toBeGreaterThanOrEqual(TRIES * IN_VAIN);
    expect(asked).toBeLessThanOrEqual(TRIES * (IN_VAIN + LANES - 1));
    expect((await cube.tileStates(ROI)).every(({ state }) => state === 0)).toBe(true);
  });

  test('the same pixels that cannot be decoded ends the run soon, with what came', async () => {
    const { error, events, asked } = await ingestThrough((pixels) => asTiff(undecodable(pixels)));
    expect(error).toMatchObject({ tag: 'raster', stage: 'decode' });
    expect(String(error)).toMatch(/The same bytes came 3 times in a row\. So it was with all of/);
    expect(ofType(events, 'waiting')).toEqual([]);
    expectInVain(ofType(events, 'failed'));
    expect(asked).toBeLessThanOrEqual(3 * (IN_VAIN + LANES - 1));
  });
});

test('one tile whose reply never fits fails alone, is not waited for, and is listed', async () => {
  const wrong = '125 75';
  const { summary, error, events } = await ingestThrough((pixels, { corner }) =>
    corner === wrong ? asTiff(changeSize(pixels)) : undefined,
  );
  expect(error).toBeUndefined();
  expect(summary?.committed).toBe(TILES - 1);
  expect(summary?.failed).toMatchObject([
    { id: '1-5', stage: 'fetch', tries: 5, error: { kind: 'wrong-reply' }, isRepeated: true },
  ]);
  expect(ofType(events, 'waiting')).toEqual([]);
});

test('replies that are wrong each time in another way are tried as often as any failure', async () => {
  const { summary, error } = await ingestThrough((pixels, { corner, count }) => {
    if (corner !== '125 75' || count > 7) return undefined;
    return asTiff(count % 2 === 0 ? changeSize(pixels) : shiftGrid(pixels, 1));
  });
  expect(error).toBeUndefined();
  expect(summary?.failed).toEqual([]);
  expect(summary?.retries).toBe(7);
});

describe('the command', () => {
  async function ingest(faults: FaultPlan, ...more: string[]) {
    const server = await startLoopback({ faults });
    const folder = await temporaryFolder();
    cleanUp.push(
      () => server.close(),
      () => folder.remove(),
    );
    const store = await createCube(folder.path, 'cube', TINY_DATASET);
    const list = join(folder.path, 'failed.ndjson');
    const args = ingestArgs(store, '--failed', list, '--concurrency', '4', ...more);
    const ended = await runCommand(args, environmentFor(server));
    return { ...ended, list: await readFile(list, 'utf8'), asked: server.requests.pixels };
  }

  test('ends with 1 and a line where no reply fits, and lists every tile', async () => {
    const { code, stdout, stderr, list, asked } = await ingest({ rules: [{ kind: 'wrong-size' }] });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^geocubes: Expected 50 x 50 pixels .* received 49 x 50\. .* the run ends\.\n$/,
    );
    const records = list
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records).toHaveLength(TILES);
    expect(records[0]).toMatchObject({ error: { kind: 'wrong-reply', status: 200 }, tries: TRIES });
    expect(asked).toBeLessThanOrEqual(TRIES * TILES);
  });

  test('ends with 4 at once where the quota of the day is used up, and says when it comes back', async () => {
    const rule = { kind: 'status', status: 403, reason: 'dailyLimitExceeded' } as const;
    const { code, stderr, list, asked } = await ingest({
      rules: [{ ...rule, message: 'No more.' }],
    });
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /^geocubes: Earth Engine answered 403: No more\. The quota of the day .*\n$/,
    );
    expect(list.trimEnd().split('\n')).toHaveLength(TILES);
    // One for each under way.
    expect(asked).toBeLessThanOrEqual(4);
  });
});
