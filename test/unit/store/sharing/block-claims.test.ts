import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TileIndex, tileId } from '../../../../src/grid/tiling.js';
import { objectMarks } from '../../../../src/store/remote/object-marks.js';
import { ignoresConditions } from '../../../../src/store/remote/s3-probe.js';
import type { Marks } from '../../../../src/store/session.js';
import { BlockClaims } from '../../../../src/store/sharing/block-claims.js';
import type { NewestLedger } from '../../../../src/store/sharing/newest-ledger.js';

const LOCATION = { kind: 's3', bucket: 'cubes', prefix: 'one' } as const;

/** Objects of an S3 with conditional puts, or one that takes them whatever their conditions say. */
const objects = new Map<string, { readonly body: string; readonly etag: string }>();
let isStrict = true;
let server: Server;
let env: Record<string, string>;
let marks: Marks;
let loaded: Set<string>;
let requests: string[];

beforeEach(async () => {
  objects.clear();
  [isStrict, loaded, requests] = [true, new Set(), []];
  let written = 0;
  server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const { pathname, searchParams } = new URL(url, 'http://s3');
    const key = decodeURIComponent(pathname.replace(/^\/cubes\//, ''));
    requests.push(`${method} ${key}`);
    let body = '';
    for await (const part of request) body += part;
    const there = objects.get(key);
    if (searchParams.has('list-type')) {
      const prefix = searchParams.get('prefix') ?? '';
      const keys = [...objects.keys()].filter((each) => each.startsWith(prefix));
      response.end(`<List>${keys.map((each) => `<Key>${each}</Key>`).join('')}</List>`);
    } else if (method === 'PUT') {
      const { 'if-none-match': none, 'if-match': match } = headers;
      const isMet =
        (none === undefined || there === undefined) &&
        (match === undefined || match === there?.etag);
      if (isStrict && !isMet) return void response.writeHead(412).end();
      const etag = `"${written++}"`;
      objects.set(key, { body, etag });
      response.writeHead(200, { etag }).end();
    } else if (method === 'DELETE') {
      objects.delete(key);
      response.writeHead(204).end();
    } else if (there === undefined) response.writeHead(404).end();
    else response.writeHead(200, { etag: there.etag }).end(there.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  env = {
    AWS_ACCESS_KEY_ID: 'a-key',
    AWS_SECRET_ACCESS_KEY: 'a-secret',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
  marks = objectMarks(LOCATION, env) as Marks;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const ledger = {
  isLoaded: async (index: TileIndex) => loaded.has(tileId(index)),
} as unknown as NewestLedger;

/** Blocks are rows here; no lease ends while a test runs. */
const run = () =>
  new BlockClaims(marks, {
    blockIdOf: ({ row }) => `row.${row}`,
    recent: ledger,
    ledgerNow: () => ledger,
    times: { beat: 3_600_000, lease: 3_600_000, confirm: 3_600_000 },
  });
const tile = (row: number, col: number) => ({ row, col });

test('a mark is made by one alone, moves from where it was said to be alone, and is listed until it is removed', async () => {
  const made = await Promise.all(Array.from({ length: 8 }, (_, i) => marks.create('m', `${i}`)));
  expect(made.filter(Boolean)).toHaveLength(1);
  const at = (await marks.find('m')) ?? '';
  expect(await marks.move('m', 'new', 'elsewhere')).toBe(false);
  const moved = await Promise.all(['x', 'y', 'z'].map((to) => marks.move('m', to, at)));
  expect(moved.filter(Boolean)).toHaveLength(1);
  expect(await marks.list()).toEqual(['m']);
  await marks.remove('m');
  expect([await marks.find('m'), await marks.list()]).toEqual([undefined, []]);
});

test('a block is one claim, however many tiles, and goes to another run when the next is begun and its tiles are done', async () => {
  const [one, other] = [run(), run()];
  for (let col = 0; col < 4; col++) expect(await one.claim(tile(0, col))).toBe('ours');
  const claims = requests.filter((line) => line.startsWith('PUT') && line.includes('claim'));
  expect(claims).toHaveLength(1);
  expect(await other.claim(tile(0, 9))).toBe('busy');
  expect(await one.claim(tile(1, 0))).toBe('ours');
  for (let col = 0; col < 3; col++) await one.release(`0-${col}`);
  expect((await marks.list()).some((name) => name.endsWith('row.0'))).toBe(true);
  await one.release('0-3');
  expect(await run().claim(tile(0, 9))).toBe('ours');
  await Promise.all([one.close(), other.close()]);
});

test('what is loaded is told without a claim, and what was loaded before the block was taken, with one', async () => {
  loaded.add('0-0');
  const claims = run();
  expect(await claims.claim(tile(0, 0))).toBe('loaded');
  expect(requests).toEqual([]);
  expect(await claims.claim(tile(0, 1))).toBe('ours');
  expect(await claims.claim(tile(0, 0))).toBe('loaded');
  await claims.close();
  expect(await marks.list()).toEqual([]);
});

test('who waits for a block of another holds none that it waits for in turn', async () => {
  const [one, other] = [run(), run()];
  expect([await one.claim(tile(0, 0)), await other.claim(tile(1, 0))]).toEqual(['ours', 'ours']);
  // Both have failed.
  await one.release('0-0');
  await other.release('1-0');
  expect(await one.claim(tile(1, 0))).toBe('busy');
  expect((await marks.list()).filter((name) => name.includes('claim'))).toHaveLength(1);
  expect(await other.claim(tile(0, 0))).toBe('ours');
  await Promise.all([one.close(), other.close()]);
});

test('a tile that is given up is known to the others as long as one of them is there, and to nobody after that', async () => {
  const [one, other] = [run(), run()];
  expect(await other.claim(tile(5, 0))).toBe('ours');
  expect(await one.claim(tile(0, 0))).toBe('ours');
  await one.giveUp('0-0');
  expect(await one.claim(tile(1, 0))).toBe('ours');
  await one.release('1-0');
  await one.close();
  // Its block is free, and the tile's failure told.
  expect(await other.claim(tile(0, 0))).toBe('ours');
  expect([await other.isGivenUp('0-0'), await other.isGivenUp('0-1')]).toEqual([true, false]);
  await other.release('0-0');
  await other.release('5-0');
  await other.close();
  expect(await marks.list()).toEqual([]);
});

test('an S3 that writes whatever the condition is known for it, and shards do not rely on it', async () => {
  const conditions = ['if-none-match', 'if-match'] as const;
  expect(await ignoresConditions(LOCATION, conditions, env)).toBe(false);
  isStrict = false;
  expect(await ignoresConditions(LOCATION, conditions, env)).toBe(true);
  expect(objects.size).toBe(0);
});

test('without keys in the environment there are no marks', () => {
  expect(objectMarks(LOCATION, {})).toBeUndefined();
  expect(objectMarks({ ...LOCATION, kind: 'gs' }, env)).toBeUndefined();
});
