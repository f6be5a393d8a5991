import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EarthEngineClient } from '../../../src/earth-engine/client.js';
import { AbortedError, EarthEngineError, InvalidInputError } from '../../../src/errors.js';
import { type Answer, answerError, type SmallServer, serve } from './small-server.js';

const CREDENTIALS = {
  origin: 'a test',
  project: 'p',
  headers: async () => ({ authorization: 'Bearer secret-token', 'x-goog-user-project': 'p' }),
};

const closing: (() => Promise<void>)[] = [];

beforeEach(() => {
  // Full jitter times zero: repeats come at once.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0)) await close();
});

async function start(answer: Answer): Promise<{ server: SmallServer; client: EarthEngineClient }> {
  const server = await serve(answer);
  const client = new EarthEngineClient(server.url, CREDENTIALS, 4);
  closing.push(
    () => client.close(),
    () => server.close(),
  );
  return { server, client };
}

const ok: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'image/tiff' });
  response.end(Buffer.from([1, 2, 3]));
};

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

describe('a request', () => {
  test('carries method, path, JSON body and the signed headers, and gives bytes and type of the reply', async () => {
    const { server, client } = await start(ok);
    const reply = await client.send('POST', '/v1/x:computePixels', { a: 1 });
    expect(reply.bytes).toEqual(Uint8Array.of(1, 2, 3));
    expect(reply.contentType).toBe('image/tiff');
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]).toMatchObject({
      method: 'POST',
      path: '/v1/x:computePixels',
      body: '{"a":1}',
      headers: {
        authorization: 'Bearer secret-token',
        'x-goog-user-project': 'p',
        'content-type': 'application/json',
      },
    });
  });

  test('without a body says no content type', async () => {
    const { server, client } = await start(ok);
    await client.send('GET', '/v1/asset');
    expect(server.seen[0]).toMatchObject({ method: 'GET', body: '' });
    expect(server.seen[0]?.headers['content-type']).toBeUndefined();
  });

  test('the bytes of a reply own their whole buffer, so that they can be moved to a thread', async () => {
    const { client } = await start(ok);
    const { bytes } = await client.send('GET', '/');
    expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
  });

  test('the path of the endpoint is kept and its last slash is not doubled', async () => {
    const server = await serve(ok);
    const client = new EarthEngineClient(`${server.url}/api/`, CREDENTIALS, 1);
    closing.push(
      () => client.close(),
      () => server.close(),
    );
    await client.send('GET', '/v1/asset');
    expect(server.seen[0]?.path).toBe('/api/v1/asset');
  });
});

describe('repeats', () => {
  test.each([503, 500, 502, 504, 429])('status %i twice, then success: the reply comes through', async (status) => {
    const { server, client } = await start((response, request, count) =>
      count <= 2 ? answerError(response, status) : ok(response, request, count),
    );
    const told: string[] = [];
    const reply = await client.send('POST', '/', {}, undefined, (error) => told.push(error.kind));
    expect(reply.bytes).toHaveLength(3);
    expect(server.seen).toHaveLength(3);
    expect(told).toEqual(Array(2).fill(status === 429 ? 'quota' : 'transient'));
  });

  test('each repeat sends the whole body again', async () => {
    const { server, client } = await start((response, request, count) =>
      count === 1 ? answerError(response, 503) : ok(response, request, count),
    );
    await client.send('POST', '/', { pixels: 'all' });
    expect(server.seen.map(({ body }) => body)).toEqual(['{"pixels":"all"}', '{"pixels":"all"}']);
  });

  test.each([
    [400, 'bad-request'],
    [401, 'credentials'],
    [403, 'permission'],
    [404, 'not-found'],
  ] as const)('status %i is final: one request, and an error of kind %s', async (status, kind) => {
    const { server, client } = await start((response) => answerError(response, status));
    const error = await failureOf(client.send('GET', '/'));
    expect(error).toMatchObject({ tag: 'earth-engine', kind, status });
    expect(server.seen).toHaveLength(1);
  });

  test('a failure that does not pass ends after six tries with the last error', async () => {
    const { server, client } = await start((response, _, count) =>
      answerError(response, 503, `try ${count}`),
    );
    const error = await failureOf(client.send('GET', '/'));
    expect(error).toMatchObject({ kind: 'transient', status: 503 });
    expect((error as Error).message).toContain('try 6');
    expect(server.seen).toHaveLength(6);
  });

  test('waits grow twofold from at most one second to at most thirty', async () => {
    vi.restoreAllMocks();
    vi.spyOn(Math, 'random').mockReturnValue(1e-9);
    const { client } = await start((response) => answerError(response, 503));
    const delays: number[] = [];
    await failureOf(client.send('GET', '/', undefined, undefined, (_, ms) => delays.push(ms * 1e9)));
    expect(delays.map(Math.round)).toEqual([1000, 2000, 4000, 8000, 16_000]);
  });

  test('a connection that breaks in the middle of the reply is tried again', async () => {
    const { server, client } = await start((response, request, count) => {
      if (count > 1) return ok(response, request, count);
      response.writeHead(200, { 'content-length': '1000' });
      response.write(Buffer.alloc(10), () => response.destroy());
    });
    const kinds: string[] = [];
    const reply = await client.send('GET', '/', undefined, undefined, (e) => kinds.push(e.kind));
    expect(reply.bytes).toEqual(Uint8Array.of(1, 2, 3));
    expect(kinds).toEqual(['transient']);
    expect(server.seen).toHaveLength(2);
  });
});

describe('what ends a request', () => {
  test('an address where nothing listens is unreachable, and not tried again', async () => {
    const server = await serve(ok);
    await server.close();
    const client = new EarthEngineClient(server.url, CREDENTIALS, 1);
    closing.push(() => client.close());
    const retried = vi.fn();
    const error = await failureOf(client.send('GET', '/', undefined, undefined, retried));
    expect(error).toMatchObject({ tag: 'earth-engine', kind: 'unreachable' });
    expect((error as Error).message).toContain(server.url);
    expect(retried).not.toHaveBeenCalled();
  });

  test('abort while the service is silent rejects with AbortedError', async () => {
    const { client, server } = await start(() => {});
    const controller = new AbortController();
    const failure = failureOf(client.send('GET', '/', undefined, controller.signal));
    await vi.waitUntil(() => server.seen.length === 1);
    controller.abort();
    expect(await failure).toBeInstanceOf(AbortedError);
  });

  test('abort while waiting for a repeat rejects at once, without the repeat', async () => {
    vi.restoreAllMocks();
    vi.spyOn(Math, 'random').mockReturnValue(1000);
    const { client, server } = await start((response) => answerError(response, 503));
    const controller = new AbortController();
    const error = await failureOf(
      client.send('GET', '/', undefined, controller.signal, () => setImmediate(() => controller.abort())),
    );
    expect(error).toBeInstanceOf(AbortedError);
    expect(server.seen).toHaveLength(1);
  });

  test('a signal that is aborted already sends nothing', async () => {
    const { client, server } = await start(ok);
    const error = await failureOf(client.send('GET', '/', undefined, AbortSignal.abort()));
    expect(error).toBeInstanceOf(AbortedError);
    expect(server.seen).toHaveLength(0);
  });

  test('credentials that fail are final and come through as they are', async () => {
    const refused = new EarthEngineError('credentials', 'refused');
    const server = await serve(ok);
    const client = new EarthEngineClient(
      server.url,
      { ...CREDENTIALS, headers: () => Promise.reject(refused) },
      1,
    );
    closing.push(
      () => client.close(),
      () => server.close(),
    );
    expect(await failureOf(client.send('GET', '/'))).toBe(refused);
    expect(server.seen).toHaveLength(0);
  });

  test('no error tells the token', async () => {
    const { client } = await start((response) => answerError(response, 403));
    const error = (await failureOf(client.send('GET', '/'))) as Error;
    expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain('secret-token');
  });
});

test.each(['', 'earthengine', 'ftp://example.com', 'file:///etc/passwd'])(
  'an endpoint that is no http address (%s) is refused as input',
  (endpoint) => {
    expect(() => new EarthEngineClient(endpoint, CREDENTIALS, 1)).toThrow(InvalidInputError);
  },
);
