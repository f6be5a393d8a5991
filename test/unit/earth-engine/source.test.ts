import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Dataset } from '../../../src/dataset/dataset.js';
import { parseDataset } from '../../../src/dataset/parse.js';
import { AdaptiveLimiter } from '../../../src/earth-engine/adaptive-limiter.js';
import { earthEngineSource } from '../../../src/earth-engine/source.js';
import { EarthEngineError } from '../../../src/errors.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import type { PlannedTile, TileSource } from '../../../src/tile.js';
import { PATIENT } from '../../patience.js';
import { writeGeoTiff } from '../kernel/geotiff.js';
import { countLoans } from '../raster/loans.js';
import {
  type Answer,
  answerError,
  type SeenRequest,
  type SmallServer,
  serve,
} from './small-server.js';

const DATASET = parseDataset({
  title: 't',
  collection: 'projects/p/assets/c',
  bands: ['a', 'b'],
  dtype: 'uint8',
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 300, 300], resolution: 30, chunk: 10 },
});

/** The GeoTIFF a request asks for: `bands` of the request's own shape, on its grid. */
function pixelsFor({ body }: SeenRequest, bands = 3, dtype: 'uint8' | 'int16' = 'uint8') {
  const { grid } = JSON.parse(body) as {
    grid: {
      dimensions: { width: number; height: number };
      affineTransform: { scaleX: number; translateX: number; scaleY: number; translateY: number };
    };
  };
  const { dimensions, affineTransform: t } = grid;
  const length = dimensions.width * dimensions.height;
  return writeGeoTiff({
    geobox: {
      crs: 'EPSG:3413',
      shape: [dimensions.height, dimensions.width],
      affine: [t.scaleX, 0, t.translateX, 0, t.scaleY, t.translateY],
    },
    dtype,
    bands: Array.from({ length: bands }, (_, i) => new Uint8Array(length).fill(i + 1)),
  });
}

const tiff: Answer = (response, request) => {
  response.writeHead(200, { 'content-type': 'image/tiff' });
  response.end(pixelsFor(request));
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
  {
    dataset = DATASET,
    places = 2,
    workloadTag,
  }: { dataset?: Dataset; places?: number; workloadTag?: string | undefined } = {},
): Promise<{ server: SmallServer; source: TileSource }> {
  const server = await serve(answer);
  const source = earthEngineSource(dataset, {
    endpoint: server.url,
    limiter: new AdaptiveLimiter({ start: places, ceiling: places, perSecond: 1e9 }),
    retry: { maxTries: 2 },
    workloadTag,
    credentials: {
      origin: 'test',
      project: 'proj',
      headers: async () => ({}),
      refresh: async () => {},
    },
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
  test('of a tile with many requests does not make Node warn of a leak', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on('warning', onWarning);
    const { source } = await start(tiff);
    const { requests, ...tile } = plan(source);
    const signal = new AbortController().signal;
    await source.fetch({ ...tile, requests: Array(12).fill(requests[0]) }, { signal });
    // Warnings are emitted in a turn of their own.
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  test('asks computePixels of the project for a GeoTIFF on the full explicit grid', async () => {
    const { server, source } = await start(tiff);
    const fetched = await source.fetch(plan(source));
    expect(fetched).toMatchObject({ state: 'fetched', id: '0-0', index: { row: 0, col: 0 } });
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

  test('a workload tag goes with each request, and without one the field is not there', async () => {
    for (const workloadTag of ['monthly', undefined]) {
      const { server, source } = await start(tiff, { workloadTag });
      await source.fetch(plan(source));
      const bodies = server.seen.map(({ body }) => JSON.parse(body) as object);
      expect(bodies.map((body) => 'workloadTag' in body)).toEqual([workloadTag !== undefined]);
      expect(bodies[0]).toEqual({ ...bodies[0], ...(workloadTag && { workloadTag }) });
    }
  });

  test('a CRS without an EPSG code goes as WKT', async () => {
    const wkt = parseCrs('EPSG:3413').wkt.replace(/,\s*AUTHORITY\["EPSG","3413"\]\]$/, ']');
    const { server, source } = await start(tiff);
    await source.fetch(plan(source, { ...DATASET.grid.geobox, crs: wkt }));
    const { grid } = JSON.parse(server.seen[0]?.body ?? '{}') as { grid: Record<string, unknown> };
    expect(grid.crsWkt).toBe(wkt);
    expect(grid.crsCode).toBeUndefined();
  });

  test('a tile of several requests asks for each once, with no more under way than the limiter has places', async () => {
    const open: (() => void)[] = [];
    let most = 0;
    // Nobody gets a reply until there are two, so that these are under way together whatever the machine does.
    const { server, source } = await start((response, request, count) => {
      open.push(() => tiff(response, request, count));
      most = Math.max(most, open.length);
      if (open.length === 2)
        setImmediate(() => {
          for (const reply of open.splice(0)) reply();
        });
    });
    const geobox = { ...DATASET.grid.geobox, shape: [35_000, 100] as const };
    const tile = plan(source, geobox);
    const cut = { ...tile, requests: [tile, tile].flatMap(({ requests }) => requests) };
    const fetched = await source.fetch(cut);
    expect(server.seen).toHaveLength(4);
    expect(most).toBe(2);
    expect(fetched.parts.map(({ request }) => request)).toEqual(cut.requests);
  });

  test('each request that brought pixels is told, with its bytes', async () => {
    const { source } = await start(tiff);
    const events: { type: string; bytes?: number }[] = [];
    const fetched = await source.fetch(plan(source), {
      onEvent: (event) => void events.push(event),
    });
    expect(events).toMatchObject([{ type: 'request', bytes: fetched.parts[0]?.bytes.byteLength }]);
  });
});

describe('the memory of replies', () => {
  test('is used again after a tile was released, and not before', async () => {
    const { source } = await start(tiff);
    const buffers: unknown[] = [];
    const [one, other] = [await source.fetch(plan(source)), await source.fetch(plan(source))];
    for (const { parts } of [one, other]) buffers.push(parts[0]?.bytes.buffer);
    expect(buffers[0]).not.toBe(buffers[1]);
    source.release?.(one);
    const third = await source.fetch(plan(source));
    expect(third.parts[0]?.bytes.buffer).toBe(buffers[0]);
  });

  test('of a tile that fails is given back, that of requests still under way too', async () => {
    const loans = countLoans();
    let isRefused = false;
    const { source } = await start(
      (response, request, count) => {
        if (count === 3) isRefused = answerError(response, 403) === undefined;
        else tiff(response, request, count);
      },
      { places: 3 },
    );
    const { requests, ...tile } = plan(source);
    const four = { ...tile, requests: Array(6).fill(requests[0]) };
    await expect(source.fetch(four)).rejects.toMatchObject({ kind: 'permission' });
    expect(isRefused).toBe(true);
    await vi.waitFor(() => expect(loans.now).toBe(0), PATIENT);
    expect(loans.most).toBeGreaterThan(0);
  });

  test('of replies that were refused, or broke off, is given back', async () => {
    const loans = countLoans();
    const { server, source } = await start((response, _, count) => {
      response.writeHead(200, { 'content-type': 'image/tiff', 'content-length': 5000 });
      if (count === 2) response.end(Buffer.alloc(5000, 7));
      else response.write('II*', () => response.destroy());
    });
    for (const message of [/begin otherwise/, /connection broke/])
      await expect(source.fetch(plan(source))).rejects.toThrow(message);
    expect(server.seen).toHaveLength(4);
    expect(loans.most).toBeGreaterThan(0);
    expect(loans.now).toBe(0);
  });
});

describe('replies that are not the pixels asked for are asked for again, and then fail the tile', () => {
  const reply = (make: (request: SeenRequest) => Uint8Array): Answer => {
    return (response, request) => {
      response.writeHead(200, { 'content-type': 'image/tiff' });
      response.end(make(request));
    };
  };

  test.each<[string, Answer, RegExp]>([
    [
      'text',
      reply(() => Buffer.from('hello')),
      /a GeoTIFF .* 5 bytes that begin otherwise, called image\/tiff/,
    ],
    ['no bytes', reply(() => Buffer.alloc(0)), /0 bytes/],
    ['a GeoTIFF cut short', reply((r) => pixelsFor(r).slice(0, -20)), /whole GeoTIFF/],
    ['a GeoTIFF cut in its header', reply((r) => pixelsFor(r).slice(0, 12)), /whole GeoTIFF/],
    ['too few bands', reply((r) => pixelsFor(r, 2)), /3 bands/],
    ['another type', reply((r) => pixelsFor(r, 3, 'int16')), /uint8 pixels/],
    [
      'other pixels',
      reply((r) => pixelsFor({ ...r, body: r.body.replace('"width":10', '"width":9') })),
      /10 x 10 pixels/,
    ],
    [
      'another place',
      reply((r) => pixelsFor({ ...r, body: r.body.replace('"translateX":0', '"translateX":15') })),
      /transform/,
    ],
  ])('%s', async (_, answer, message) => {
    const { server, source } = await start(answer);
    const error = await source.fetch(plan(source)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EarthEngineError);
    expect(error).toMatchObject({ kind: 'wrong-reply', tries: 2 });
    expect((error as Error).message).toMatch(message);
    expect(server.seen).toHaveLength(2);
  });

  test('an error of the service in a reply of status 200 is that error', async () => {
    const { source } = await start((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"error":{"code":400,"message":"User memory limit exceeded."}}');
    });
    const small = { ...DATASET.grid.geobox, shape: [1, 1] as const };
    const oneBand = plan(source, small);
    const requests = oneBand.requests.map((request) => ({ ...request, bands: [0] }));
    const error = await source.fetch({ ...oneBand, requests }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'too-large' });
  });
});

describe('what is too large for the service', () => {
  /** Answers at most `pixels` pixels at a time. */
  const upTo =
    (pixels: number): Answer =>
    (response, request, count) => {
      const { width, height } = (
        JSON.parse(request.body) as { grid: { dimensions: { width: number; height: number } } }
      ).grid.dimensions;
      if (width * height > pixels) answerError(response, 400, 'User memory limit exceeded.');
      else tiff(response, request, count);
    };
  const geobox = { ...DATASET.grid.geobox, shape: [400, 100] as const };

  test('is cut in two until it passes; the parts cover the tile, and each cut is told', async () => {
    const { source } = await start(upTo(11_000));
    const splits: unknown[] = [];
    const fetched = await source.fetch(plan(source, geobox), {
      onEvent: (event) => {
        if (event.type === 'split') splits.push(event);
      },
    });
    expect(fetched.parts.map(({ request }) => request.window)).toEqual([
      { row: 0, col: 0, height: 100, width: 100 },
      { row: 100, col: 0, height: 100, width: 100 },
      { row: 200, col: 0, height: 100, width: 100 },
      { row: 300, col: 0, height: 100, width: 100 },
    ]);
    expect(splits).toHaveLength(3);
    expect(splits[0]).toMatchObject({ error: { kind: 'too-large', status: 400 }, bands: 2 });
  });

  test('is not asked for again and again: sizes that were refused twice and never passed are cut at once', async () => {
    const { server, source } = await start(upTo(25_000));
    for (let i = 0; i < 3; i++) await source.fetch(plan(source, geobox));
    // Two tiles of a refusal and two halves, then one of two halves.
    expect(server.seen).toHaveLength(3 + 3 + 2);
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

  test.each([
    ['<html>log in</html>', 'text/html', 'wrong-reply', /Expected JSON .* received a web page/],
    ['', 'application/json', 'wrong-reply', /Expected JSON/],
    ['{"error":{"code":403,"message":"No."}}', 'application/json', 'permission', /403: No\./],
  ])('a reply of status 200 that is no asset (%s) ends it', async (body, type, kind, message) => {
    const { server, source } = await start((response) => {
      response.writeHead(200, { 'content-type': type });
      response.end(body);
    });
    const check = source.check();
    await expect(check).rejects.toMatchObject({ kind });
    await expect(check).rejects.toThrow(message);
    expect(server.seen.length).toBeLessThanOrEqual(2);
  });

  test('an expression has no asset to ask for', async () => {
    const { server, source } = await start(tiff, {
      dataset: {
        ...DATASET,
        source: { kind: 'expression', expression: { result: '0', values: {} } },
      },
    });
    await source.check();
    expect(server.seen).toEqual([]);
  });
});
