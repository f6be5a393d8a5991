/** The commands that tell what a cube has and what it lacks. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IngestEstimate } from '../../src/index.js';
import { type LoopbackServer, startLoopback } from '../../src/loopback/index.js';
import { runCommand } from './command.js';
import { environmentFor, SMALL_BBOX, SMALL_DATASET, temporaryFolder } from './loopback-cubes.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
let env: Record<string, string>;
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startLoopback();
  env = environmentFor(server);
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

async function createCube(name: string): Promise<string> {
  const store = join(folder.path, name);
  const dataset = join(folder.path, `${name}.json`);
  await writeFile(dataset, JSON.stringify(SMALL_DATASET));
  expect(await runCommand(['create', '--store', store, '--dataset', dataset])).toMatchObject({
    code: 0,
  });
  return store;
}

const region = (store: string) => ['--store', store, '--bbox', SMALL_BBOX];

async function json<T>(args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await runCommand([...args, '--format', 'json'], env);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

test('plan and a dry run tell the same without asking anybody, a sample tells more, and then an ingest does it', async () => {
  const store = await createCube('planned');
  // No credentials, no endpoint.
  const plain = await runCommand(['plan', ...region(store), '--rate', '60tiles/min']);
  expect(plain.code, plain.stderr).toBe(0);
  expect(plain.stdout).toContain('60 tiles: 0 loaded already, 60 to fetch\n');
  expect(plain.stdout).toContain('time: 1 min 0 s at the given rate\n');
  const dry = await runCommand(['ingest', ...region(store), '--dry-run', '--rate', '60tiles/min']);
  expect(dry).toEqual(plain);
  const estimate = await json<IngestEstimate>(['plan', ...region(store)]);
  expect(server.requests.pixels).toBe(0);
  expect(estimate).not.toHaveProperty('time');

  const sampled = await json<IngestEstimate>(['plan', ...region(store), '--sample', '8']);
  expect(server.requests.pixels).toBe(8);
  expect(sampled.sample).toMatchObject({ tiles: 8, failed: [] });
  expect(await json(['status', '--store', store])).toMatchObject({ loaded: 0, missing: 60 });

  const done = await json<{ bytesIn: number; bytesOut: number; requests: number; tiles: number }>([
    'ingest',
    ...region(store),
    '-q',
  ]);
  expect(done.tiles).toBe(60);
  expect(estimate.requests).toBe(done.requests);
  expect(estimate.wire.basis).toBe('at most');
  expect(done.bytesIn).toBeLessThanOrEqual(estimate.wire.bytes);
  expect(done.bytesOut).toBeLessThanOrEqual(estimate.disk.bytes);
  // Eight tiles of sixty, spread over land and sea.
  expect(sampled.wire.basis).toBe('sampled');
  expect(sampled.wire.bytes / done.bytesIn).toBeCloseTo(1, 0);
  expect(sampled.disk.bytes / done.bytesOut).toBeCloseTo(1, 0);
  expect(sampled.time?.seconds).toBeGreaterThan(0);

  const nothing = await runCommand(['plan', ...region(store)]);
  expect(nothing.stdout).toBe('60 tiles: 60 loaded already, 0 to fetch\n');
});

test('status, log and verify tell of a cube as it is filled, damaged, repaired and filled again', async () => {
  const store = await createCube('told.zarr');
  const part = ['--store', store, '--bbox', '120,70,130,73'];
  expect(await runCommand(['ingest', ...part, '-q'], env)).toMatchObject({ code: 0 });

  const status = await json<{ loaded: number; empty: number; share: number }>([
    'status',
    '--store',
    store,
  ]);
  expect(status).toMatchObject({ tiles: 60, missing: 30, share: 0.5 });
  const text = await runCommand(['status', ...part]);
  expect(text.stdout).toContain(`0 of 30 not loaded (100.0 % done)\n`);
  const geojson = await runCommand(['status', '--store', store, '--format', 'geojson']);
  const { type, features } = JSON.parse(geojson.stdout);
  expect(type).toBe('FeatureCollection');
  expect(features).toHaveLength(60);
  expect(features[0]).toEqual({
    type: 'Feature',
    id: '0-0',
    geometry: {
      type: 'Polygon',
      coordinates: [
        expect.arrayContaining([
          [120, 76],
          [121, 75],
        ]),
      ],
    },
    properties: { id: '0-0', state: 'missing', row: 0, col: 0 },
  });
  const states = features.map(
    ({ properties }: { properties: { state: string } }) => properties.state,
  );
  expect(states.filter((state: string) => state === 'loaded')).toHaveLength(status.loaded);
  expect(states.filter((state: string) => state === 'empty')).toHaveLength(status.empty);

  const whole = await runCommand(['verify', '--store', store]);
  expect(whole, whole.stdout).toMatchObject({ code: 0 });
  expect(whole.stdout).toContain('No damage found');

  const [row = ''] = await readdir(join(store, 'TCB_slope', 'c'));
  const [col = ''] = await readdir(join(store, 'TCB_slope', 'c', row));
  await rm(join(store, 'TCB_slope', 'c', row, col));
  const damaged = await runCommand(['verify', '--store', store, '--quick']);
  expect(damaged.code).toBe(1);
  expect(damaged.stdout).toContain(`tile ${row}-${col} has `);
  const lines = await runCommand(['verify', '--store', store, '--format', 'ndjson']);
  expect(lines.code).toBe(1);
  expect(JSON.parse(lines.stdout)).toMatchObject({ id: `${row}-${col}`, kind: 'missing' });
  const repaired = await runCommand(['verify', '--store', store, '--repair', '--format', 'json']);
  expect(repaired.code).toBe(3);
  expect(JSON.parse(repaired.stdout)).toMatchObject({
    damaged: 1,
    repaired: 1,
    tilesDamaged: [{ id: `${row}-${col}`, bands: ['TCB_slope'] }],
  });
  const again = await json<{ tiles: number }>(['ingest', ...part, '-q']);
  expect(again.tiles).toBe(1);
  expect(await runCommand(['verify', '--store', store])).toMatchObject({ code: 0 });

  const log = await runCommand(['log', '--store', store]);
  expect(log.stdout).toContain('keeps no history');
});

test('log lists the newest commits first, as text and as records', async () => {
  const store = await createCube('logged');
  expect(await runCommand(['ingest', ...region(store), '-q'], env)).toMatchObject({ code: 0 });
  const all = await json<{ id: string; message: string; writtenAt: string }[]>([
    'log',
    '--store',
    store,
  ]);
  expect(all.map(({ message }) => message)).toContain('Initialize empty datacube');
  for (const { writtenAt } of all) expect(Number.isNaN(Date.parse(writtenAt))).toBe(false);
  const { stdout } = await runCommand(['log', '--store', store, '-n', '2']);
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toBe(`${all[0]?.id}  ${all[0]?.writtenAt}  ${all[0]?.message}`);
  expect(lines[2]).toBe(`and ${all.length - 2} older (-n ${all.length} lists all)`);
  const ndjson = await runCommand(['log', '--store', store, '--format', 'ndjson']);
  expect(
    ndjson.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(all);
});
