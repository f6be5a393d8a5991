import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FaultRule } from '../../../../src/loopback/faults/plan.js';
import { type LoopbackServer, startLoopback } from '../../../../src/loopback/server.js';
import { call, constant, mosaicOf, pixelBody, readTiff, TCVIS, windowAt } from '../support.js';
import { ask, BODY, errorOf, failureOf, type RawReply, withServer } from './support.js';

let clean: RawReply;
let healthy: LoopbackServer;

beforeAll(async () => {
  healthy = await startLoopback();
  clean = await ask(healthy);
});

afterAll(() => healthy.close());

/** The reply to the first request, which the rule hits; and that the second is well. */
async function once(
  rule: FaultRule,
  check: (server: LoopbackServer) => Promise<void>,
): Promise<void> {
  await withServer(
    { rules: [{ ...rule, ...(rule.kind === 'expire-token' ? {} : { requests: [1] }) }] },
    async (server) => {
      await check(server);
      expect((await ask(server)).body).toEqual(clean.body);
      expect(server.requests.faults[rule.kind]).toBe(1);
      expect(Object.values(server.requests.faults).reduce((sum, n) => sum + n)).toBe(1);
    },
  );
}

describe('status', () => {
  test('answers with the given code, words and Retry-After, in the shape of Earth Engine', () =>
    once(
      {
        kind: 'status',
        status: 403,
        message: 'Slow down.',
        googleStatus: 'PERMISSION_DENIED',
        reason: 'rateLimitExceeded',
        retryAfter: 7,
      },
      async (server) => {
        const reply = await ask(server);
        expect(reply.status).toBe(403);
        expect(reply.headers).toMatchObject({
          'retry-after': '7',
          'content-type': 'application/json; charset=UTF-8',
        });
        expect(errorOf(reply)).toEqual({
          code: 403,
          message: 'Slow down.',
          status: 'PERMISSION_DENIED',
          details: [
            { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'rateLimitExceeded' },
          ],
        });
        expect(server.requests).toMatchObject({ rejected: 1, served: 0, tooManyRequests: 0 });
      },
    ));

  test.each([
    [400, 'INVALID_ARGUMENT'],
    [401, 'UNAUTHENTICATED'],
    [403, 'PERMISSION_DENIED'],
    [404, 'NOT_FOUND'],
    [429, 'RESOURCE_EXHAUSTED'],
    [500, 'INTERNAL'],
    [503, 'UNAVAILABLE'],
    [504, 'DEADLINE_EXCEEDED'],
  ])('%d says %s unless told otherwise', (status, googleStatus) =>
    once({ kind: 'status', status }, async (server) => {
      const reply = await ask(server);
      expect(reply.headers['retry-after']).toBeUndefined();
      expect(errorOf(reply)).toMatchObject({ code: status, status: googleStatus });
      expect(server.requests.tooManyRequests).toBe(status === 429 ? 1 : 0);
    }),
  );
});

describe('faults of the connection', () => {
  test('a dropped connection is reset before any byte of the reply', () =>
    once({ kind: 'drop' }, async (server) => {
      expect(await failureOf(ask(server))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
      expect(server.requests).toMatchObject({ pixels: 1, bytesSent: 0, served: 0 });
    }));

  test('a connection dropped midway is reset inside the body', () =>
    once({ kind: 'drop', at: 'middle', fraction: 0.25 }, async (server) => {
      expect(await failureOf(ask(server))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
      expect(server.requests.bytesSent).toBe(Math.floor(clean.body.length / 4));
    }));

  test('a truncated body under a full content-length ends before it is whole', () =>
    once({ kind: 'truncate', fraction: 0.5 }, async (server) => {
      const response = await fetch(`${server.url}/v1/projects/demo/image:computePixels`, {
        method: 'POST',
        headers: { authorization: 'Bearer loopback' },
        body: JSON.stringify(BODY),
      });
      expect(response.headers.get('content-length')).toBe(String(clean.body.length));
      await expect(response.arrayBuffer()).rejects.toThrow();
    }));

  test('a truncated body under its own content-length looks whole', () =>
    once({ kind: 'truncate', fraction: 0.4, contentLength: 'cut' }, async (server) => {
      const { status, body, headers } = await ask(server);
      expect(status).toBe(200);
      expect(body).toEqual(clean.body.subarray(0, Math.floor(clean.body.length * 0.4)));
      expect(headers['content-length']).toBe(String(body.length));
    }));

  test('a dripping body arrives in pieces, whole and right', () =>
    once({ kind: 'drip', pieces: 4, pauseMs: 2 }, async (server) => {
      const pieces: Uint8Array[] = [];
      const response = await fetch(`${server.url}/v1/projects/demo/image:computePixels`, {
        method: 'POST',
        headers: { authorization: 'Bearer loopback' },
        body: JSON.stringify(BODY),
      });
      for await (const piece of response.body ?? []) pieces.push(piece);
      expect(pieces.length).toBeGreaterThan(1);
      expect(new Uint8Array(Buffer.concat(pieces))).toEqual(clean.body);
      expect(server.requests.served).toBe(1);
    }));

  test('a client that goes away while a body drips does the server no harm', () =>
    withServer(
      { rules: [{ kind: 'drip', pieces: 50, pauseMs: 5, requests: [1] }] },
      async (server) => {
        const response = await fetch(`${server.url}/v1/projects/demo/image:computePixels`, {
          method: 'POST',
          headers: { authorization: 'Bearer loopback' },
          body: JSON.stringify(BODY),
        });
        await response.body?.cancel();
        expect((await ask(server)).body).toEqual(clean.body);
      },
    ));

  test('a delayed reply comes after one that was asked for later', () =>
    withServer({ rules: [{ kind: 'delay', ms: 300, requests: [1] }] }, async (server) => {
      const order: string[] = [];
      const late = ask(server).then(() => order.push('first'));
      while (server.requests.maxInFlight === 0) await new Promise((next) => setImmediate(next));
      await ask(server).then(() => order.push('second'));
      await late;
      expect(order).toEqual(['second', 'first']);
      expect(server.requests).toMatchObject({ served: 2, maxInFlight: 2, faults: { delay: 1 } });
    }));
});

describe('faults of the content', () => {
  test('corrupt changes so many bytes and nothing else', () =>
    once({ kind: 'corrupt', bytes: 5 }, async (server) => {
      const { body } = await ask(server);
      expect(body.length).toBe(clean.body.length);
      expect(changes(body)).toHaveLength(5);
    }));

  test('corrupt in the header leaves no readable GeoTIFF', () =>
    once({ kind: 'corrupt', where: 'header' }, async (server) => {
      const { body } = await ask(server);
      expect(changes(body)).toHaveLength(4);
      expect(Math.max(...changes(body))).toBeLessThan(8);
      expect(() => readTiff(body)).toThrow();
    }));

  function changes(body: Uint8Array): number[] {
    return [...body.keys()].filter((i) => body[i] !== clean.body[i]);
  }

  test('wrong-size is a valid GeoTIFF one column narrower', () =>
    once({ kind: 'wrong-size' }, async (server) => {
      const [right, wrong] = [readTiff(clean.body), readTiff((await ask(server)).body)];
      expect(wrong.bands.map(({ length }) => length)).toEqual([15 * 12, 15 * 12, 15 * 12]);
      expect(wrong.geoTransform).toEqual(right.geoTransform);
    }));

  test('wrong-grid is a valid GeoTIFF of the same pixels, some columns off', () =>
    once({ kind: 'wrong-grid', columns: 2.5 }, async (server) => {
      const [right, wrong] = [readTiff(clean.body), readTiff((await ask(server)).body)];
      expect(wrong.bands).toEqual(right.bands);
      expect(wrong.wkt).toBe(right.wkt);
      const [x = 0, scale = 0, ...rest] = right.geoTransform;
      expect(wrong.geoTransform).toEqual([x + 2.5 * scale, scale, ...rest]);
    }));

  test('wrong-bands is a valid GeoTIFF without the last band', () =>
    once({ kind: 'wrong-bands' }, async (server) => {
      const [right, wrong] = [readTiff(clean.body), readTiff((await ask(server)).body)];
      expect(wrong.bands).toEqual(right.bands.slice(0, 2));
      expect(wrong.types).toEqual(right.types.slice(0, 2));
    }));

  test('one column becomes two, one band too', async () => {
    const image = call('Image.select', {
      input: mosaicOf(TCVIS),
      bandSelectors: constant([0]),
    });
    const body = pixelBody(image, windowAt(126.5, 72.5, 1, 3));
    const rules: FaultRule[] = [
      { kind: 'wrong-size', requests: [1] },
      { kind: 'wrong-bands', requests: [2] },
    ];
    await withServer({ rules }, async (server) => {
      expect(readTiff((await ask(server, { body })).body).bands[0]).toHaveLength(6);
      expect(readTiff((await ask(server, { body })).body).bands).toHaveLength(2);
    });
  });

  test('json is an error under status 200', () =>
    once({ kind: 'json', status: 503, message: 'Try later.' }, async (server) => {
      const reply = await ask(server);
      expect(reply.status).toBe(200);
      expect(reply.headers['content-type']).toContain('application/json');
      expect(errorOf(reply)).toEqual({ code: 503, message: 'Try later.', status: 'UNAVAILABLE' });
      expect(server.requests.served).toBe(0);
    }));

  test('a request that is refused on its own account is refused in the same words', () =>
    withServer({ rules: [{ kind: 'truncate' }, { kind: 'wrong-size' }] }, async (server) => {
      const reply = await ask(server, { body: {} });
      const told = await ask(healthy, { body: {} });
      expect([reply.status, reply.body]).toEqual([400, told.body]);
      expect(server.requests.faults.truncate).toBe(0);
    }));
});

describe('tokens', () => {
  test('unauthorized-once refuses each request until it comes again', () =>
    withServer({ rules: [{ kind: 'unauthorized-once' }] }, async (server) => {
      const other = { ...BODY, workloadTag: 'other' };
      const statuses: number[] = [];
      for (const body of [BODY, other, BODY, other, BODY]) {
        statuses.push((await ask(server, { body })).status);
      }
      expect(statuses).toEqual([401, 401, 200, 200, 200]);
      expect(server.requests.faults['unauthorized-once']).toBe(2);
    }));

  test('an expired token is refused on every route, and the new one accepted', () =>
    withServer({ rules: [{ kind: 'expire-token', after: 1, token: 'fresh' }] }, async (server) => {
      const asset = { path: TCVIS, body: null };
      expect((await ask(server, { token: 'fresh' })).status).toBe(401);
      expect((await ask(server, asset)).status).toBe(401);
      expect((await ask(server)).status).toBe(401);
      expect((await ask(server, { token: 'fresh' })).body).toEqual(clean.body);
      expect((await ask(server, { ...asset, token: 'fresh' })).status).toBe(200);
      expect((await ask(server, { token: 'guess' })).status).toBe(401);
      // A token that was never right is no fault.
      expect(server.requests.faults['expire-token']).toBe(2);
    }));
});
