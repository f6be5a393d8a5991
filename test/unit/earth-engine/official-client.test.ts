import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkExpression } from '../../../src/dataset/expressions/expression.js';
import { timeFunctionOf } from '../../../src/dataset/expressions/time-function.js';
import { findCredentials } from '../../../src/earth-engine/credentials.js';
import {
  type BuildImage,
  buildExpression,
  type EarthEngineNamespace,
  type EarthEngineObject,
} from '../../../src/earth-engine/expressions/official-client.js';
import { MAX_METADATA_BYTES } from '../../../src/earth-engine/read-body.js';
import { EarthEngineError, InvalidInputError } from '../../../src/errors.js';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { serveEndless } from './endless-server.js';
import { answerError, serve } from './small-server.js';

const DEMO = 'projects/geocubes/assets/demo';
const TOKEN = 'canary-of-a-token';

let server: LoopbackServer;
let other: LoopbackServer;
beforeAll(async () => {
  server = await startLoopback({ token: TOKEN });
  other = await startLoopback({ token: 'of-the-other' });
});
afterAll(() => Promise.all([server.close(), other.close()]));

async function build(image: BuildImage, { url = server.url, token = TOKEN, project = 'p' } = {}) {
  const credentials = await findCredentials({ endpoint: url, token, project });
  return buildExpression(image, { endpoint: url, credentials });
}

const constant = (ee: EarthEngineNamespace) => ee.Image(7);

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

test('an image becomes an expression of the REST API, plain JSON with its shared parts once', async () => {
  const expression = await build((ee) => {
    const mosaic = ee.ImageCollection(DEMO).mosaic();
    return mosaic.select(['TCB_slope']).add(mosaic.select(['TCG_slope']));
  });
  expect(JSON.parse(JSON.stringify(expression))).toEqual(expression);
  expect(expression).toMatchObject({ result: '0', values: { 0: expect.anything() } });
  const text = JSON.stringify(expression);
  expect(text.match(/ImageCollection\.mosaic/g)).toHaveLength(1);
  expect(text).toContain('"functionName":"Image.add"');
});

describe('an image that depends on its time step', () => {
  test('becomes a function of the step, built by one call, with nothing left of the client', async () => {
    let calls = 0;
    const expression = await build((ee, { start, end }) => {
      calls++;
      return ee
        .ImageCollection(DEMO)
        .filterDate(start, end)
        .map((image: EarthEngineObject) => image.set?.('since', ee.Date(start)))
        .median();
    });
    expect(calls).toBe(1);
    expect(JSON.parse(JSON.stringify(expression))).toEqual(expression);
    expect(checkExpression(expression)).toEqual(expression);
    expect(timeFunctionOf(expression)).toMatchObject({ start: 'start', end: 'end' });
    expect(Object.values(argumentNamesIn(expression))).toContainEqual(['start', 'end']);
  });

  test('may come late, as a promise', async () => {
    const expression = await build(async (ee, { end }) => ee.Image(await Promise.resolve(end)));
    expect(timeFunctionOf(expression)).toMatchObject({ start: 'start', end: 'end' });
  });

  test('is a function no more where it looks at neither end of it', async () => {
    const image = await build((ee, { start: _ }) => ee.Image(7));
    expect(image).toEqual(await build(constant));
    expect(timeFunctionOf(image)).toBeUndefined();
  });
});

/** Of each function in an expression. */
function argumentNamesIn(json: unknown): readonly unknown[] {
  if (typeof json !== 'object' || json === null) return [];
  const own = (json as { argumentNames?: unknown }).argumentNames;
  const inner = Object.values(json).flatMap(argumentNamesIn);
  return own === undefined ? inner : [own, ...inner];
}

test('the client is initialised once for an endpoint and project, with the project in its headers', async () => {
  const service = await serve((response, { path, headers }) => {
    if (headers.authorization !== `Bearer ${TOKEN}`) return answerError(response, 401);
    if (!/^\/v1\/projects\/[^/]+\/algorithms/.test(path)) return answerError(response, 404);
    fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } })
      .then((reply) => reply.text())
      .then((text) => response.writeHead(200, { 'content-type': 'application/json' }).end(text));
  });
  const at = { url: service.url };
  await Promise.all([build(constant, at), build(constant, at), build(constant, at)]);
  expect(service.seen).toHaveLength(1);
  expect(service.seen[0]).toMatchObject({
    method: 'GET',
    path: expect.stringMatching(/^\/v1\/projects\/p\/algorithms/),
    headers: { 'x-goog-user-project': 'p' },
  });
  await build(constant, { ...at, project: 'another' });
  expect(service.seen.map(({ headers }) => headers['x-goog-user-project'])).toEqual([
    'p',
    'another',
  ]);
  await service.close();
});

test('for another endpoint it is initialised again, and calls for both at once do not mix', async () => {
  const there = { url: other.url, token: 'of-the-other' };
  const before = [server.requests.algorithms, other.requests.algorithms];
  const expressions = await Promise.all([
    build(constant),
    build(constant, there),
    build(async (ee) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return ee.Image(7);
    }),
    build(constant, there),
  ]);
  for (const expression of expressions) expect(expression).toEqual(expressions[0]);
  expect(server.requests.rejected + other.requests.rejected).toBe(0);
  expect(server.requests.algorithms - (before[0] ?? 0)).toBe(2);
  expect(other.requests.algorithms - (before[1] ?? 0)).toBe(2);
});

test('the client holds no token while the image is built, nor after', async () => {
  interface Data {
    readonly data: { getAuthToken(): string | null };
  }
  let client: Data | undefined;
  await build((ee) => {
    client = ee as unknown as Data;
    expect(client.data.getAuthToken()).toBeNull();
    return ee.Image(1);
  });
  expect(client?.data.getAuthToken()).toBeNull();
  await failureOf(build(constant, { token: 'wrong', project: 'another' }));
  expect(client?.data.getAuthToken()).toBeNull();
});

describe('what is no image is refused with what to do', () => {
  test.each<[string, BuildImage, string]>([
    [
      'a collection',
      (ee) => ee.ImageCollection(DEMO),
      'received "an ee.ImageCollection". Make it one image',
    ],
    ['nothing', () => undefined, 'received "undefined"'],
    ['a string', () => DEMO, `received "${DEMO}"`],
    ['an object', () => ({}), 'received "another object". Wrap'],
  ])('%s', async (_, image, message) => {
    const error = await failureOf(build(image));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toContain(message);
  });

  test('a function that fails', async () => {
    const error = await failureOf(
      build(() => {
        throw new Error('no such band');
      }),
    );
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toBe(
      'Expected a function that builds an ee.Image but it failed: no such band',
    );
  });
});

describe('a service that does not list its functions', () => {
  test.each([
    [403, 'Caller does not have required permission to use project p.', 'permission'],
    [503, 'The service is currently unavailable.', 'transient'],
    [400, 'Odd.', 'bad-request'],
  ])('%i "%s" is an error of kind %3$s, and the next call works', async (status, message, kind) => {
    const service = await serve((response) => answerError(response, status, message));
    const error = (await failureOf(build(constant, { url: service.url }))) as EarthEngineError;
    await service.close();
    expect(error).toBeInstanceOf(EarthEngineError);
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(message);
    expect(inspect(error, { depth: null })).not.toContain(TOKEN);
    expect(await build(constant)).toHaveProperty('values');
  });

  test('one that is not there is unreachable', async () => {
    const service = await serve(() => {});
    await service.close();
    const error = (await failureOf(build(constant, { url: service.url }))) as EarthEngineError;
    expect(error.kind).toBe('unreachable');
  });

  test('one that sends the asker elsewhere is not followed, with the token or without', async () => {
    const elsewhere = await serve((response) => response.end('{}'));
    const service = await serve((response) =>
      response.writeHead(302, { location: `${elsewhere.url}/v1/projects/p/algorithms` }).end(),
    );
    await failureOf(build(constant, { url: service.url }));
    expect(elsewhere.seen).toEqual([]);
    await Promise.all([service.close(), elsewhere.close()]);
  });

  test('one whose reply never ends is hung up on at the bound of metadata', async () => {
    const service = await serveEndless((response) => response.writeHead(200));
    const error = await failureOf(build(constant, { url: service.url }));
    expect(error.message).toMatch(/list of Earth Engine's functions .* at most 16777216 bytes/);
    await service.hungUp();
    // Three tries, and what lies in the sockets of both ends.
    expect(service.sent()).toBeLessThan(3 * (MAX_METADATA_BYTES + 16 * 1024 ** 2));
    await service.close();
  });

  test.each(['{"algorithms"', '[]', '{"algorithms":[{}]}'])(
    'one that answers with %s is told, and the next call works',
    async (text) => {
      const service = await serve((response) => response.writeHead(200).end(text));
      const error = await failureOf(build(constant, { url: service.url }));
      expect(error.message).toMatch(/^Expected the list of Earth Engine's functions from /);
      await service.close();
      expect(await build(constant)).toHaveProperty('values');
    },
  );

  test('a token that is refused is replaced once', async () => {
    let token = 'stale';
    const credentials = {
      origin: 'a test',
      project: 'p',
      headers: async () => ({ authorization: `Bearer ${token}` }),
      refresh: async () => {
        token = 'of-the-other';
      },
    };
    const expression = await buildExpression(constant, { endpoint: other.url, credentials });
    expect(expression).toHaveProperty('result');
  });
});
