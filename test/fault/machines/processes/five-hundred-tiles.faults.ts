import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { slope } from '../../../../native-bench/statistics.mjs';
import type { IngestRecord } from '../../../../src/index.js';
import { startLoopback } from '../../../../src/loopback/index.js';
import { runCommand } from '../../../e2e/command.js';
import { environmentFor } from '../../../e2e/loopback-cubes.js';
import { datasetOf, ingestArgs, Workplace } from '../../support/disturbed-cubes.js';

const TILES = 500;

/** Kilobytes of memory that a tile may leave behind, and open files: a leak of one for each would be 1. */
const KB_A_TILE = 200;
const FILES_A_TILE = 0.1;

test(`memory and open files of an ingest of ${TILES} tiles are level after its first tenth`, async () => {
  const place = await Workplace.open(datasetOf(12));
  // So slow that the process is looked at often enough.
  const server = await startLoopback({ faults: { latency: { ms: 250 } } });
  try {
    const store = await place.createCube('large', '');
    const report = place.file('report');
    const args = ingestArgs(store, '--quiet', '--report', report, '--concurrency', '8');
    const ended = await runCommand([...args, '--max-tiles', `${TILES}`], environmentFor(server));
    expect(ended).toMatchObject({ code: 0 });
    const { summary, process } = JSON.parse(
      await readFile(join(report, 'report.json'), 'utf8'),
    ) as IngestRecord;
    expect(summary.committed).toBe(TILES);
    const level = process.samples.filter(({ at }) => at > summary.elapsedMs / 10);
    expect(level.length).toBeGreaterThanOrEqual(10);
    const tilesAt = (at: number) => (TILES * at) / summary.elapsedMs;
    const memory = slope(level.map(({ at, rss }) => [tilesAt(at), rss / 1000]));
    console.log(
      `${level.length} samples: ${memory.toFixed(1)} kB a tile (${Math.min(...level.map(({ rss }) => rss / 1e6)).toFixed(0)} to ${Math.max(...level.map(({ rss }) => rss / 1e6)).toFixed(0)} MB)`,
    );
    expect(memory).toBeLessThan(KB_A_TILE);
    const files = level.flatMap(({ at, files: open }) =>
      open === undefined ? [] : [[tilesAt(at), open] as const],
    );
    if (globalThis.process.platform === 'linux') expect(files).toHaveLength(level.length);
    if (files.length > 0) {
      console.log(
        `${slope(files).toFixed(3)} open files a tile (${Math.min(...files.map(([, open]) => open))} to ${Math.max(...files.map(([, open]) => open))})`,
      );
      expect(slope(files)).toBeLessThan(FILES_A_TILE);
    }
  } finally {
    await server.close();
    await place.remove();
  }
});
