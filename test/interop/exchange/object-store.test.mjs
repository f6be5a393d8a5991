/**
 * Cubes in an object store, filled by two processes at once, and read by Python:
 *
 *   GEOCUBES_MOTO_PYTHON=…/python node --test test/interop/exchange/object-store.test.mjs
 *
 * `run.mjs` sets the variable. The store is moto's S3 on 127.0.0.1.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Cube, createPool, earthEngine, parseDataset } from '../../../dist/index.js';
import { DEFAULT_TOKEN, startLoopback } from '../../../dist/loopback/index.js';
import { startMoto } from './moto.mjs';

const PYTHON = process.env.GEOCUBES_MOTO_PYTHON;
const WRITER = fileURLToPath(new URL('object-store-writer.mjs', import.meta.url));
const READER = fileURLToPath(new URL('read_s3.py', import.meta.url));

const KEYS = {
  AWS_ACCESS_KEY_ID: 'AKIAINTEROPINTEROP',
  AWS_SECRET_ACCESS_KEY: 'hush-interop-secret',
};

const DATASET = parseDataset({
  title: 'Two writers',
  collection: 'projects/geocubes/assets/demo',
  bands: ['TCB_slope', 'TCG_slope'],
  dtype: 'uint8',
  grid: { crs: 'EPSG:4326', bounds: [126, 72, 126.6, 72.4], resolution: 0.01, chunk: 10 },
});

describe('an Icechunk repository in S3', {
  skip: PYTHON === undefined && 'moto is not installed',
}, () => {
  let moto;
  let service;
  let pool;
  before(async () => {
    moto = await startMoto(PYTHON);
    // Without a wait one process commits so often that the other has no turn until it is done.
    service = await startLoopback({ faults: { seed: 1, latency: { ms: 200, jitterMs: 150 } } });
    pool = createPool({ size: 0 });
    Object.assign(process.env, KEYS, { AWS_ENDPOINT_URL: moto.endpoint });
    assert.equal((await fetch(`${moto.endpoint}/cubes`, { method: 'PUT' })).status, 200);
  });
  after(async () => {
    await Promise.all([pool?.close(), service?.close(), moto?.close()]);
  });

  /** Starts a process that waits, ready, until it is told to begin. */
  const startWriter = async (store, window) => {
    const child = spawn(process.execPath, [WRITER, store, service.url, window], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, 'ready');
    return async () => {
      child.stdin.end('begin\n');
      return JSON.parse((await lines.next()).value);
    };
  };

  test('keeps every tile and ledger entry of two processes that commit at once, in one ledger chunk', async (t) => {
    const store = 's3://cubes/two/writers';
    const created = await Cube.create(store, DATASET, { pool });
    const { height, width } = created.grid.geobox;
    // Left and right of the same rows: tiles of both lie in one chunk of the ledger.
    const half = width / 2;
    const writers = await Promise.all([
      startWriter(store, `0,0,${height},${half}`),
      startWriter(store, `0,${half},${height},${half}`),
    ]);
    const results = await Promise.all(writers.map((begin) => begin()));
    const tiles = created.grid.rows * created.grid.cols;
    for (const result of results)
      assert.deepEqual(result, { committed: tiles / 2, commits: tiles / 2, failed: [] });

    const cube = await Cube.open(store);
    const states = await cube.tileStates(cube.grid.geobox);
    assert.ok(states.every(({ state }) => state !== 0));
    const messages = (await cube.history()).map(({ message }) => message);
    const writes = messages.filter((message) => message.startsWith('Write tile '));
    assert.equal(new Set(writes).size, tiles);
    const sides = writes.map((message) => Number(message.split('-')[1]) < created.grid.cols / 2);
    const turns = sides.filter((side, i) => i > 0 && side !== sides[i - 1]).length;
    t.diagnostic(`${tiles} commits, the writer changed ${turns} times between two of them`);
    assert.ok(turns > 1, 'the processes wrote one after the other, which proves nothing');

    const alone = await Cube.create('memory:', DATASET, { pool });
    const source = await earthEngine(DATASET, {
      endpoint: service.url,
      project: 'p',
      token: DEFAULT_TOKEN,
    });
    await alone.ingest(alone.grid.geobox, { source, pool });
    await source.close();
    const [one, other] = await Promise.all(
      [cube, alone].map((each) => each.load(each.grid.geobox)),
    );
    for (const { name } of DATASET.bands)
      assert.deepEqual(one.bands.get(name), other.bands.get(name));
  });

  test('is opened by icechunk in Python, with the same pixels and the list of all tiles', async () => {
    const cube = await Cube.open('s3://cubes/two/writers');
    const { bands } = await cube.load(cube.grid.geobox);
    const args = [READER, moto.endpoint, 'cubes', 'two/writers', ...bands.keys()];
    const { status, stdout, stderr } = spawnSync(PYTHON, args, {
      encoding: 'utf8',
      env: process.env,
    });
    assert.equal(status, 0, stderr);
    const read = JSON.parse(stdout);
    const sums = [...bands].map(([name, pixels]) => [
      name,
      pixels.reduce((sum, value) => sum + value, 0),
    ]);
    assert.deepEqual(read.sums, Object.fromEntries(sums));
    assert.equal(read.loaded, cube.grid.rows * cube.grid.cols);
  });

  test('tells in one line that there is no cube, and never a key', async () => {
    const error = await Cube.open('s3://cubes/none').catch((failure) => failure);
    assert.equal(error.kind, 'not-a-cube');
    const failed = await Cube.create('s3://no-such-bucket/x', DATASET, { pool }).catch(
      (failure) => failure,
    );
    assert.equal(failed.kind, 'io');
    for (const { message } of [error, failed]) {
      assert.equal(message.split('\n').length, 1);
      for (const key of Object.values(KEYS)) assert.ok(!message.includes(key));
    }
  });

  test('is refused a second cube at the same place', async () => {
    const again = Cube.create('s3://cubes/two/writers', DATASET, { pool });
    await assert.rejects(again, { tag: 'store', kind: 'exists' });
  });
});
