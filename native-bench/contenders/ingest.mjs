import { readFileSync } from 'node:fs';
import { Cube, earthEngine } from '../../dist/index.js';

/**
 * Fills a new cube whole, from a server's address to the last commit.
 *
 * @returns the run's summary, and the process's resident memory in MiB each time a tile was written
 */
export async function ingest({ store, dataset, endpoint, pool }) {
  const cube = await Cube.create(store, dataset, { pool });
  const source = await earthEngine(dataset, { endpoint, token: 'loopback', project: 'bench' });
  const memory = [];
  const before = process.cpuUsage();
  const started = performance.now();
  const summary = await cube
    .ingest(cube.grid.geobox, {
      source,
      pool,
      onEvent: ({ type }) => {
        if (type === 'written') memory.push(residentMiB());
      },
    })
    .finally(() => source.close());
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  if (summary.failed.length > 0) throw new Error(JSON.stringify(summary.failed[0]));
  const { committed, bytesIn, bytesOut, stages, requests, retries, commits } = summary;
  return {
    ms,
    committed,
    bytesIn,
    bytesOut,
    stages,
    requests,
    retries,
    commits,
    cpuMs: (user + system) / 1000,
    memory,
  };
}

function residentMiB() {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
  } catch {
    return process.memoryUsage.rss() / 1024 ** 2;
  }
}
