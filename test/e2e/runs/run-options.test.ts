/** Where runs end before their region does, what they leave, and how they go on. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { IngestSummary } from '../../../src/index.js';
import { runCommand } from '../command.js';
import {
  createCube,
  environmentFor,
  ingestArgs,
  refuseRequests,
  SMALL_DATASET,
  TestServers,
  TINY_DATASET,
  temporaryFolder,
} from '../loopback-cubes.js';

// Several processes a test, which start slowly on a busy machine.

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const servers = new TestServers();
afterEach(() => servers.close());

async function summaryOf(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  code = 0,
): Promise<IngestSummary> {
  const ended = await runCommand([...args, '--format', 'json'], env);
  expect(ended, ended.stderr).toMatchObject({ code, stderr: '' });
  return JSON.parse(ended.stdout) as IngestSummary;
}

async function tilesIn(store: string): Promise<number> {
  const { stdout } = await runCommand(['status', '--store', store, '--format', 'json']);
  const { loaded, empty } = JSON.parse(stdout) as { loaded: number; empty: number };
  return loaded + empty;
}

describe('an ingest ends', () => {
  test('at --max-tiles with exactly so many tiles committed, says what is left, and the same command goes on', async () => {
    const env = await servers.serve();
    const store = await createCube(folder.path, 'max-tiles', TINY_DATASET);
    const first = await runCommand(ingestArgs(store, '--max-tiles', '7'), env);
    expect(first, first.stderr).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^7 tiles committed in /);
    expect(first.stdout).toContain(
      '53 tiles are left: the run ended at --max-tiles. The same command goes on from there.\n',
    );
    expect(await tilesIn(store)).toBe(7);
    expect(await summaryOf(ingestArgs(store, '--max-tiles', '52'), env)).toMatchObject({
      ...{ tiles: 52, committed: 52, alreadyLoaded: 7, left: 1, stoppedBy: 'max-tiles' },
    });
    const last = await summaryOf(ingestArgs(store, '--max-tiles', '1'), env);
    expect(last).toMatchObject({ committed: 1, left: 0 });
    expect(last).not.toHaveProperty('stoppedBy');
    expect(await tilesIn(store)).toBe(60);
  });

  test('at --max-bytes without receiving more, and another run completes the region', async () => {
    const env = await servers.serve();
    const store = await createCube(folder.path, 'max-bytes', SMALL_DATASET);
    const first = await summaryOf(ingestArgs(store, '--max-bytes', '0.5MB'), env);
    expect(first).toMatchObject({ stoppedBy: 'max-bytes' });
    expect(first.bytesIn).toBeLessThanOrEqual(500_000);
    // And no less than leaves no room for another tile, which is 80 kB as they are counted ahead.
    expect(first.bytesIn).toBeGreaterThan(420_000);
    expect(first.committed + first.left).toBe(60);
    const last = await summaryOf(ingestArgs(store, '--max-bytes', '1GB'), env);
    expect(last).toMatchObject({ committed: 60 - first.committed, left: 0 });
  });

  test('before it begins where --max-bytes has no room for a tile, which is a wrong call', async () => {
    const env = await servers.serve();
    const store = await createCube(folder.path, 'no-room', SMALL_DATASET);
    const { code, stdout, stderr } = await runCommand(
      ingestArgs(store, '--max-bytes', '10kB'),
      env,
    );
    expect(stderr).toMatch(
      /^geocubes: Expected at least the \d+ bytes of one tile for the bytes to receive at the most but received 10000\.\n$/,
    );
    expect([code, stdout]).toEqual([2, '']);
  });

  test('at --until with the tiles under way committed, and another run completes the region', async () => {
    // Sixty tiles take 18 seconds, however quick the machine.
    const env = await servers.serve({ latency: { ms: 300 } });
    const store = await createCube(folder.path, 'until', TINY_DATASET);
    const first = await summaryOf(ingestArgs(store, '--until', '+3s', '--concurrency', '1'), env);
    expect(first).toMatchObject({ stoppedBy: 'until', failed: [] });
    expect(first.left).toBeGreaterThan(0);
    expect(first.committed + first.left).toBe(60);
    expect(await tilesIn(store)).toBe(first.committed);
    const last = await summaryOf(ingestArgs(store, '--until', '+1d'), env);
    expect(last).toMatchObject({ committed: first.left, alreadyLoaded: first.committed, left: 0 });
  });
});

test('tiles that fail are listed by --failed, told by exit code 3 and by status, and completed by --retry-failed', async () => {
  const store = await createCube(folder.path, 'failed', TINY_DATASET);
  const list = join(folder.path, 'failed.ndjson');
  const first = await runCommand(
    ingestArgs(store, '--failed', list),
    await servers.serve(refuseRequests(3, 20, 41)),
  );
  expect(first, first.stderr).toMatchObject({ code: 3, stderr: '' });
  expect(first.stdout).toContain('0 tiles were there already, 3 failed\n');
  expect(first.stdout.match(/^failed: tile \d+-\d+ at fetch: /gm)).toHaveLength(3);
  const listed = (await readFile(list, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(listed).toHaveLength(3);
  for (const { tile, index, ...how } of listed) {
    expect(tile).toBe(`${index.row}-${index.col}`);
    expect(how).toMatchObject({
      stage: 'fetch',
      tries: 1,
      error: { tag: 'earth-engine', kind: 'too-large', status: 400 },
    });
    expect(how.error).not.toHaveProperty('stack');
  }

  const failed = ['--store', store, '--failed', list];
  const status = await runCommand(['status', ...failed]);
  expect(status.stdout).toContain('3 of 60 not loaded, 3 of them failed (95.0 % done)\n');
  const record = await runCommand(['status', ...failed, '--format', 'json']);
  expect(JSON.parse(record.stdout)).toMatchObject({
    tiles: 60,
    missing: 3,
    failed: 3,
    share: 0.95,
  });

  // One of them is loaded in the meantime.
  const env = await servers.serve();
  const [{ index: one }] = listed;
  const [west, north] = [120 + one.col, 76 - one.row];
  const box = [west + 0.4, north - 0.6, west + 0.6, north - 0.4].join();
  const part = ['ingest', '--store', store, '--bbox', box, '-q'];
  expect(await summaryOf(part, env)).toMatchObject({ committed: 1 });
  const geojson = await runCommand(['status', ...failed, '--format', 'geojson']);
  const features = JSON.parse(geojson.stdout).features as { properties: { state: string } }[];
  expect(features).toHaveLength(60);
  const told = features.filter(({ properties }) => properties.state === 'failed');
  expect(told.map(({ properties }) => properties)).toEqual(
    listed
      .slice(1)
      .sort((a, b) => a.index.row - b.index.row || a.index.col - b.index.col)
      .map(({ tile, index, error }) => ({
        ...{ id: tile, state: 'failed', ...index },
        ...{ stage: 'fetch', tries: 1, error: error.message },
      })),
  );

  const retry = ['ingest', '--store', store, '--retry-failed', list, '-q', '--failed', list];
  expect(await summaryOf(retry, env)).toMatchObject({
    ...{ tiles: 2, alreadyLoaded: 1, committed: 2, failed: [] },
  });
  expect(await readFile(list, 'utf8')).toBe('');
  expect(await tilesIn(store)).toBe(60);
  expect(await summaryOf(retry, env)).toMatchObject({ tiles: 0, committed: 0 });
  expect((await runCommand(['status', ...failed])).stdout).toContain(', 0 of them failed (100.0 %');
});

test('what --format json and ndjson print is a list that --retry-failed takes', async () => {
  const store = await createCube(folder.path, 'printed', TINY_DATASET);
  const env = await servers.serve(refuseRequests(3, 20));
  const { stdout } = await runCommand(ingestArgs(store, '--format', 'ndjson'), env);
  const events = join(folder.path, 'events.ndjson');
  await writeFile(events, stdout);
  const retry = ['ingest', '--store', store, '--retry-failed'];
  const again = await runCommand(
    [...retry, events, '-q', '--format', 'json'],
    await servers.serve(refuseRequests(1)),
  );
  expect(again.code).toBe(3);
  expect(again.stdout).not.toContain('"stack"');
  const summary = join(folder.path, 'summary.json');
  await writeFile(summary, again.stdout);
  expect(await summaryOf([...retry, summary, '-q'], await servers.serve())).toMatchObject({
    ...{ tiles: 1, committed: 1 },
  });
  expect(await tilesIn(store)).toBe(60);
});

test('a list that cannot be written, or names a tile that is none, is told before anybody is asked', async () => {
  const store = await createCube(folder.path, 'lists', TINY_DATASET);
  const server = await servers.start();
  const env = environmentFor(server);
  const list = join(folder.path, 'away.txt');
  await writeFile(list, '99-99\n');
  for (const [args, message] of [
    [ingestArgs(store, '--failed', join(folder.path, 'absent', 'list')), /--failed .*ENOENT/],
    [ingestArgs(store, '--log-file', join(folder.path, 'absent', 'log')), /--log-file .*ENOENT/],
    [['ingest', '--store', store, '--retry-failed', list, '-q'], /99/],
    [['status', '--store', store, '--failed', list], /99/],
    [['ingest', '--store', store, '--retry-failed', list, '--bbox', '1,2,3,4'], /cannot be used/],
  ] as const) {
    const { code, stdout, stderr } = await runCommand(args, env);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  }
  expect(server.requests.pixels).toBe(0);
  expect((await readdir(folder.path)).filter((name) => name.includes('.part'))).toEqual([]);
});

test('options come from the environment and from --config, and a run says nothing of it', async () => {
  const env = await servers.serve();
  const store = await createCube(folder.path, 'config', TINY_DATASET);
  const { GEOCUBES_ENDPOINT, ...rest } = env;
  const config = join(folder.path, 'night.json');
  const settings = {
    store,
    bbox: [120, 70, 130, 76],
    endpoint: GEOCUBES_ENDPOINT,
    maxTiles: 5,
    quiet: true,
    format: 'json',
  };
  await writeFile(config, JSON.stringify(settings));
  const run = async (args: string[], more: Record<string, string> = {}) => {
    const ended = await runCommand(['ingest', ...args], { ...rest, ...more });
    expect(ended, ended.stderr).toMatchObject({ code: 0, stderr: '' });
    return JSON.parse(ended.stdout) as IngestSummary;
  };
  expect(await run(['--config', config])).toMatchObject({ committed: 5 });
  expect(await run([], { GEOCUBES_CONFIG: config, GEOCUBES_MAX_TILES: '6' })).toMatchObject({
    committed: 6,
  });
  expect(
    await run(['--config', config, '--max-tiles', '7'], { GEOCUBES_MAX_TILES: '6' }),
  ).toMatchObject({ committed: 7 });
  const wrong = await runCommand(['ingest', '--config', config], {
    ...rest,
    GEOCUBES_THREADS: 'x',
  });
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toMatch(/received "x"\. It is set by GEOCUBES_THREADS\.\n$/);
});
