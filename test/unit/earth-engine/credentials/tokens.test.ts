import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type CredentialOptions,
  findCredentials,
} from '../../../../src/earth-engine/credentials.js';
import { EarthEngineError, toRecord } from '../../../../src/errors.js';
import { type SmallServer, serve } from '../small-server.js';
import { numberedTokens, serveTokens, serviceAccount } from './token-server.js';

const GOOGLE = 'https://earthengine-highvolume.googleapis.com';
const MINUTE = 60_000;

/** Strings that must not come out anywhere. */
const CANARIES = {
  refresh_token: 'canary-refresh-token',
  client_secret: 'canary-client-secret',
  client_id: 'canary-client-id',
};

let home: string;
let server: SmallServer | undefined;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'geocubes-home-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await server?.close();
  server = undefined;
  rmSync(home, { recursive: true, force: true });
});

function find(env: Readonly<Record<string, string>>, options: Partial<CredentialOptions> = {}) {
  const surroundings = { env, home, biosVendorFile: join(home, 'no-bios') };
  return findCredentials({ endpoint: GOOGLE, project: 'p', ...options }, surroundings);
}

function keyFile(content: unknown): { GEOCUBES_KEY_FILE: string } {
  const file = join(home, 'key.json');
  writeFileSync(file, JSON.stringify(content));
  return { GEOCUBES_KEY_FILE: file };
}

const user = () => keyFile({ ...CANARIES, type: 'authorized_user' });
const robot = () => keyFile(serviceAccount());

async function failureOf(promise: Promise<unknown>): Promise<EarthEngineError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EarthEngineError);
  return error as EarthEngineError;
}

describe.each([
  ['a user', user],
  ['a service account', robot],
])('the tokens of %s', (_, account) => {
  test('twenty requests that start together share one request for a token', async () => {
    server = await serveTokens((response, request, count) => {
      setTimeout(() => numberedTokens(3600)(response, request, count), 20);
    });
    const credentials = await find(account());
    expect(server.seen).toHaveLength(0);
    const headers = await Promise.all(Array.from({ length: 20 }, () => credentials.headers()));
    expect(new Set(headers.map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer token-1']),
    );
    expect(headers[0]).toEqual({ authorization: 'Bearer token-1', 'x-goog-user-project': 'p' });
    expect(server.seen).toHaveLength(1);
  });

  test('a token is kept until five minutes before its end, and then replaced', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    server = await serveTokens(numberedTokens(3600));
    const credentials = await find(account());
    await credentials.headers();
    vi.setSystemTime(Date.now() + 54 * MINUTE);
    expect(await credentials.headers()).toMatchObject({ authorization: 'Bearer token-1' });
    vi.setSystemTime(Date.now() + 2 * MINUTE);
    expect(await credentials.headers()).toMatchObject({ authorization: 'Bearer token-2' });
    expect(server.seen).toHaveLength(2);
  });

  test('a token server that is away when a token is to be replaced stops nothing while the old one lasts', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    server = await serveTokens((response, request, count) => {
      if (count !== 2) return numberedTokens(3600)(response, request, count);
      response.writeHead(503).end('down');
    });
    const credentials = await find(account());
    await credentials.headers();
    vi.setSystemTime(Date.now() + 57 * MINUTE);
    expect(await credentials.headers()).toMatchObject({ authorization: 'Bearer token-1' });
    expect(await credentials.headers()).toMatchObject({ authorization: 'Bearer token-3' });
  });

  test('many requests that are refused together get one new token', async () => {
    server = await serveTokens(numberedTokens(3600));
    const credentials = await find(account());
    await credentials.headers();
    await Promise.all(Array.from({ length: 20 }, () => credentials.refresh()));
    expect(await credentials.headers()).toMatchObject({ authorization: 'Bearer token-2' });
    // One that comes late, with the token before.
    await credentials.refresh();
    expect(server.seen).toHaveLength(2);
    expect(await credentials.headers()).toMatchObject({ authorization: 'Bearer token-2' });
  });

  test('a token that is refused a minute after it was replaced is replaced again', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    server = await serveTokens(numberedTokens(3600));
    const credentials = await find(account());
    await credentials.refresh();
    vi.setSystemTime(Date.now() + MINUTE);
    await credentials.refresh();
    expect(await credentials.headers()).toMatchObject({ authorization: 'Bearer token-2' });
  });
});

test('a service account asks for reading alone, unless told otherwise', async () => {
  server = await serveTokens(numberedTokens(3600));
  await (await find(robot())).headers();
  await (
    await find(robot(), { scopes: ['https://example.com/a', 'https://example.com/b'] })
  ).headers();
  const scopes = server.seen.map(({ body }) => {
    const [, claims = ''] = (new URLSearchParams(body).get('assertion') ?? '').split('.');
    return JSON.parse(Buffer.from(claims, 'base64url').toString()).scope;
  });
  expect(scopes).toEqual([
    'https://www.googleapis.com/auth/earthengine.readonly',
    'https://example.com/a https://example.com/b',
  ]);
});

test('a token that was given stays as it is when it is refused', async () => {
  const credentials = await find({ GEOCUBES_TOKEN: 'mine' }, { endpoint: 'http://127.0.0.1:1' });
  await credentials.refresh();
  expect(await credentials.headers()).toMatchObject({ authorization: 'Bearer mine' });
});

/** Everything an error could show: its text, what it holds, what it was caused by, what a log would write. */
function everythingOf(error: EarthEngineError): string {
  return [
    error.message,
    error.stack,
    inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }),
    JSON.stringify(error, Object.getOwnPropertyNames(error)),
    JSON.stringify(toRecord(error)),
  ].join('\n');
}

function expectNoSecret(error: EarthEngineError): void {
  const shown = everythingOf(error);
  for (const canary of [
    ...Object.values(CANARIES),
    'canary-of-the-reply',
    'PRIVATE KEY',
    'assertion=eyJ',
  ])
    expect(shown).not.toContain(canary);
  expect(shown).not.toMatch(/eyJ[\w-]{20,}/);
}

/** A refusal that repeats the whole grant, as careless servers and proxies do. */
const echo =
  (status: number, error: string) =>
  (response: ServerResponse, { body }: { body: string }) => {
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-echo': 'canary-of-the-reply',
    });
    response.end(
      JSON.stringify({
        error,
        error_description: `canary-of-the-reply ${body}`,
        refresh_token: body,
      }),
    );
  };

describe('a failure to get a token', () => {
  test.each([
    ['a user', user, 400, 'invalid_grant', 'credentials'],
    ['a user', user, 401, 'invalid_client', 'credentials'],
    ['a user', user, 403, 'access_denied', 'credentials'],
    ['a user', user, 400, 'canary-of-the-reply', 'credentials'],
    ['a user', user, 503, 'canary-of-the-reply', 'transient'],
    ['a user', user, 429, 'canary-of-the-reply', 'transient'],
    ['a service account', robot, 400, 'invalid_grant', 'credentials'],
    ['a service account', robot, 500, 'canary-of-the-reply', 'transient'],
  ])(
    '%3$s %4$s of %1$s is of kind %5$s and shows nothing of request or reply',
    async (_, account, status, word, kind) => {
      server = await serveTokens(echo(status, word));
      const credentials = await find(account());
      for (const attempt of [() => credentials.headers(), () => credentials.refresh()]) {
        const error = await failureOf(attempt());
        expect(error.kind).toBe(kind);
        expect(error.message).toContain(String(status));
        expect(error.cause).toMatchObject({ status });
        expectNoSecret(error);
      }
      expect(server.seen[0]?.body).toMatch(/canary-refresh-token|eyJ/);
    },
  );

  test('a refusal tells what the user can do', async () => {
    server = await serveTokens(echo(400, 'invalid_grant'));
    const error = await failureOf((await find(user())).headers());
    expect(error.message).toBe(
      'Expected a token for GEOCUBES_KEY_FILE but received a refusal (400 invalid_grant). Run "gcloud auth application-default login" again. A wrong clock has the same effect.',
    );
  });

  test.each<[string, Parameters<typeof serveTokens>[0]]>([
    [
      'a page of HTML',
      (response, { body }) =>
        void response
          .writeHead(200, { 'content-type': 'text/html' })
          .end(`<p>canary-of-the-reply ${body}`),
    ],
    [
      'JSON without a token',
      (response, { body }) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ note: `canary-of-the-reply ${body}` })),
    ],
    ['an empty body', (response) => void response.writeHead(200).end()],
    ['a broken connection', (response) => void response.destroy()],
  ])('%s instead of a token shows nothing of request or reply', async (_, answer) => {
    for (const account of [user, robot]) {
      server = await serveTokens(answer);
      const credentials = await find(account());
      expectNoSecret(await failureOf(credentials.headers()));
      expectNoSecret(await failureOf(credentials.refresh()));
      await server.close();
      vi.restoreAllMocks();
    }
  });

  test('a dead token server is unreachable at first, and away for a moment once it has worked', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    server = await serveTokens(numberedTokens(3600));
    const known = await find(user());
    await known.headers();
    await server.close();
    vi.setSystemTime(Date.now() + 61 * MINUTE);
    const later = await failureOf(known.headers());
    const first = await failureOf((await find(user())).headers());
    expect([later.kind, first.kind]).toEqual(['transient', 'unreachable']);
    expect(first.cause).toEqual({ code: 'ECONNREFUSED' });
    expectNoSecret(later);
    expectNoSecret(first);
  });

  test('a private key that is none cannot sign, and is not shown', async () => {
    server = await serveTokens(numberedTokens(3600));
    const credentials = await find(keyFile(serviceAccount({ private_key: 'canary-of-the-reply' })));
    const error = await failureOf(credentials.headers());
    expect(error.kind).toBe('credentials');
    expect(error.message).toContain('a key that cannot sign');
    expectNoSecret(error);
    expect(server.seen).toHaveLength(0);
  });
});

test('credentials that work show no secret when they are printed', async () => {
  server = await serveTokens(numberedTokens(3600));
  const credentials = await find(user());
  await credentials.headers();
  const shown = inspect(credentials, { depth: Number.POSITIVE_INFINITY, showHidden: true });
  expect(shown + JSON.stringify(credentials)).not.toMatch(/canary|token-1/);
});

describe('the metadata server', () => {
  const metadata = (project: string) =>
    serve((response, { path }) => {
      const body = path.endsWith('project-id')
        ? project
        : path.includes('/token')
          ? '{"access_token":"of-the-machine","expires_in":3600,"token_type":"Bearer"}'
          : 'robot@example.com';
      response.writeHead(200, { 'metadata-flavor': 'Google' }).end(body);
    });

  test('gives token and project on a machine of Google', async () => {
    server = await metadata('of-the-machine');
    const host = new URL(server.url).host;
    vi.stubEnv('GCE_METADATA_HOST', host);
    const credentials = await find({ GCE_METADATA_HOST: host }, { project: undefined });
    const headers = await credentials.headers();
    vi.unstubAllEnvs();
    expect(headers).toEqual({
      authorization: 'Bearer of-the-machine',
      'x-goog-user-project': 'of-the-machine',
    });
    expect(credentials).toMatchObject({
      origin: 'the metadata server of this machine',
      project: 'of-the-machine',
    });
  });

  test('where something else answers in its place there are no credentials', async () => {
    server = await serve((response) => void response.writeHead(200).end('log in to the hotel'));
    const host = new URL(server.url).host;
    const { askMetadata } = await import(
      '../../../../src/earth-engine/credentials/metadata-server.js'
    );
    const surroundings = { env: { GCE_METADATA_HOST: host }, home, biosVendorFile: '' };
    expect(await askMetadata('project/project-id', surroundings)).toBeUndefined();
    expect(server.seen[0]?.headers['metadata-flavor']).toBe('Google');
  });
});
