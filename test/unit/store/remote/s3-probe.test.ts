import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../../../src/errors.js';
import { checkConditionalWrites, explainS3 } from '../../../../src/store/remote/s3-probe.js';
import { parseStorage } from '../../../../src/store/storage-url.js';

interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

let server: Server;
let env: Record<string, string>;
let asked: { method: string; url: string; condition?: string | undefined; signed: boolean }[];
let answer: (method: string, nth: number) => Reply;

const LOCATION = parseStorage('s3://cubes/some/cube');
const ERROR = new StoreError('io', 'Expected the store to open but received: service error');
const xml = (code: string, more = '') =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>words</Message>${more}</Error>`;

beforeEach(async () => {
  asked = [];
  answer = () => ({ status: 200 });
  server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    const signed = headers.authorization?.startsWith('AWS4-HMAC-SHA256 ') ?? false;
    asked.push({ method, url, condition: headers['if-none-match'], signed });
    request.resume();
    const { status, body, headers: extra } = answer(method, asked.length);
    response.writeHead(status, extra).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  env = {
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'a-secret-that-nobody-sees',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
});
afterEach(() => server.close());

const explain = async (access: 'read' | 'write' = 'read') =>
  ((await explainS3(LOCATION, ERROR, access, env)) as Error).message;

describe('an S3 that refuses is told in one line', () => {
  test.each([
    [403, xml('InvalidAccessKeyId'), /access key is not known/],
    [403, xml('SignatureDoesNotMatch'), /secret key is wrong.*AWS_SECRET_ACCESS_KEY/],
    [400, xml('ExpiredToken'), /session token has expired/],
    [
      400,
      xml('AuthorizationHeaderMalformed', '<Region>eu-west-3</Region>'),
      /region is wrong: it is eu-west-3, and us-east-1 was asked. Set AWS_REGION/,
    ],
    [404, xml('NoSuchBucket'), /no bucket "cubes"/],
    [403, xml('AccessDenied'), /may not do so \(AccessDenied\).*list, get, put and delete/],
    [403, '', /may not do so \(HTTP 403\)/],
    [403, xml('RequestTimeTooSkewed'), /clocks differ: this machine's says .* the store's .* GMT/],
    [503, xml('SlowDown'), /out of order at this moment/],
    [418, xml('NewCode\u001b[31m'), /answers with NewCode31m \(HTTP 418\)/],
    [500, 'x'.repeat(100_000), /answers with HTTP 500/],
  ])('%#', async (status, body, words) => {
    answer = () => ({ status, body });
    const message = await explain();
    expect(message).toMatch(/^Expected s3:\/\/cubes\/some\/cube to be read but /);
    expect(message).toMatch(words);
    expect(message).not.toContain('a-secret');
    expect(message.split('\n')).toHaveLength(1);
    expect(asked).toMatchObject([
      { method: 'GET', url: '/cubes/?list-type=2&max-keys=1', signed: true },
    ]);
  });

  test('also where reading is allowed and writing is not; what was tried is removed', async () => {
    answer = (method) =>
      method === 'PUT' ? { status: 403, body: xml('AccessDenied') } : { status: 200 };
    expect(await explain('write')).toMatch(/to be written to but these keys may not do so/);
    answer = () => ({ status: 200 });
    expect(await explain('write')).toBe(ERROR.message);
    expect(asked.slice(-2).map(({ method }) => method)).toEqual(['PUT', 'DELETE']);
    expect(asked.at(-1)?.url).toMatch(/^\/cubes\/some\/cube\/geocubes-probe-/);
  });

  test('or that does not answer', async () => {
    server.close();
    env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9';
    expect(await explain()).toMatch(/nothing answers at http:\/\/127.0.0.1:9/);
  });

  test('or whose keys are not in the environment', async () => {
    const { AWS_ACCESS_KEY_ID: _, ...rest } = env;
    const error = (await explainS3(LOCATION, ERROR, 'read', rest)) as Error;
    expect(error.message).toMatch(/there are none. Set AWS_ACCESS_KEY_ID/);
    expect(asked).toEqual([]);
  });
});

describe('an S3 is waited for', () => {
  const isAway = async (status: number, body = '', location = LOCATION) => {
    answer = () => ({ status, body });
    return ((await explainS3(location, ERROR, 'read', env)) as StoreError).isAway;
  };

  test('where it is out of order, or does not answer', async () => {
    expect(await isAway(503, xml('SlowDown'))).toBe(true);
    expect(await isAway(502)).toBe(true);
    env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9';
    expect(await isAway(200)).toBe(true);
  });

  test('not where it refuses, whatever words the names of buckets hold', async () => {
    const named = parseStorage('s3://connection-timeout/dispatch failure');
    expect(await isAway(403, xml('SignatureDoesNotMatch'), named)).toBe(false);
    expect(await isAway(404, xml('NoSuchBucket'), named)).toBe(false);
  });
});

test('what is about something else stays as it is, and other stores are not asked', async () => {
  expect(await explain()).toBe(ERROR.message);
  const conflict = new StoreError('conflict', 'other');
  expect(await explainS3(LOCATION, conflict, 'read', env)).toBe(conflict);
  expect(await explainS3(parseStorage('/data/cube'), ERROR, 'read', env)).toBe(ERROR);
  expect(asked).toHaveLength(1);
});

test('an S3 without conditional writes is refused, one with them is not', async () => {
  await expect(checkConditionalWrites(LOCATION, env)).rejects.toThrow(/conditional writes/);
  expect(asked.map(({ method, condition }) => [method, condition])).toEqual([
    ['PUT', '*'],
    ['PUT', '*'],
    ['DELETE', undefined],
  ]);
  answer = () => ({ status: 501, body: xml('NotImplemented') });
  await expect(checkConditionalWrites(LOCATION, env)).rejects.toThrow(/conditional writes/);
  asked = [];
  answer = (_, nth) => ({ status: nth === 2 ? 412 : 200 });
  await checkConditionalWrites(LOCATION, env);
});
