import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
// Imported as whoever makes a pool imports it: that alone must make threads share the lock.
import '../../../src/pool/pool.js';

const compiled = fileURLToPath(new URL('../../../dist/kernel/gdal/load.js', import.meta.url));

/** A thread that notes when it was inside `process.dlopen` for its copy of the binding. */
const SCRIPT = `
  const { parentPort } = require('node:worker_threads');
  const { dlopen } = process;
  const spans = [];
  process.dlopen = (...args) => {
    const from = performance.timeOrigin + performance.now();
    try {
      return dlopen.apply(process, args);
    } finally {
      if (args[1].endsWith('gdal.node')) spans.push([from, performance.timeOrigin + performance.now()]);
    }
  };
  import(${JSON.stringify(compiled)}).then(({ loadGdal }) => {
    parentPort.postMessage({ spans, version: loadGdal().version, after: spans });
  });
`;

test('threads that start together open their copies of GDAL one after another', async () => {
  const threads = Array.from({ length: 4 }, () => new Worker(SCRIPT, { eval: true }));
  const replies = await Promise.all(
    threads.map(
      (thread) =>
        new Promise<{ after: [number, number][]; version: string }>((resolve, reject) => {
          thread.once('message', resolve);
          thread.once('error', reject);
        }),
    ),
  );
  await Promise.all(threads.map((thread) => thread.terminate()));
  const spans = replies.flatMap(({ after }) => after).sort(([one], [other]) => one - other);
  expect(spans).toHaveLength(4);
  for (const [i, [from]] of spans.entries()) {
    const before = spans[i - 1];
    // Clocks of threads differ by microseconds; a load takes tens of milliseconds.
    if (before !== undefined) expect(from).toBeGreaterThan(before[1] - 1);
  }
  expect(new Set(replies.map(({ version }) => version)).size).toBe(1);
});
