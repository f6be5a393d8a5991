import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type LoopbackServer,
  type RequestEvent,
  startLoopback,
} from '../../../src/loopback/server.js';
import fc from '../../fast-check.js';
import {
  COMPUTE,
  call,
  constant,
  messageOf,
  mosaicOf,
  pixelBody,
  post,
  readTiff,
  TCVIS,
  windowAt,
} from './support.js';

let server: LoopbackServer;
const events: RequestEvent[] = [];

beforeAll(async () => {
  server = await startLoopback({ token: 'secret', onRequest: (event) => events.push(event) });
});

afterAll(() => server.close());

function send(path: string, body: unknown): Promise<Response> {
  return post(server, path, body, 'secret');
}

function get(path: string): Promise<Response> {
  return fetch(`${server.url}/v1/${path}`, { headers: { authorization: 'Bearer secret' } });
}

const IMAGE = mosaicOf(TCVIS);

describe('access', () => {
  test('the server listens on 127.0.0.1', () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  test('connections are kept for a minute, so that none ends just as a client on a busy machine asks again', async () => {
    const answer = await fetch(`${server.url}/v1/projects/demo/algorithms`);
    expect(answer.headers.get('keep-alive')).toBe('timeout=60');
    await answer.arrayBuffer();
  });

  test('a wrong token and a missing one are refused as unauthenticated', async () => {
    const body = pixelBody(IMAGE, windowAt(0, 0, 4));
    const wrong = await post(server, COMPUTE, body, 'guess');
    expect(await wrong.json()).toMatchObject({ error: { code: 401, status: 'UNAUTHENTICATED' } });
    expect(wrong.status).toBe(401);
    const missing = await fetch(`${server.url}/v1/projects/demo/algorithms`);
    expect(missing.status).toBe(401);
  });

  test('a route the service does not have is not found', async () => {
    expect(await messageOf(await get('projects/demo/maps'), 404)).toContain(
      '/v1/projects/demo/maps',
    );
    expect(await messageOf(await send('nothing', {}), 404)).toContain('/v1/nothing');
  });

  test('each reply is counted and reported with its route, status and bytes', async () => {
    const before = server.requests;
    const reply = await send(COMPUTE, pixelBody(IMAGE, windowAt(0, 0, 4)));
    const { byteLength } = await reply.arrayBuffer();
    await send(COMPUTE, '{');
    const after = server.requests;
    expect(after.pixels - before.pixels).toBe(2);
    expect(after.rejected - before.rejected).toBe(1);
    expect(after.bytesSent - before.bytesSent).toBeGreaterThan(byteLength);
    expect(events.at(-2)).toMatchObject({ route: 'pixels', status: 200, bytes: byteLength });
    expect(events.at(-1)).toMatchObject({ method: 'POST', route: 'pixels', status: 400 });
  });
});

describe('limits', () => {
  test('a request past 48 MB is refused in the words of Earth Engine, mask bytes counted', async () => {
    const reply = await send(COMPUTE, pixelBody(IMAGE, windowAt(0, 0, 3600)));
    expect(await messageOf(reply, 400)).toBe(
      'Total request size (77760000 bytes) must be less than or equal to 50331648 bytes.',
    );
  });

  test('a side past 32768 pixels is refused in the words of Earth Engine', async () => {
    const reply = await send(COMPUTE, pixelBody(IMAGE, windowAt(0, 0, 40818, 1)));
    expect(await messageOf(reply, 400)).toBe(
      'Pixel grid dimensions (40818x1) must be less than or equal to 32768.',
    );
  });

  test('more than 1024 bands are refused', async () => {
    const image = call('Image.constant', {
      value: constant(Array.from({ length: 1025 }, () => 1)),
    });
    const reply = await send(COMPUTE, pixelBody(image, windowAt(0, 0, 1)));
    expect(await messageOf(reply, 400)).toBe(
      'Number of bands (1025) must be less than or equal to 1024.',
    );
  });

  test('bands of different types are refused in the words of Earth Engine', async () => {
    const image = call('Image.addBands', {
      dstImg: call('Image.toDouble', { value: IMAGE }),
      srcImg: call('Image.toFloat', { value: IMAGE }),
    });
    const reply = await send(COMPUTE, pixelBody(image, windowAt(0, 0, 4)));
    expect(await messageOf(reply, 400)).toBe(
      'Exported bands must have compatible data types; found inconsistent types: Float64 and Float32.',
    );
  });

  test('a body past 10 MB is refused', async () => {
    const body = JSON.stringify({ padding: 'x'.repeat(10 * 1024 * 1024) });
    expect(await messageOf(await send(COMPUTE, body), 400)).toContain('10485760 bytes');
  });
});

describe('refusals', () => {
  test('an unknown image and an unknown collection are refused in the words of Earth Engine', async () => {
    const image = call('Image.load', { id: constant('users/me/none') });
    expect(await messageOf(await send(COMPUTE, pixelBody(image, windowAt(0, 0, 4))), 400)).toBe(
      "Image.load: Image asset 'users/me/none' not found (does not exist or caller does not have access).",
    );
    const mosaic = mosaicOf('users/me/none');
    expect(await messageOf(await send(COMPUTE, pixelBody(mosaic, windowAt(0, 0, 4))), 400)).toBe(
      "ImageCollection.load: ImageCollection asset 'users/me/none' not found (does not exist or caller does not have access).",
    );
  });

  test('a function that is not evaluated is named', async () => {
    const image = call('Image.reduceNeighborhood', { image: IMAGE });
    const reply = await send(COMPUTE, pixelBody(image, windowAt(0, 0, 4)));
    expect(await messageOf(reply, 400)).toContain("'Image.reduceNeighborhood'");
  });

  test('a file format that is not written is named beside those that are', async () => {
    const body = { ...pixelBody(IMAGE, windowAt(0, 0, 4)), fileFormat: 'PNG' };
    const message = await messageOf(await send(COMPUTE, body), 400);
    expect(message).toContain("'PNG'");
    expect(message).toContain('GEO_TIFF and NPY are');
  });

  test('a grid that cannot be used is refused', async () => {
    const geobox = windowAt(0, 0, 4);
    for (const bad of [
      { ...geobox, crs: 'EPSG:999999' },
      { ...geobox, affine: [0, 0, 0, 0, 0, 0] as const },
      { ...geobox, shape: [0, 4] as const },
    ]) {
      await messageOf(await send(COMPUTE, pixelBody(IMAGE, bad)), 400);
    }
  });

  test('an expression nested without end is refused', async () => {
    const depth = 20000;
    const open = '{"functionInvocationValue":{"functionName":"Image.toByte","arguments":{"value":';
    const nested = `${open.repeat(depth)}{"constantValue":1}${'}}}'.repeat(depth)}`;
    const body = JSON.stringify(pixelBody(constant('HERE'), windowAt(0, 0, 4))).replace(
      '{"constantValue":"HERE"}',
      nested,
    );
    expect(await messageOf(await send(COMPUTE, body), 400)).toContain('nested too deeply');
  });

  test('any JSON at all gets a 4xx and leaves the server running', async () => {
    const node: fc.Arbitrary<object> = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.record({ constantValue: fc.jsonValue() }),
        fc.record({ valueReference: fc.constantFrom('0', '1', '__proto__') }),
        fc.record({
          functionInvocationValue: fc.record({
            functionName: fc.constantFrom('Image.load', 'Image.select', 'Image.add', 'toString'),
            arguments: fc.dictionary(fc.constantFrom('id', 'input', 'image1'), tie('node')),
          }),
        }),
        fc.record({ arrayValue: fc.jsonValue() }),
        fc.record({ functionDefinitionValue: fc.jsonValue() }),
      ),
    })).node as fc.Arbitrary<object>;
    const grid = { ...(pixelBody(IMAGE, windowAt(0, 0, 2)) as { grid: object }).grid };
    const body = fc.oneof(
      fc.json(),
      fc
        .record({ 0: node, 1: node })
        .map((values) =>
          JSON.stringify({ expression: { result: '0', values }, fileFormat: 'GEO_TIFF', grid }),
        ),
    );
    const path = fc.constantFrom(COMPUTE, 'projects/demo/assets/x:getPixels');
    await fc.assert(
      fc.asyncProperty(path, body, async (target, text) => {
        const { status } = await send(target, text);
        return status >= 400 && status < 500;
      }),
      { numRuns: 150 },
    );
    expect((await get('projects/demo/algorithms')).status).toBe(200);
  });
});

describe('assets and values', () => {
  test('a collection and its image are described in the shape of the REST API', async () => {
    expect(await (await get(TCVIS)).json()).toEqual({
      type: 'IMAGE_COLLECTION',
      name: TCVIS,
      id: TCVIS,
    });
    expect(await (await get(`${TCVIS}/world`)).json()).toMatchObject({
      type: 'IMAGE',
      startTime: '2005-01-01T00:00:00.000Z',
      bands: [
        {
          id: 'TCB_slope',
          dataType: { precision: 'INT', range: { max: 255 } },
          grid: {
            crsCode: 'EPSG:4326',
            dimensions: { width: 1335834, height: 667918 },
            affineTransform: {
              scaleX: 0.00026949458523585647,
              translateX: -180.00001488697754,
              translateY: 90.00014219078139,
            },
          },
        },
        { id: 'TCG_slope' },
        { id: 'TCW_slope' },
      ],
    });
    expect((await get('projects/demo/assets/none')).status).toBe(404);
  });

  test('a legacy id is found under its resource name', async () => {
    const name = 'projects/earthengine-legacy/assets/users/ingmarnitze/TCTrend_SR_2000-2019_TCVIS';
    expect(await (await get(name)).json()).toMatchObject({ type: 'IMAGE_COLLECTION', name });
  });

  test('getPixels gives the stored pixels of an image, in the order of bandIds', async () => {
    const { expression: _, ...body } = pixelBody(IMAGE, windowAt(110, 62, 20)) as {
      expression: object;
    };
    const read = async (bandIds: string[]) => {
      const reply = await send(`${TCVIS}/world:getPixels`, { ...body, bandIds });
      return readTiff(new Uint8Array(await reply.arrayBuffer())).bands;
    };
    const all = await read([]);
    const two = await read(['TCW_slope', 'TCB_slope']);
    expect(two).toEqual([all[2], all[0]]);
    const reply = await send(`${TCVIS}/world:getPixels`, { ...body, bandIds: ['B9'] });
    expect(await messageOf(reply, 400)).toContain("'B9'");
  });

  test('value:compute gives constants and descriptions of images', async () => {
    const value = async (node: object) => {
      const body = { expression: { result: '0', values: { 0: node } } };
      const reply = await send('projects/demo/value:compute', body);
      return ((await reply.json()) as { result: unknown }).result;
    };
    expect(await value(constant({ a: [1, 'two', null] }))).toEqual({ a: [1, 'two', null] });
    expect(await value(call('Date', { value: constant('2005-01-01') }))).toEqual({
      type: 'Date',
      value: Date.UTC(2005, 0, 1),
    });
    expect(await value(IMAGE)).toMatchObject({ type: 'Image', bands: { length: 3 } });
  });
});
