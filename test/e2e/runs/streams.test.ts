/** What runs print and log while they go, and what becomes of them when nobody reads it. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { IngestEvent } from '../../../src/index.js';
import { MAIN, runCommand, startCommand } from '../command.js';
import {
  createCube,
  ingestArgs,
  refuseRequests,
  TestServers,
  TINY_DATASET,
  temporaryFolder,
} from '../loopback-cubes.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const servers = new TestServers();
afterEach(() => servers.close());

type Printed =
  | IngestEvent
  | { readonly type: 'summary' | 'error'; readonly at: number; readonly [key: string]: unknown };

/** Every line must be one JSON object. */
function recordsIn(stdout: string): Printed[] {
  expect(stdout).toMatch(/\n$/);
  return stdout
    .slice(0, -1)
    .split('\n')
    .map((line) => {
      const record = JSON.parse(line) as Printed;
      expect(record).toMatchObject({ type: expect.any(String), at: expect.any(Number) });
      return record;
    });
}

test('--format ndjson prints each event as it happens, in the order of a tile, and the summary at the end', async () => {
  const store = await createCube(folder.path, 'ndjson', TINY_DATASET);
  const env = await servers.serve(refuseRequests(5, 17));
  const { code, stdout, stderr } = await runCommand(ingestArgs(store, '--format', 'ndjson'), env);
  expect([code, stderr]).toEqual([3, '']);
  expect(stdout).not.toContain('"stack"');
  const records = recordsIn(stdout);
  expect(records[0]).toMatchObject({ type: 'planned', tiles: 60, alreadyLoaded: 0 });
  expect(records.at(-1)).toMatchObject({ type: 'summary', committed: 58, tiles: 60 });
  expect(records.filter(({ type }) => ['summary', 'planned'].includes(type))).toHaveLength(2);
  for (let i = 1; i < records.length; i++)
    expect(records[i]?.at).toBeGreaterThanOrEqual(records[i - 1]?.at ?? 0);

  const lives = new Map<string, string[]>();
  const live = (tile: string, type: string) => lives.set(tile, [...(lives.get(tile) ?? []), type]);
  for (const record of records) {
    if (record.type === 'committed')
      for (const tile of (record as Extract<IngestEvent, { type: 'committed' }>).tiles)
        live(tile, record.type);
    else if (record.type === 'failed')
      live((record as Extract<IngestEvent, { type: 'failed' }>).failure.id, record.type);
    else if ('tile' in record) live(record.tile as string, record.type);
  }
  expect(lives.size).toBe(60);
  const stories = [...lives.values()].map((types) => types.join(' '));
  // A commit may begin before the tile that fills its group is told to be written.
  const whole = /^fetching request fetched processed (written committed|committed written)$/;
  expect(stories.filter((story) => whole.test(story))).toHaveLength(58);
  expect(stories.filter((story) => story === 'fetching failed')).toHaveLength(2);
});

test('--format ndjson ends with the error where one ends the run', async () => {
  const store = await createCube(folder.path, 'refused', TINY_DATASET);
  const message = 'Caller does not have required permission to use project test.';
  const env = await servers.serve({ rules: [{ kind: 'status', status: 403, message }] });
  const { code, stdout, stderr } = await runCommand(ingestArgs(store, '--format', 'ndjson'), env);
  expect(code).toBe(4);
  expect(stderr).toMatch(/^geocubes: Earth Engine answered 403: .*\n$/);
  const last = recordsIn(stdout).at(-1);
  expect(last).toMatchObject({
    type: 'error',
    error: { tag: 'earth-engine', kind: 'permission', status: 403 },
  });
  expect(stdout).not.toContain('"stack"');
});

test('--log-file holds one run after the other from the plan to the summary, or why it ended, and no token', async () => {
  const store = await createCube(folder.path, 'logged', TINY_DATASET);
  const log = join(folder.path, 'run.log');
  const args = ingestArgs(store, '--log-file', log);
  const first = await runCommand(args, await servers.serve(refuseRequests(5)));
  expect(first).toMatchObject({ code: 3, stderr: '' });
  const token = { GEOCUBES_TOKEN: 'sesame-open' };
  const second = await runCommand(args, await servers.serve());
  expect(second, second.stderr).toMatchObject({ code: 0, stderr: '' });
  // Refused once the run is under way, so that the log could tell.
  const other = await createCube(folder.path, 'logged-too', TINY_DATASET);
  const expiring = await servers.serve({
    rules: [{ kind: 'expire-token', after: 5, token: 'fresh' }],
  });
  const third = await runCommand(ingestArgs(other, '--log-file', log), expiring);
  expect(third.code).toBe(4);
  const unknown = await runCommand(args, { ...(await servers.serve()), ...token });
  expect(unknown.code).toBe(4);

  const text = await readFile(log, 'utf8');
  for (const secret of ['sesame', 'Bearer', '"loopback"', '"fresh"', 'stack'])
    expect(text).not.toContain(secret);
  const records = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; level: number; time: number });
  const told = records.map(({ msg }) => msg).filter((msg) => /planned|summary|error/.test(msg));
  expect(told).toEqual(['planned', 'summary', 'planned', 'summary', 'planned', 'error']);
  expect(records.filter(({ msg }) => msg === 'failed')).toMatchObject([
    { level: 50, stage: 'fetch', kind: 'too-large' },
  ]);
  expect(records.at(-1)).toMatchObject({ msg: 'error', error: { kind: 'credentials' } });
});

/** Runs the command in a pipe whose reader takes so much of its output and goes away. */
function readOnly(bytes: number, args: readonly string[], env: Readonly<Record<string, string>>) {
  const { child, ended } = startCommand(args, env);
  let taken = 0;
  child.stdout?.on('data', (data: Buffer) => {
    taken += data.length;
    if (taken >= bytes) child.stdout?.destroy();
  });
  return ended;
}

test('a reader who goes away ends a listing without a word', async () => {
  const store = await createCube(folder.path, 'listed', {
    ...TINY_DATASET,
    // 3,750 tiles: more than fits in a pipe.
    grid: { ...TINY_DATASET.grid, resolution: 0.02, chunk: 5 },
  });
  const args = ['status', '--store', store, '--format', 'geojson'];
  const whole = await runCommand(args);
  expect(whole.stdout.length).toBeGreaterThan(500_000);
  const cut = await readOnly(1000, args, {});
  expect(cut.stderr).toBe('');
  expect(cut.code).toBe(1);
  // As a shell does it.
  const shell = spawn('sh', ['-c', '"$0" "$@" | head -n 1', process.execPath, MAIN, ...args]);
  let [stdout, stderr] = ['', ''];
  shell.stdout.on('data', (data) => {
    stdout += data;
  });
  shell.stderr.on('data', (data) => {
    stderr += data;
  });
  await new Promise((resolve) => shell.once('close', resolve));
  expect([stdout, stderr]).toEqual(['{"type":"FeatureCollection","features":[\n', '']);
});

test('a reader who goes away stops an ingest as a signal does: what is finished is committed, and nothing is left behind', async () => {
  const store = await createCube(folder.path, 'unread', TINY_DATASET);
  const env = await servers.serve({ latency: { ms: 100 } });
  const args = ingestArgs(store, '--format', 'ndjson', '--concurrency', '2');
  const { code, stderr } = await readOnly(4000, args, env);
  expect(stderr).toBe(
    'geocubes: The ingest was stopped; finished tiles are committed, and a rerun goes on from there.\n',
  );
  expect(code).toBe(130);
  const status = await runCommand(['status', '--store', store, '--format', 'json']);
  const { loaded, empty, missing } = JSON.parse(status.stdout);
  expect(loaded + empty).toBeGreaterThan(0);
  expect(missing).toBeGreaterThan(0);
  const beside = (await readdir(folder.path)).filter((name) => name.startsWith('unread.'));
  expect(beside).toEqual(['unread.json']);
  expect((await runCommand(ingestArgs(store), await servers.serve())).stdout).toContain(
    `${loaded + empty} tiles were there already, 0 failed`,
  );
});

test('a terminal that is gone stops no ingest', async () => {
  const store = await createCube(folder.path, 'unseen', TINY_DATASET);
  const { child, ended } = startCommand(
    [...ingestArgs(store), '--verbose'],
    await servers.serve({ latency: { ms: 20 } }),
  );
  child.stderr?.once('data', () => child.stderr?.destroy());
  expect(await ended).toMatchObject({ code: 0 });
  const verified = await runCommand(['status', '--store', store]);
  expect(verified.stdout).toContain('0 of 60 not loaded');
});

test.skipIf(!existsSync('/dev/full'))(
  'a disk that is full for the output is told once, and is a failure',
  async () => {
    const store = await createCube(folder.path, 'full', TINY_DATASET);
    const shell = spawn('sh', [
      '-c',
      '"$0" "$@" > /dev/full',
      process.execPath,
      MAIN,
      'status',
      '--store',
      store,
      '--format',
      'geojson',
    ]);
    let stderr = '';
    shell.stderr.on('data', (data) => {
      stderr += data;
    });
    const code = await new Promise((resolve) => shell.once('close', resolve));
    expect(stderr).toMatch(/^geocubes: ENOSPC[^\n]*\n$/);
    expect(code).toBe(1);
  },
);
