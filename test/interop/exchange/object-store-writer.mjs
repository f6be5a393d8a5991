/**
 * One of several processes that fill the same cube in an object store:
 *
 *   node object-store-writer.mjs STORE ENDPOINT ROW,COL,HEIGHT,WIDTH
 *
 * Commits each tile by itself, so that the processes meet often. Says "ready", begins when a line
 * comes in, and prints what it did as JSON.
 */
import { once } from 'node:events';
import { Cube, createPool, earthEngine } from '../../../dist/index.js';
import { DEFAULT_TOKEN } from '../../../dist/loopback/index.js';

const [store, endpoint, window] = process.argv.slice(2);
const [row, col, height, width] = window.split(',').map(Number);
const pool = createPool({ size: 0 });
const cube = await Cube.open(store);
const source = await earthEngine(cube.dataset, {
  endpoint,
  project: 'interop',
  token: DEFAULT_TOKEN,
});
process.stdout.write('ready\n');
await once(process.stdin, 'data');
process.stdin.unref();
const region = cube.grid.geobox.crop({ row, col, height, width });
const { committed, commits, failed } = await cube
  .ingest(region, { source, pool, groupSize: 1, tilesInFlight: 1 })
  .finally(() => Promise.all([source.close(), pool.close()]));
process.stdout.write(`${JSON.stringify({ committed, commits, failed })}\n`);
