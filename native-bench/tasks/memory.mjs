import { join } from 'node:path';
import { memoryOf, resetPeak } from '../contenders/process.mjs';
import { withContenders } from '../contenders/rounds.mjs';
import { startServer } from '../contenders/server.mjs';
import { writeMosaic } from '../inputs/mosaic.mjs';
import { startKernel } from './setting.mjs';

const THREADS = 2;

/** Resident memory of a process that fills a cube of many tiles, each time one was written to the store. */
export async function run({ folder, sizes, seed, say }) {
  const { side, rows, cols } = sizes.memory;
  const rasters = join(folder, 'rasters');
  const dataset = writeMosaic(rasters, { side, rows, cols, seed });
  const server = await startServer(rasters, 0);
  const contender = startKernel('gdal', THREADS);
  return withContenders([contender, server], async () => {
    await contender.ask('ready');
    resetPeak(contender);
    say(`${rows * cols} tiles of ${side} x ${side} x ${dataset.bands.length}`);
    const task = { store: join(folder, 'cube'), dataset, endpoint: server.url };
    const { memory, ms, committed } = await contender.ask('ingest', task);
    return {
      ...{ side, tiles: committed, bands: dataset.bands.length, threads: THREADS, ms },
      peakMiB: memoryOf(contender)?.peak ?? Math.max(...memory),
      residentMiB: memory.map((value) => Math.round(value * 10) / 10),
    };
  });
}
