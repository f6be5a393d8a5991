import { afterEach, expect, test, vi } from 'vitest';
import { AdaptiveLimiter } from '../../../../src/earth-engine/adaptive-limiter.js';
import { checkMetadata, checkReply } from '../../../../src/earth-engine/check-reply.js';
import { EarthEngineClient } from '../../../../src/earth-engine/client.js';
import { errorOfReply, isRetryable } from '../../../../src/earth-engine/reply-errors.js';
import { EarthEngineError, toRecord } from '../../../../src/errors.js';
import fc from '../../../fast-check.js';
import { serve } from '../small-server.js';

const KINDS = [
  ...['credentials', 'permission', 'not-found', 'bad-request', 'quota', 'transient', 'too-large'],
  'wrong-reply',
];

/** The longest words that are passed on, and the longest hint. */
const MAX_MESSAGE = 1_000 + 700;

/** Names that mean something in a body, or in JavaScript. */
const names = fc.constantFrom(
  ...['error', 'errors', 'details', 'code', 'status', 'message', 'reason', 'metadata', 'links'],
  ...['url', 'quota_unit', 'quota_limit', 'quota_metric', 'activationUrl', 'error_description'],
  ...['__proto__', 'constructor', 'toString', 'length', 'then'],
);

const words = fc.constantFrom(
  ...['User memory limit exceeded.', 'dailyLimitExceeded', 'SERVICE_DISABLED', 'ABORTED', ''],
  ...["Permission '", "limit '", 'x'.repeat(70_000), "Permission '".repeat(5_000), '\u0000\ud83c'],
);

const numbers = fc.constantFrom(0, -1, 4.5, 16, 17, 200, 403, 429, 500, 600, 1e308);

const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    numbers,
    words,
    fc.string(),
    fc.array(tie('value'), { maxLength: 4 }),
    // As JSON has it: `__proto__` is a name like any other.
    fc
      .array(fc.tuple(names, tie('value')), { maxLength: 6 })
      .map((entries) => Object.fromEntries(entries)),
  ),
}));

const bodies = fc.oneof(
  values.map((value) => JSON.stringify({ error: value })),
  values.map((value) => JSON.stringify([{ error: value }])),
  values.map((value) => JSON.stringify(value)),
  fc
    .tuple(values, fc.integer({ min: 0, max: 200 }))
    .map(([value, length]) =>
      JSON.stringify({ error: { message: 'x', details: value } }).slice(0, length),
    ),
  fc.string().map((text) => `<html><title>${text}`),
  fc.string(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('utf8')),
);

function expectKnown(error: unknown): void {
  expect(error).toBeInstanceOf(EarthEngineError);
  const { kind, message, status } = error as EarthEngineError;
  expect(KINDS).toContain(kind);
  expect(message.length).toBeLessThan(MAX_MESSAGE);
  expect(typeof isRetryable(error)).toBe('boolean');
  expect(status).toBeGreaterThanOrEqual(100);
  expect(status).toBeLessThan(600);
  expect(() => JSON.stringify(structuredClone(toRecord(error)))).not.toThrow();
}

const afterwards: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of afterwards.splice(0)) await close();
});

// What fails is printed with its seed by fast-check.
test('whatever body an error has, with whatever status, it is an error of a known kind and of bounded length', () => {
  fc.assert(
    fc.property(bodies, fc.integer({ min: 100, max: 599 }), (body, status) => {
      expectKnown(errorOfReply(status, body));
    }),
    { numRuns: 1_000 },
  );
});

test('whatever comes in place of pixels or metadata, and whatever it is called, is an error of a known kind', async () => {
  const types = fc.constantFrom(
    '',
    'application/json',
    'text/html; charset=utf-8',
    'image/tiff',
    'x',
  );
  const geobox = { crs: 'EPSG:4326', shape: [1, 1], affine: [1, 0, 0, 0, -1, 0] } as const;
  const window = { row: 0, col: 0, height: 1, width: 1 };
  const wanted = {
    request: { window, geobox, bands: [0], bytes: 2 },
    bands: 1,
    dtype: 'uint8',
  } as const;
  await fc.assert(
    fc.asyncProperty(bodies, types, async (body, contentType) => {
      const reply = { bytes: new Uint8Array(Buffer.from(body)), contentType };
      expectKnown(await checkReply(reply, wanted).catch((error: unknown) => error));
      const error = await checkMetadata(reply).catch((reason: unknown) => reason);
      if (error !== undefined) expectKnown(error);
    }),
    { numRuns: 500 },
  );
});

test('whatever bytes are sent with whatever status, the client ends with an error of a known kind', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
  let next: { status: number; bytes: Uint8Array } = { status: 400, bytes: new Uint8Array() };
  const server = await serve((response) => {
    response.writeHead(next.status, { 'content-type': 'application/json' });
    response.end(next.bytes);
  });
  const credentials = {
    ...{ origin: 'a test', project: 'p', refresh: async () => {} },
    headers: async () => ({ authorization: 'Bearer canary-of-a-token' }),
  };
  const limiter = new AdaptiveLimiter({ perSecond: 1e9 });
  const client = new EarthEngineClient(server.url, credentials, limiter, { maxTries: 2 });
  afterwards.push(
    () => client.close(),
    () => server.close(),
  );
  // Node sends no bodies with other ones below 300.
  const statuses = fc.oneof(fc.constantFrom(201, 206), fc.integer({ min: 300, max: 599 }));
  const bytes = fc.oneof(
    fc.uint8Array(),
    bodies.map((body) => new Uint8Array(Buffer.from(body))),
  );
  await fc.assert(
    fc.asyncProperty(statuses, bytes, async (status, sent) => {
      next = { status, bytes: sent };
      const failure = await client
        .send({ method: 'GET', path: '/' })
        .catch((error: unknown) => error);
      expectKnown(failure);
    }),
    { numRuns: 100 },
  );
});
