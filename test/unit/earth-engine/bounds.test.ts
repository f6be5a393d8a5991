import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AdaptiveLimiter } from '../../../src/earth-engine/adaptive-limiter.js';
import { EarthEngineClient } from '../../../src/earth-engine/client.js';
import { type Credentials, findCredentials } from '../../../src/earth-engine/credentials.js';
import { MAX_REQUEST_BYTES } from '../../../src/earth-engine/limits.js';
import { maxReplyBytes } from '../../../src/earth-engine/plan-requests.js';
import { MAX_ERROR_BYTES, MAX_METADATA_BYTES } from '../../../src/earth-engine/read-body.js';
import { EarthEngineError } from '../../../src/errors.js';
import { LentMemory } from '../../../src/raster/lent-memory.js';
import { serveTokens, serviceAccount } from './credentials/token-server.js';
import { type EndlessServer, serveEndless } from './endless-server.js';
import { type Answer, serve } from './small-server.js';

const MB = 1024 ** 2;

/** What sockets and streams of both ends may hold beside what was read. */
const IN_TRANSIT = 16 * MB;

const CREDENTIALS: Credentials = {
  origin: 'a test',
  project: 'p',
  headers: async () => ({ authorization: 'Bearer canary-of-a-token', 'x-goog-user-project': 'p' }),
  refresh: async () => {},
};

const closing: (() => Promise<void>)[] = [];
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0)) await close();
});

function clientOf({ url }: { readonly url: string }, maxTries = 1): EarthEngineClient {
  const client = new EarthEngineClient(url, CREDENTIALS, new AdaptiveLimiter(), { maxTries });
  closing.push(() => client.close());
  return client;
}

async function endless(begin: Answer): Promise<EndlessServer> {
  const server = await serveEndless(begin);
  closing.push(() => server.close());
  return server;
}

async function failureOf(promise: Promise<unknown>): Promise<EarthEngineError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EarthEngineError);
  return error as EarthEngineError;
}

describe('of what never ends', () => {
  test.each<[string, number, Record<string, string>]>([
    ['pixels', 200, { 'content-type': 'image/tiff' }],
    ['pixels that announce a terabyte', 200, { 'content-length': `${2 ** 40}` }],
  ])('%s, no more is read than the request can make', async (_, status, headers) => {
    const server = await endless((response) => response.writeHead(status, headers));
    const memory = new LentMemory();
    const error = await failureOf(
      clientOf(server).send({ method: 'POST', path: '/', body: {}, memory, maxBytes: 4 * MB }),
    );
    await server.hungUp();
    expect(error).toMatchObject({
      kind: 'transient',
      message: expect.stringContaining(`Expected at most ${4 * MB} bytes for the reply`),
    });
    expect(server.sent()).toBeLessThan(4 * MB + IN_TRANSIT);
    expect(memory.freeBytes).toBe(0);
  });

  test('metadata, no more is read than a stated bound', async () => {
    const server = await endless((response) => response.writeHead(200));
    const error = await failureOf(clientOf(server).send({ method: 'GET', path: '/' }));
    await server.hungUp();
    expect(error.message).toContain(`Expected at most ${MAX_METADATA_BYTES} bytes`);
    expect(server.sent()).toBeLessThan(MAX_METADATA_BYTES + IN_TRANSIT);
  });

  test('an error, the start is read, and its status still tells what to do', async () => {
    const server = await endless((response) => {
      response.writeHead(403, { 'content-type': 'text/html' });
    });
    const memory = new LentMemory();
    const error = await failureOf(
      clientOf(server).send({ method: 'POST', path: '/', body: {}, memory, maxBytes: 4 * MB }),
    );
    await server.hungUp();
    expect(error).toMatchObject({ kind: 'permission', status: 403 });
    expect(server.sent()).toBeLessThan(MAX_ERROR_BYTES + IN_TRANSIT);
  });

  test('headers, the connection is dropped', async () => {
    const server = await serve((response) => {
      for (let i = 0; i < 1000; i++) response.setHeader(`x-${i}`, 'v'.repeat(1000));
      response.end();
    });
    closing.push(() => server.close());
    const error = await failureOf(clientOf(server).send({ method: 'GET', path: '/' }));
    expect(error.message).toContain('UND_ERR_HEADERS_OVERFLOW');
  });
});

describe('a token server', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'geocubes-home-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  async function accountOf(key: object): Promise<Credentials> {
    writeFileSync(join(home, 'key.json'), JSON.stringify(key));
    return findCredentials(
      { endpoint: 'https://earthengine.googleapis.com', project: 'p' },
      { env: { GEOCUBES_KEY_FILE: join(home, 'key.json') }, home, biosVendorFile: join(home, 'x') },
    );
  }

  const KEYS = [
    [
      'a user',
      { type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'canary' },
    ],
    ['a service account', serviceAccount()],
  ] as const;

  test.each(KEYS)('that sends the grant elsewhere is not followed: %s', async (_, key) => {
    const elsewhere = await serve((response) => response.end('{}'));
    closing.push(() => elsewhere.close());
    const through = await serveTokens((response) => {
      response.writeHead(307, { location: elsewhere.url }).end();
    });
    closing.push(() => through.close());
    const error = await failureOf((await accountOf(key)).headers());
    expect(error.kind).not.toBe('credentials');
    expect(through.seen).toHaveLength(1);
    expect(elsewhere.seen).toHaveLength(0);
  });

  test.each(KEYS)('whose reply has no end is read up to a bound: %s', async (_, key) => {
    let sent = 0;
    const ended: Promise<unknown>[] = [];
    const server = await serveTokens((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      ended.push(new Promise((resolve) => response.on('close', resolve)));
      const pour = (): void => {
        if (response.destroyed) return;
        response.write(Buffer.alloc(65_536, 0x20), () => {
          sent += 65_536;
          setImmediate(pour);
        });
      };
      pour();
    });
    closing.push(() => server.close());
    await failureOf((await accountOf(key)).headers());
    await Promise.all(ended);
    expect(sent).toBeLessThan(IN_TRANSIT);
  });
});

test('the words of an error are cut, and the token that it repeats is masked', async () => {
  const server = await serve((response) => {
    response.writeHead(400, {
      'content-type': 'application/json',
      'x-earth-engine-quota-status': 'for canary-of-a-token',
    });
    const message = `no: canary-of-a-token ${'a'.repeat(20_000)}`;
    response.end(JSON.stringify({ error: { code: 400, message } }));
  });
  closing.push(() => server.close());
  const events: unknown[] = [];
  const error = await failureOf(
    clientOf(server).send({ method: 'GET', path: '/', onEvent: (event) => events.push(event) }),
  );
  expect(error.message).toMatch(/^Earth Engine answered 400: no: \*\*\* a{900}/);
  expect(error.message.length).toBeLessThan(1_100);
  expect(error.message).toContain('characters more)');
  for (const text of [error.stack, JSON.stringify(events)])
    expect(text).not.toContain('canary-of-a-token');
});

test.each([301, 302, 303, 307, 308])(
  'a redirect (%i) is not followed: the token stays here',
  async (status) => {
    const elsewhere = await serve((response) => response.end('{}'));
    const server = await serve((response) => {
      response.writeHead(status, { location: `${elsewhere.url}/steal` }).end();
    });
    closing.push(
      () => server.close(),
      () => elsewhere.close(),
    );
    const error = await failureOf(clientOf(server).send({ method: 'GET', path: '/v1/x' }));
    expect(error.message).toContain(`${status}`);
    expect(elsewhere.seen).toHaveLength(0);
  },
);

test('the bound of a reply lies above what LZW makes of noise, and below four requests', () => {
  for (const shape of [
    [1, 1],
    [700, 700],
    [5016, 5016],
    [1, 32_768],
  ] as const) {
    const bytes = shape[0] * shape[1] * 2;
    const bound = maxReplyBytes({
      geobox: { crs: 'EPSG:4326', affine: [1, 0, 0, 0, -1, 0], shape },
      bytes,
    });
    expect(bound).toBeGreaterThan(bytes * 1.5);
    expect(bound).toBeLessThanOrEqual(4 * MAX_REQUEST_BYTES);
  }
});
