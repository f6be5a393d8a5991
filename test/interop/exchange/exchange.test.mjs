/**
 * Cubes that this program and smart-geocubes fill in turn, in both generations of smart-geocubes:
 *
 *   GEOCUBES_SEED_PYTHONS='{"0.0":"…/python","0.1":"…/python"}' node --test test/interop/exchange/exchange.test.mjs
 *
 * `run.mjs` sets the variable. A coast of the loopback server's picture serves: small gaps on land, the
 * shore, and tiles of nothing but sea.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cube, createPool, earthEngine, parseDataset } from '../../../dist/index.js';
import { DEFAULT_TOKEN, startLoopback } from '../../../dist/loopback/index.js';
import { compareFilled } from './nearest-ties.mjs';
import { runSeed } from './seed.mjs';

/** @type {Record<string, string>} */
const PYTHONS = JSON.parse(process.env.GEOCUBES_SEED_PYTHONS ?? '{}');

const TITLE = 'TCTrend2020';
const COLLECTION = 'users/ingmarnitze/TCTrend_SR_2001-2020_TCVIS';
const BANDS = ['TCB_slope', 'TCG_slope', 'TCW_slope'];
const GRID = {
  crs: 'EPSG:4326',
  bounds: [126.2, 73.36, 126.3, 73.42],
  resolution: 0.00026949458523585647,
  chunk: 80,
};

const NATIVE = parseDataset({
  title: TITLE,
  collection: COLLECTION,
  bands: BANDS,
  dtype: 'uint8',
  grid: GRID,
  fill: 'nearest',
  maxFillDistance: null,
  clipToObserved: true,
  codec: 'seed',
});

let folder;
let server;
let pool;
/** What the service sends: [band][y, x], NaN where masked. */
let raw;
let job;
let grid;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'geocubes-exchange-'));
  server = await startLoopback({});
  pool = createPool({ size: 2 });
  const dataset = parseDataset({
    title: 'Raw',
    collection: COLLECTION,
    bands: BANDS,
    dtype: 'float32',
    grid: GRID,
  });
  const cube = await Cube.create('memory:', dataset, { pool });
  await ingest(cube, cube.grid.geobox);
  const region = await cube.load(cube.grid.geobox);
  raw = BANDS.map((name) => region.bands.get(name));
  const file = join(folder, 'raw.f32');
  writeFileSync(file, Buffer.concat(raw.map(bytesOf)));
  const { geobox, chunk } = cube.grid;
  grid = { width: geobox.width, height: geobox.height, chunk: chunk.height };
  job = {
    title: TITLE,
    collection: COLLECTION,
    bands: BANDS,
    bounds: GRID.bounds,
    resolution: GRID.resolution,
    affine: geobox.affine,
    shape: [geobox.height, geobox.width],
    chunk: GRID.chunk,
    raw: file,
  };
});

after(async () => {
  await pool?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

function bytesOf({ buffer, byteOffset, byteLength }) {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Blocks of tiles: first row and column, rows and columns. Later ones hold the earlier ones. */
const FIRST = [0, 0, 2, 2];
const SECOND = [0, 1, 3, 2];
const idsOf = ([row, col, rows, cols]) =>
  Array.from(
    { length: rows * cols },
    (_, i) => `${row + Math.floor(i / cols)}-${col + (i % cols)}`,
  );
const sorted = (ids) => [...ids].sort();
const without = (ids, others) => sorted(ids.filter((id) => !others.includes(id)));

/** The region of a block of tiles, in the cube's CRS. */
function regionOf(cube, [row, col, rows, cols]) {
  const { geobox, chunk } = cube.grid;
  const top = row * chunk.height;
  const left = col * chunk.width;
  return geobox.crop({
    row: top,
    col: left,
    height: Math.min(rows * chunk.height, geobox.height - top),
    width: Math.min(cols * chunk.width, geobox.width - left),
  });
}

/** Ingests through Earth Engine's protocol; tells which tiles were fetched. */
async function ingest(cube, roi) {
  const service = { endpoint: server.url, project: 'interop', token: DEFAULT_TOKEN };
  const source = await earthEngine(cube.dataset, service);
  const fetched = [];
  const onEvent = (event) => event.type === 'fetched' && fetched.push(event.tile);
  const { failed } = await cube
    .ingest(roi, { source, pool, onEvent })
    .finally(() => source.close());
  assert.deepEqual(failed, []);
  return fetched;
}

async function readNative(store) {
  const cube = await Cube.open(store);
  const { bands, missingTiles } = await cube.load(cube.grid.geobox);
  return { bytes: Buffer.concat(BANDS.map((name) => bytesOf(bands.get(name)))), missingTiles };
}

/** Runs smart-geocubes on a store and gives the answer to each step. */
function seed(python, store, steps) {
  return runSeed(python, { ...job, store, steps }).steps;
}

function readSeed(python, store) {
  const file = `${store}.u8`;
  const [{ listed }] = seed(python, store, [{ do: 'read', file }]);
  return { bytes: readFileSync(file), listed };
}

async function statesOf(cube) {
  const tiles = await cube.tileStates(cube.grid.geobox);
  return tiles.filter(({ state }) => state !== 0).map(({ row, col }) => `${row}-${col}`);
}

for (const generation of ['0.0', '0.1']) {
  const python = PYTHONS[generation];
  describe(`smart-geocubes ${generation}.x`, {
    skip: python === undefined && 'not installed',
  }, () => {
    let byNative;
    let bySeed;

    test('makes a cube that this program recognises, extends, and hands back', async () => {
      const store = join(folder, `seed-first-${generation}`);
      const [, filled] = seed(python, store, [{ do: 'create' }, { do: 'fill', tiles: FIRST }]);
      assert.deepEqual(sorted(filled.downloaded), idsOf(FIRST));

      const cube = await Cube.open(store);
      assert.equal(cube.dataset.title, TITLE);
      assert.deepEqual(cube.dataset.grid, NATIVE.grid);
      assert.deepEqual(cube.dataset.source, NATIVE.source);
      assert.deepEqual(cube.dataset.processing, NATIVE.processing);
      assert.deepEqual(sorted(await statesOf(cube)), idsOf(FIRST));
      const fetched = await ingest(cube, regionOf(cube, SECOND));
      assert.deepEqual(sorted(fetched), without(idsOf(SECOND), idsOf(FIRST)));
      assert.deepEqual(
        sorted(await statesOf(cube)),
        sorted(new Set([...idsOf(FIRST), ...idsOf(SECOND)])),
      );

      const whole = [0, 0, cube.grid.rows, cube.grid.cols];
      const file = `${store}.u8`;
      const [rest] = seed(python, store, [
        { do: 'fill', tiles: whole },
        { do: 'read', file },
      ]);
      assert.deepEqual(
        sorted(rest.downloaded),
        without(idsOf(whole), [...idsOf(FIRST), ...idsOf(SECOND)]),
      );
      const again = await Cube.open(store);
      assert.deepEqual(await ingest(again, again.grid.geobox), []);
      const read = await readNative(store);
      assert.equal(read.missingTiles, 0);
      assert.deepEqual(readFileSync(file), read.bytes);
    });

    test('extends a cube that this program made, and hands it back', async () => {
      const store = join(folder, `native-first-${generation}`);
      const cube = await Cube.create(store, NATIVE, { pool });
      assert.deepEqual(sorted(await ingest(cube, regionOf(cube, FIRST))), idsOf(FIRST));

      const [filled] = seed(python, store, [{ do: 'fill', tiles: SECOND }]);
      assert.deepEqual(sorted(filled.downloaded), without(idsOf(SECOND), idsOf(FIRST)));

      const again = await Cube.open(store);
      const done = [...idsOf(FIRST), ...idsOf(SECOND)];
      assert.deepEqual(sorted(await statesOf(again)), sorted(new Set(done)));
      const whole = [0, 0, cube.grid.rows, cube.grid.cols];
      assert.deepEqual(sorted(await ingest(again, again.grid.geobox)), without(idsOf(whole), done));

      const read = await readNative(store);
      assert.equal(read.missingTiles, 0);
      const other = readSeed(python, store);
      assert.deepEqual(other.bytes, read.bytes);
      assert.deepEqual(sorted(other.listed), sorted(idsOf(whole)));
    });

    test('and this program make the same pixels of the same replies, ties apart', async (t) => {
      const store = join(folder, `native-alone-${generation}`);
      const cube = await Cube.create(store, NATIVE, { pool });
      await ingest(cube, cube.grid.geobox);
      byNative = (await readNative(store)).bytes;
      const other = join(folder, `seed-alone-${generation}`);
      const whole = [0, 0, cube.grid.rows, cube.grid.cols];
      const file = `${other}.u8`;
      seed(python, other, [{ do: 'create' }, { do: 'fill', tiles: whole }, { do: 'read', file }]);
      bySeed = readFileSync(file);
      const size = grid.width * grid.height;
      const tileStates = await cube.tileStates(cube.grid.geobox);
      assert.ok(
        tileStates.some(({ state }) => state === 2),
        'one tile at least must be all sea',
      );
      for (const [band, name] of BANDS.entries()) {
        const part = (bytes) => bytes.subarray(band * size, (band + 1) * size);
        const { filled, ties, wrong } = compareFilled(
          grid,
          seaAsZero(raw[band], tileStates),
          part(byNative),
          part(bySeed),
        );
        assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} pixels of ${name} differ`);
        assert.ok(filled > 0, 'a picture without gaps proves nothing');
        t.diagnostic(
          `${name}: ${size} pixels, ${filled} filled, ${ties} of them ties decided otherwise`,
        );
      }
    });
  });
}

/** A tile without a valid pixel is 0 in both programs: nothing is written here, NaN cast to uint8 there. */
function seaAsZero(band, tileStates) {
  const copy = Float32Array.from(band);
  for (const { row, col, state } of tileStates) {
    if (state !== 2) continue;
    for (let y = row * grid.chunk; y < Math.min((row + 1) * grid.chunk, grid.height); y++) {
      const start = y * grid.width + col * grid.chunk;
      copy.fill(0, start, Math.min(start + grid.chunk, (y + 1) * grid.width));
    }
  }
  return copy;
}
