/**
 * Runs kernels on what the parent sends, one input at a time, and tells how each ended; whoever starts it
 * sees a crash as its death and a hang as its silence. Compiled code, as in a pool's thread.
 */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { toRecord } from '../../dist/errors.js';
import { createGdalKernel } from '../../dist/kernel/gdal/kernel.js';
import { loadGdal } from '../../dist/kernel/gdal/load.js';
import { createJsKernel } from '../../dist/kernel/js/kernel.js';

const kernels = { gdal: createGdalKernel(), js: createJsKernel() };
const seen = new Set();

process.on('message', async ({ kernel, tile, recipe }) => {
  if (kernel === 'settle') {
    // Twice: buffers are freed by finalizers that the first round schedules.
    for (let i = 0; i < 2; i++) {
      globalThis.gc();
      await new Promise(setImmediate);
    }
    const peak = process.resourceUsage().maxRSS * 1024;
    process.send({ resident: process.memoryUsage.rss(), peak });
    return;
  }
  let ending;
  try {
    ending = { kind: 'tile', tile: await kernels[kernel].process(owned(tile), recipe) };
  } catch (error) {
    ending = { kind: 'error', error: toRecord(error) };
  }
  process.send({ ending, leftovers: newLeftovers() });
});
process.send({ ready: true });

/** As a source hands tiles over: each part's bytes in a buffer of their own. */
function owned(tile) {
  return { ...tile, parts: tile.parts.map((part) => ({ ...part, bytes: part.bytes.slice() })) };
}

/** Files in GDAL's memory, the temporary folder and the working folder that were not there before. */
function newLeftovers() {
  const names = [...inMemory(), ...readdirSync(tmpdir()), ...readdirSync('.')];
  const found = names.filter((name) => !seen.has(name));
  for (const name of found) seen.add(name);
  return found;
}

function inMemory() {
  try {
    return loadGdal()
      .fs.readDir('/vsimem/')
      .map((name) => `/vsimem/${name}`);
  } catch {
    // GDAL's way to say that there are none.
    return [];
  }
}
