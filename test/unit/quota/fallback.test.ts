import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quotaOf } from '../../../src/cli/options/quota.js';
import { concurrencyOf, excessOf } from '../../../src/cli/options/service.js';
import { lendFrom } from '../../../src/cube/sources/quota.js';
import type { QuotaNotice } from '../../../src/quota/quota-client.js';

/** A port at which everybody is turned away. */
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

test.each([
  [4, 40, 10],
  [3, 40, 13],
  [100, 40, 1],
  [undefined, 40, 40],
])(
  'while the server is away, one of %s shards has of %d requests its part: %d',
  async (shards, ceiling, part) => {
    const notices: QuotaNotice[] = [];
    const lent = await lendFrom(
      { url, shards, onNotice: (notice) => notices.push(notice) },
      { ceiling, start: ceiling },
    );
    expect(lent.limiter.limit).toBe(part);
    expect(notices[0]).toMatchObject({ isAway: true, places: part });
    await lent.close();
  },
);

test('a shard divides the requests once: by itself without a server, else where the server is away', async () => {
  const part = { index: 2, count: 4 };
  expect(concurrencyOf({ concurrency: 20 }, part)).toBe(5);
  expect(concurrencyOf({}, part)).toBe(10);
  expect(concurrencyOf({ concurrency: 20, quota: url }, part)).toBe(20);
  expect(concurrencyOf({ quota: url }, part)).toBeUndefined();
  expect(concurrencyOf({ concurrency: 20 }, undefined)).toBe(20);
  const quota = await quotaOf({ quota: url }, part.count);
  expect(quota).toMatchObject({ url, shards: 4 });
  expect(await quotaOf({ quota: url })).not.toHaveProperty('shards', 4);
});

test.each([
  [41, undefined, {}, /^41 shards are more than the 40 requests of the quota: .*, 41 where all/],
  [9, 8, {}, /^9 shards are more than the 8 requests of the quota: .*--quota/],
  [9, 8, { quota: 'http://127.0.0.1:1' }, /while the quota server is away each has one, 9 where/],
  [40, undefined, {}, undefined],
  [3, 40, {}, undefined],
])(
  'of %d shards that share %s requests it is told where these are fewer',
  (count, concurrency, more, words) => {
    const told = excessOf({ concurrency, ...more }, { index: 0, count });
    if (words === undefined) expect(told).toBeUndefined();
    else expect(told).toMatch(words);
    expect(excessOf({ concurrency, ...more }, undefined)).toBeUndefined();
  },
);
