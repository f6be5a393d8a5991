import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AdaptiveLimiter } from '../../../src/earth-engine/adaptive-limiter.js';
import { type Call, EarthEngineClient } from '../../../src/earth-engine/client.js';
import type { Credentials } from '../../../src/earth-engine/credentials.js';
import { AbortedError, EarthEngineError, InvalidInputError } from '../../../src/errors.js';
import { PATIENT } from '../../patience.js';
import { type Answer, answerError, type SmallServer, serve } from './small-server.js';

const CREDENTIALS: Credentials = {
  origin: 'a test',
  project: 'p',
  headers: async () => ({ authorization: 'Bearer secret-token', 'x-goog-user-project': 'p' }),
  refresh: async () => {},
};

const GET: Call = { method: 'GET', path: '/' };

const closing: (() => Promise<void>)[] = [];

beforeEach(() => {
  // Full jitter times zero: repeats come at once.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0)) await close();
});

async function start(
  answer: Answer,
  { credentials = CREDENTIALS, path = '', maxTries = 8 } = {},
): Promise<{ server: SmallServer; client: EarthEngineClient; limiter: AdaptiveLimiter }> {
  const server = await serve(answer);
  const limiter = new AdaptiveLimiter({ perSecond: 1e9 });
  const client = new EarthEngineClient(`${server.url}${path}`, credentials, limiter, { maxTries });
  closing.push(
    () => client.close(),
    () => server.close(),
  );
  return { server, client, limiter };
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
    const reply = await client.send({
      method: 'POST',
      path: '/v1/x/pixels',
      body: { a: 1 },
    });
    expect(reply.bytes).toEqual(Uint8Array.of(1, 2, 3));
    expect(reply.contentType).toBe('image/tiff');
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]).toMatchObject({
      method: 'POST',
      path: '/v1/x/pixels',
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
    await client.send({ method: 'GET', path: '/v1/asset' });
    expect(server.seen[0]).toMatchObject({ method: 'GET', body: '' });
    expect(server.seen[0]?.headers['content-type']).toBeUndefined();
  });

  test('the bytes of a reply own their whole buffer, so that they can be moved to a thread', async () => {
    const { client } = await start(ok);
    const { bytes } = await client.send(GET);
    expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
  });

  test('the path of the endpoint is kept and its last slash is not doubled', async () => {
    const { server, client } = await start(ok, { path: '/api/' });
    await client.send({ method: 'GET', path: '/v1/asset' });
    expect(server.seen[0]?.path).toBe('/api/v1/asset');
  });

  test('holds a place of the limiter only while it lasts', async () => {
    const held: number[] = [];
    const { client, limiter } = await start((response, request, count) => {
      held.push(limiter.inFlight);
      ok(response, request, count);
    });
    await client.send(GET);
    expect(held).toEqual([1]);
    expect(limiter.inFlight).toBe(0);
  });

  test("passes on the service's word on the quota", async () => {
    const { client } = await start((response) => {
      response.writeHead(200, { 'x-earth-engine-quota-status': 'parallelism_restricted=true' });
      response.end();
    });
    const events: unknown[] = [];
    await client.send({ ...GET, onEvent: (event) => void events.push(event) });
    expect(events).toEqual([{ type: 'quota-status', status: 'parallelism_restricted=true' }]);
  });
});

describe('repeats', () => {
  test.each([503, 500, 502, 504, 429])(
    'status %i twice, then success: the reply comes through and each repeat is told',
    async (status) => {
      const { server, client } = await start((response, request, count) =>
        count <= 2 ? answerError(response, status) : ok(response, request, count),
      );
      const told: unknown[] = [];
      const reply = await client.send({ ...GET, onEvent: (event) => void told.push(event) });
      expect(reply.bytes).toHaveLength(3);
      expect(server.seen).toHaveLength(3);
      const kind = status === 429 ? 'quota' : 'transient';
      expect(told).toMatchObject([
        { type: 'retry', delayMs: 0, error: { kind, status } },
        { type: 'retry', delayMs: 0, error: { kind, status } },
      ]);
    },
  );

  test('each repeat sends the whole body again', async () => {
    const { server, client } = await start((response, request, count) =>
      count === 1 ? answerError(response, 503) : ok(response, request, count),
    );
    await client.send({ method: 'POST', path: '/', body: { pixels: 'all' } });
    expect(server.seen.map(({ body }) => body)).toEqual(['{"pixels":"all"}', '{"pixels":"all"}']);
  });

  test.each([
    [400, 'bad-request'],
    [403, 'permission'],
    [404, 'not-found'],
  ] as const)('status %i is final: one request, and an error of kind %s', async (status, kind) => {
    const { server, client } = await start((response) => answerError(response, status));
    const error = await failureOf(client.send(GET));
    expect(error).toMatchObject({ tag: 'earth-engine', kind, status });
    expect(server.seen).toHaveLength(1);
  });

  test('a refused token is refreshed once and sent once more, then it is final', async () => {
    let refreshed = 0;
    let token = 'old';
    const credentials: Credentials = {
      ...CREDENTIALS,
      headers: async () => ({ authorization: token }),
      refresh: async () => {
        refreshed++;
        token = 'new';
      },
    };
    const { server, client } = await start((response) => answerError(response, 401), {
      credentials,
    });
    const error = await failureOf(client.send(GET));
    expect(error).toMatchObject({ kind: 'credentials', status: 401 });
    expect(refreshed).toBe(1);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['old', 'new']);
  });

  test('a token that was refreshed in time goes on as if nothing had been', async () => {
    const { server, client } = await start((response, request, count) =>
      count === 1 ? answerError(response, 401) : ok(response, request, count),
    );
    expect((await client.send(GET)).bytes).toHaveLength(3);
    expect(server.seen).toHaveLength(2);
  });

  test('a failure that does not pass ends after the given tries with the last error', async () => {
    const { server, client } = await start(
      (response, _, count) => answerError(response, 503, `try ${count}`),
      { maxTries: 4 },
    );
    const error = await failureOf(client.send(GET));
    expect(error).toMatchObject({ kind: 'transient', status: 503 });
    expect((error as Error).message).toContain('try 4');
    expect(server.seen).toHaveLength(4);
  });

  test('the longest back-off doubles from one second up to thirty', async () => {
    vi.restoreAllMocks();
    vi.spyOn(Math, 'random').mockReturnValue(1e-9);
    const { client } = await start((response) => answerError(response, 503));
    const delays: number[] = [];
    const send = client.send({
      ...GET,
      onEvent: (event) => {
        if (event.type === 'retry') delays.push(Math.round(event.delayMs * 1e9));
      },
    });
    await failureOf(send);
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  test('a Retry-After of the service is waited for', async () => {
    const { client } = await start((response, request, count) => {
      if (count > 1) return ok(response, request, count);
      response.writeHead(429, { 'retry-after': '0.02' });
      response.end();
    });
    const delays: number[] = [];
    await client.send({
      ...GET,
      onEvent: (event) => {
        if (event.type === 'retry') delays.push(event.delayMs);
      },
    });
    expect(delays).toEqual([20]);
  });

  test('a connection that breaks in the middle of the reply is tried again', async () => {
    const { server, client } = await start((response, request, count) => {
      if (count > 1) return ok(response, request, count);
      response.writeHead(200, { 'content-length': '1000' });
      response.write(Buffer.alloc(10), () => response.destroy());
    });
    const told: unknown[] = [];
    const reply = await client.send({ ...GET, onEvent: (event) => void told.push(event) });
    expect(reply.bytes).toEqual(Uint8Array.of(1, 2, 3));
    expect(told).toMatchObject([{ type: 'retry', error: { kind: 'transient' } }]);
    expect(server.seen).toHaveLength(2);
  });

  test('a reply that its check calls damaged is asked for again; any other refusal is final', async () => {
    const { server, client } = await start(ok);
    let checks = 0;
    const check = async () => {
      if (++checks === 1) throw new EarthEngineError('transient', 'damaged');
    };
    await client.send({ ...GET, check });
    expect(server.seen).toHaveLength(2);
    const final = new EarthEngineError('bad-request', 'never right');
    expect(await failureOf(client.send({ ...GET, check: () => Promise.reject(final) }))).toBe(
      final,
    );
    expect(server.seen).toHaveLength(3);
  });

  test('refusals for load, and those only, make the limiter close places', async () => {
    const throttled = await start((response) => answerError(response, 429), { maxTries: 2 });
    const before = throttled.limiter.limit;
    await failureOf(throttled.client.send(GET));
    expect(throttled.limiter.limit).toBeLessThan(before);
    const failing = await start((response) => answerError(response, 503), { maxTries: 2 });
    await failureOf(failing.client.send(GET));
    expect(failing.limiter.limit).toBe(before);
  });
});

describe('what ends a request', () => {
  test('an address where nothing listens is unreachable, and not tried again', async () => {
    const { server, client } = await start(ok);
    await server.close();
    const retried = vi.fn();
    const error = await failureOf(client.send({ ...GET, onEvent: retried }));
    expect(error).toMatchObject({ tag: 'earth-engine', kind: 'unreachable' });
    expect((error as Error).message).toContain(server.url);
    expect(retried).not.toHaveBeenCalled();
  });

  test('a service that has answered before and is gone is waited for', async () => {
    const { server, client } = await start(ok, { maxTries: 3 });
    await client.send(GET);
    await server.close();
    const retried = vi.fn();
    const error = await failureOf(client.send({ ...GET, onEvent: retried }));
    expect(error).toMatchObject({ kind: 'transient' });
    expect(retried).toHaveBeenCalledTimes(2);
  });

  test('abort while the service is silent rejects with AbortedError', async () => {
    const { client, server } = await start(() => {});
    const controller = new AbortController();
    const failure = failureOf(client.send({ ...GET, signal: controller.signal }));
    await vi.waitUntil(() => server.seen.length === 1, PATIENT);
    controller.abort();
    expect(await failure).toBeInstanceOf(AbortedError);
  });

  test('abort while waiting for a repeat rejects at once, without the repeat', async () => {
    vi.restoreAllMocks();
    // The longest first back-off, one second: long beside the abort, short beside the deadline.
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const { client, server } = await start((response) => answerError(response, 503));
    const controller = new AbortController();
    const error = await failureOf(
      client.send({
        ...GET,
        signal: controller.signal,
        onEvent: () => setImmediate(() => controller.abort()),
      }),
    );
    expect(error).toBeInstanceOf(AbortedError);
    expect(server.seen).toHaveLength(1);
  });

  test('a signal that is aborted already sends nothing', async () => {
    const { client, server } = await start(ok);
    const error = await failureOf(client.send({ ...GET, signal: AbortSignal.abort() }));
    expect(error).toBeInstanceOf(AbortedError);
    expect(server.seen).toHaveLength(0);
  });

  test('credentials that fail are final and come through as they are', async () => {
    const refused = new EarthEngineError('credentials', 'refused');
    const { client, server } = await start(ok, {
      credentials: { ...CREDENTIALS, headers: () => Promise.reject(refused) },
    });
    expect(await failureOf(client.send(GET))).toBe(refused);
    expect(server.seen).toHaveLength(0);
  });

  test('no error tells the token', async () => {
    const { client } = await start((response) => answerError(response, 403));
    const error = (await failureOf(client.send(GET))) as Error;
    expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain('secret-token');
  });
});

test.each(['', 'earthengine', 'ftp://example.com', 'file:///etc/passwd'])(
  'an endpoint that is no http address (%s) is refused as input',
  (endpoint) => {
    expect(() => new EarthEngineClient(endpoint, CREDENTIALS, new AdaptiveLimiter())).toThrow(
      InvalidInputError,
    );
  },
);
