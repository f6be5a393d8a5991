/**
 * A contender's own process: does what its parent asks for, one thing at a time, and answers with
 * milliseconds. Inputs are read, and results kept, outside of what is timed.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { LentMemory } from '../../dist/raster/lent-memory.js';
import { readTile } from '../inputs/tile.mjs';

const [setup] = process.argv.slice(2);
const { kernel, threads } = JSON.parse(setup);
const inputs = new Map();
const memory = new LentMemory();
let pool;
let encoder;

const ACTIONS = { ready, tiles, floor, encode, ingest: runIngest, load };

process.on('message', async ({ action, task }) => {
  try {
    globalThis.gc?.();
    process.send({ value: await ACTIONS[action](task) });
  } catch (error) {
    process.send({ error: error instanceof Error ? error.stack : String(error) });
  }
});
process.on('disconnect', () => process.exit(0));

/** Starts the pool and reads inputs, in place of those of the last case. */
async function ready({ tiles: paths = [] }) {
  inputs.clear();
  for (const path of paths) inputOf(path);
  if (kernel === undefined || kernel === 'floor') return {};
  // What an action needs is imported by it: no contender carries, or waits for, what others need.
  const { createPool } = await import('../../dist/pool/pool.js');
  pool ??= createPool({ size: threads, kernel });
  return pool.ready();
}

function inputOf(path) {
  let tile = inputs.get(path);
  if (tile === undefined) {
    tile = readTile(path);
    inputs.set(path, tile);
  }
  return tile;
}

/** `count` tiles, by turns of `paths`, all handed to the pool at once. */
async function tiles({ paths, count = 1, recipe, keep }) {
  const tiles = Array.from({ length: count }, (_, i) => inputOf(paths[i % paths.length]));
  const before = process.cpuUsage();
  const started = performance.now();
  const results = await Promise.all(
    tiles.map(async (tile, i) => {
      const result = await pool.process(tile, recipe, memory);
      // As an ingest does when the chunks are written.
      if (i > 0) giveBack(result.chunks);
      return result;
    }),
  );
  const ms = performance.now() - started;
  const cpuMs = cpuMsSince(before);
  const [first] = results;
  keepChunks(first.chunks, keep);
  giveBack(first.chunks);
  return {
    ms: ms / count,
    cpuMs: cpuMs / count,
    stages: mean(results.map(({ timings }) => timings)),
    bytes: sizeOf(first.chunks),
    counts: first.chunks.map(({ counts }) => counts),
  };
}

/** Of all threads of the process: what others do on the machine meanwhile does not count. */
function cpuMsSince(before) {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function giveBack(chunks) {
  for (const { bytes } of chunks) if (bytes !== undefined) memory.giveBack(bytes);
}

function mean(timings) {
  const [first] = timings;
  return Object.fromEntries(
    Object.keys(first).map((stage) => [
      stage,
      timings.reduce((sum, each) => sum + each[stage], 0) / timings.length,
    ]),
  );
}

function sizeOf(chunks) {
  return chunks.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
}

/** One file for each band; none for a chunk that is not stored. */
function keepChunks(chunks, keep) {
  if (keep === undefined) return;
  for (const [band, { bytes }] of chunks.entries()) {
    if (bytes !== undefined) writeFileSync(`${keep}-${band}`, bytes);
  }
}

async function floor({ paths: [path], recipe, keep }) {
  const { decodeAndEncode } = await import('./floor.mjs');
  const tile = inputOf(path);
  const before = process.cpuUsage();
  const started = performance.now();
  const { chunks, stages } = await decodeAndEncode(tile, recipe);
  const ms = performance.now() - started;
  const cpuMs = cpuMsSince(before);
  keepChunks(chunks, keep);
  return { ms, cpuMs, stages, bytes: sizeOf(chunks) };
}

/** Encodes one array as the kernel does, in this thread. */
async function encode({ path, dtype, shape, codec, keep }) {
  encoder ??= await makeKernel();
  const array = { dtype, shape, bytes: new Uint8Array(readFileSync(path)) };
  const started = performance.now();
  const bytes = await encoder.encode(array, codec);
  const ms = performance.now() - started;
  keepChunks([{ bytes }], keep);
  return { ms, bytes: bytes.length };
}

async function makeKernel() {
  const { createGdalKernel } = await import('../../dist/kernel/gdal/kernel.js');
  const { createJsKernel } = await import('../../dist/kernel/js/kernel.js');
  return kernel === 'js' ? createJsKernel() : createGdalKernel();
}

async function runIngest(task) {
  const { ingest } = await import('./ingest.mjs');
  return ingest({ ...task, pool });
}

/** Opens a cube and reads all of it. `digest` asks for a hash of each band's pixels as well. */
async function load({ store, names, reader, digest = false }) {
  const { READERS } = await import('./readers.mjs');
  const started = performance.now();
  const bands = await READERS[reader](store, names, pool);
  const ms = performance.now() - started;
  const bytes = bands.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return { ms, bytes, ...(digest ? { digests: bands.map(hash) } : {}) };
}

function hash(pixels) {
  return createHash('sha256').update(pixels).digest('hex');
}
