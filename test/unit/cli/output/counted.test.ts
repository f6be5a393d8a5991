import { expect, test } from 'vitest';
import { verifyText } from '../../../../src/cli/commands/verify.js';
import { shardLines } from '../../../../src/cli/output/shard-lines.js';
import { plural } from '../../../../src/cli/output/summary-text.js';

test.each([
  [0, '0 shards'],
  [1, '1 shard'],
  [2, '2 shards'],
])('of %d things: %s', (count, words) => expect(plural(count, 'shard')).toBe(words));

test('one chunk of one tile is told in the singular, damaged and mended too', () => {
  const byKind = { missing: 0, unreadable: 1, 'unknown-chunk': 0 };
  const report = {
    ...{ quick: false, tiles: 1, loaded: 1, empty: 0, notLoaded: 0, chunks: 1, bytes: 2e6 },
    ...{ damaged: 1, byKind, repaired: 0 },
    ...{ levelChunks: 0, companions: [], companionsMended: 0 },
  };
  expect(verifyText(report)).toBe(
    '1 tile: 1 loaded, 0 loaded and empty; 1 chunk decoded (2.0 MB)\n1 tile is damaged. "geocubes verify --repair" reopens it',
  );
  expect(verifyText({ ...report, repaired: 1 })).toContain(
    '1 damaged tile was reopened. "geocubes ingest" fetches it again',
  );
});

test('one shard of one tile and one request is told in the singular', () => {
  const cost = { index: 0, tiles: 1, alreadyLoaded: 0, pending: 1, requests: 1, serviceBytes: 1e6 };
  const shards = { count: 1, each: [cost], concurrency: 1, time: undefined };
  expect(shardLines(shards as never, { leastSeconds: 1 } as never).slice(0, 3)).toEqual([
    '1 shard of 1 tile: 1 to fetch, 1 request, 1.0 MB',
    'shard 1 of 1: 1 tile, 0 loaded already, 1 to fetch, 1 request, 1.0 MB',
    'one quota for all: 1 request under way in each, 1 together',
  ]);
});
