import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseDataset } from '../../../src/dataset/parse.js';
import { earthEngineSource } from '../../../src/earth-engine/source.js';
import { EarthEngineError } from '../../../src/errors.js';
import { parseCrs } from '../../../src/grid/crs.js';
import type { PlannedTile, TileSource } from '../../../src/tile.js';
import { type Answer, answerError, type SmallServer, serve } from './small-server.js';

const DATASET = parseDataset({
  title: 't',
  collection: 'projects/p/assets/c',
  bands: ['a', 'b'],
  dtype: 'uint8',
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 300, 300], resolution: 30, chunk: 10 },
});

const TIFF = Buffer.from([0x49, 0x49, 42, 0, 1, 2, 3, 4]);
const tiff: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'image/tiff' });
  response.end(TIFF);
};

const closing: (() => Promise<void>)[] = [];

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0)) await close();
});

async function start(
  answer: Answer,
  dataset = DATASET,
  concurrency = 2,
): Promise<{ server: SmallServer; source: TileSource }> {
  const server = await serve(answer);
  const source = earthEngineSource(dataset, {
    endpoint: server.url,
    concurrency,
    credentials: { origin: 'test', project: 'proj', headers: async () => ({}) },
  });
  closing.push(
    () => source.close(),
    () => server.close(),
  );
  return { server, source };
}

function plan(source: TileSource, geobox = DATASET.grid.geobox): PlannedTile {
  return {
    state: 'planned',
    id: '0-0',
    index: { row: 0, col: 0 },
    geobox,
    requests: source.planRequests(geobox),
  };
}

describe('fetch', () => {
  test('asks computePixels of the project for a GeoTIFF on the full explicit grid', async () => {
    const { server, source } = await start(tiff);
    const fetched = await source.fetch(plan(source));
    expect(fetched).toMatchObject({ state: 'fetched', id: '0-0', index: { row: 0, col: 0 } });
    expect(fetched.parts.map(({ bytes }) => Buffer.from(bytes))).toEqual([TIFF]);
    const [{ method, path, body } = { method: '', path: '', body: '{}' }] = server.seen;
    expect([method, path]).toEqual(['POST', '/v1/projects/proj/image:computePixels']);
    expect(JSON.parse(body)).toMatchObject({
      fileFormat: 'GEO_TIFF',
      grid: {
        dimensions: { width: 10, height: 10 },
        affineTransform: {
          scaleX: 30,
          shearX: 0,
          translateX: 0,
          shearY: 0,
          scaleY: -30,
          translateY: 300,
        },
        crsCode: 'EPSG:3413',
      },
      expression: { result: 'pixels' },
    });
  });

  test('a CRS without an EPSG code goes as WKT', async () => {
    const wkt = parseCrs('EPSG:3413').wkt.replace(/,\s*AUTHORITY\["EPSG","3413"\]\]$/, ']');
    const { server, source } = await start(tiff);
    await source.fetch(plan(source, { ...DATASET.grid.geobox, crs: wkt }));
    const { grid } = JSON.parse(server.seen[0]?.body ?? '{}') as { grid: Record<string, unknown> };
    expect(grid.crsWkt).toBe(wkt);
    expect(grid.crsCode).toBeUndefined();
  });

  test('a tile of several requests asks for each once, no more than the concurrency at a time', async () => {
    let open = 0;
    let most = 0;
    const { server, source } = await start((response, request, count) => {
      most = Math.max(most, ++open);
      setImmediate(() => {
        open--;
        tiff(response, request, count);
      });
    });
    const geobox = { ...DATASET.grid.geobox, shape: [12_000, 8000] as const };
    const tile = plan(source, geobox);
    const fetched = await source.fetch(tile);
    expect(tile.requests.length).toBeGreaterThan(4);
    expect(server.seen).toHaveLength(tile.requests.length);
    expect(most).toBeLessThanOrEqual(2);
    expect(fetched.parts.map(({ request }) => request)).toEqual(tile.requests);
    const rows = server.seen.map(({ body }) => JSON.parse(body).grid.affineTransform.translateY);
    expect(new Set(rows).size).toBe(tile.requests.length);
  });

  test('a reply of status 200 that is no TIFF fails the tile as a transient failure', async () => {
    const { source } = await start((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{}');
    });
    const error = await source.fetch(plan(source)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EarthEngineError);
    expect(error).toMatchObject({ kind: 'transient' });
    expect((error as Error).message).toContain('2 bytes of application/json');
  });

  test.each([
    ['II, classic', [0x49, 0x49, 42, 0]],
    ['II, BigTIFF', [0x49, 0x49, 43, 0]],
    ['MM, classic', [0x4d, 0x4d, 0, 42]],
    ['MM, BigTIFF', [0x4d, 0x4d, 0, 43]],
  ])('a TIFF of byte order %s is taken', async (_, magic) => {
    const { source } = await start((response) => response.end(Buffer.from(magic)));
    expect((await source.fetch(plan(source))).parts).toHaveLength(1);
  });
});

describe('check', () => {
  test('asks for the asset by its REST name', async () => {
    const { server, source } = await start((response) => response.end('{}'));
    await source.check();
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/projects/p/assets/c',
    ]);
  });

  test('an asset that is not there is told as not-found', async () => {
    const { source } = await start((response) => answerError(response, 404));
    await expect(source.check()).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('an expression has no asset to ask for', async () => {
    const { server, source } = await start(tiff, {
      ...DATASET,
      source: { kind: 'expression', expression: { result: '0', values: {} } },
    });
    await source.check();
    expect(server.seen).toEqual([]);
  });
});
