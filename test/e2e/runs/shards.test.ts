/** A region in parts, as people see it: planned, followed from elsewhere, checked. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { runCommand, startCommand } from '../command.js';
import {
  createCube,
  environmentFor,
  ingestArgs,
  SMALL_BBOX,
  TINY_DATASET,
  temporaryFolder,
} from '../loopback-cubes.js';

const TILES = 60;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
let full: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startLoopback();
  full = await createCube(folder.path, 'full', TINY_DATASET);
  expect(await runCommand(ingestArgs(full), environmentFor(server))).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

const at = (store: string) => ['--store', store, '--bbox', SMALL_BBOX];

test('plan tells what each of several shards has to do and draws the cut', async () => {
  const store = await createCube(folder.path, 'planned', TINY_DATASET);
  const png = join(folder.path, 'cut.png');
  const args = ['plan', ...at(store), '--shards', '4', '--rate', '60tiles/min'];
  const { code, stdout, stderr } = await runCommand([...args, '--png', png]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^4 shards of 15 tiles: 15 to fetch, 15 requests, /m);
  expect(stdout.match(/^shard \d of 4: 15 tiles, 0 loaded already, 15 to fetch/gm)).toHaveLength(4);
  expect(stdout).toContain('one quota for all: 10 requests under way in each, 40 together\n');
  expect(stdout).toMatch(
    /^time of all together: 15 s where .*, to 1 min 0 s where by the service/m,
  );
  expect(stdout).toContain(`Wrote ${png}\n`);
  expect((await readFile(png)).subarray(1, 4).toString()).toBe('PNG');
  const json = await runCommand([...args, '--format', 'json']);
  expect(JSON.parse(json.stdout).shards).toMatchObject({
    ...{ count: 4, concurrency: 10, time: { leastSeconds: 15, mostSeconds: 60, basis: 'rate' } },
    each: [{ index: 0, tiles: 15 }, { index: 1 }, { index: 2 }, { index: 3 }],
  });
});

test('all shards of verify together check what the region has, and each says which it is', async () => {
  let tiles = 0;
  for (const shard of [1, 2, 3, 4]) {
    const args = ['verify', ...at(full), '--quick', '--shard', 'auto', '--format', 'json'];
    const env = { BATCH_TASK_INDEX: String(shard - 1), BATCH_TASK_COUNT: '4' };
    const { code, stdout, stderr } = await runCommand(args, env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `Google Batch: shard ${shard} of 4\n` });
    tiles += JSON.parse(stdout).tiles;
  }
  expect(tiles).toBe(TILES);
});

test('a run is followed to its end by another process, which ends with 0', async () => {
  const store = await createCube(folder.path, 'followed', TINY_DATASET);
  const args = ['status', ...at(store), '--watch', '1', '--shards', '2', '--format', 'ndjson'];
  const watch = startCommand(args);
  await new Promise<void>((resolve) => watch.child.stdout?.once('data', () => resolve()));
  expect(await runCommand(ingestArgs(store), environmentFor(server))).toMatchObject({ code: 0 });
  const { code, stdout, stderr } = await watch.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const records = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(records[0]).toMatchObject({ type: 'state', tiles: TILES, loaded: 0, missing: TILES });
  const last = records.at(-1);
  expect(last).toMatchObject({ tiles: TILES, missing: 0 });
  expect(last.shards.map(({ loaded }: { loaded: number }) => loaded)).toEqual([30, 30]);
  expect(last.commit).toHaveProperty('writtenAt');
});

test('what is whole is told in a line, and what is not until somebody has seen enough', async () => {
  const whole = await runCommand(['status', ...at(full), '--watch']);
  expect(whole).toMatchObject({ code: 0, stderr: '' });
  expect(whole.stdout).toMatch(/^60\/60 tiles \(100\.0 %\) {2}all loaded {2}newest commit \S+Z\n$/);
  const store = await createCube(folder.path, 'endless', TINY_DATASET);
  const watch = startCommand(['status', ...at(store), '--watch']);
  await new Promise<void>((resolve) => watch.child.stdout?.once('data', () => resolve()));
  watch.child.kill('SIGINT');
  const { code, stdout, stderr } = await watch.ended;
  expect(code).toBe(130);
  expect(stdout).toMatch(/^0\/60 tiles \(0\.0 %\)/);
  expect(stderr).toContain('No longer watching');
});

test.each([
  [['--shards', '4'], /--watch for the status beside --shards/],
  [['--format', 'ndjson'], /--watch for the status beside --format ndjson/],
  [['--watch', '--format', 'json'], /text or ndjson for --format beside --watch/],
  [['--watch', '0'], /a whole number from 1 to 86400 for --watch/],
  [
    ['--watch', '--png', 'x.png'],
    /--watch.*cannot be used with.*--png|--png.*cannot be used with.*--watch/,
  ],
])('%j is a wrong call', async (more, message) => {
  const { code, stderr } = await runCommand(['status', '--store', full, ...more]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});
