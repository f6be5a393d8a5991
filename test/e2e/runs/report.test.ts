import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { IngestRecord, IngestSummary } from '../../../src/index.js';
import { startLoopback } from '../../../src/loopback/index.js';
import { parsePage, sectionOf, textOf } from '../../unit/report/read-page.js';
import { runCommand, startCommand } from '../command.js';
import { environmentFor, SMALL_BBOX, SMALL_DATASET, temporaryFolder } from '../loopback-cubes.js';

test('ingest --report leaves a page and its numbers: of a run that is interrupted, and of the one that ends it', async () => {
  const folder = await temporaryFolder();
  const server = await startLoopback({ faults: { latency: { ms: 100 } } });
  const env = environmentFor(server);
  const dataset = join(folder.path, 'small.json');
  await writeFile(dataset, JSON.stringify(SMALL_DATASET));
  const store = join(folder.path, 'cube');
  const report = join(folder.path, 'reports', 'small');
  await runCommand(['create', '--store', store, '--dataset', dataset]);
  const ingest = [
    ...['ingest', '--store', store, '--bbox', SMALL_BBOX, '--threads', '1'],
    ...['--concurrency', '2', '--report', report],
  ];
  const recordOf = async () =>
    JSON.parse(await readFile(join(report, 'report.json'), 'utf8')) as IngestRecord;

  let isStopping = false;
  const { child, ended } = startCommand([...ingest, '--verbose'], env);
  child.stderr?.on('data', (data) => {
    // A second signal would end it at once.
    if (String(data).includes('"written"') && !isStopping) isStopping = child.kill('SIGINT');
  });
  const stopped = await ended;
  expect(stopped.code).toBe(130);
  expect(stopped.stderr).toContain(`Report: ${join(report, 'report.html')}\n`);
  const first = await recordOf();
  expect(first.ending).toBe('interrupted');
  expect(first.summary.tiles).toBe(60);
  expect(first.summary.committed).toBeGreaterThan(0);
  expect(first.summary.committed).toBeLessThan(60);

  const completed = await runCommand([...ingest, '--quiet', '--format', 'json'], env);
  expect(completed).toMatchObject({ code: 0, stderr: `Report: ${join(report, 'report.html')}\n` });
  const { failed, ...summary } = JSON.parse(completed.stdout) as IngestSummary;
  const second = await recordOf();
  expect(failed).toEqual([]);
  expect(second.ending).toBe('complete');
  expect({ ...second.summary, elapsedMs: 0 }).toEqual({ ...summary, failed: 0, elapsedMs: 0 });
  expect(first.summary.committed + second.summary.committed).toBe(60);
  expect(second.timeline.rows.map(({ kind }) => kind)).toContain('process');
  expect(['gdal', 'js']).toContain(second.kernel?.kernel);
  expect(second.subject).toMatchObject({ dataset: 'Small', threads: 1 });
  expect(second.process.samples.length).toBeGreaterThanOrEqual(2);
  if (process.platform === 'linux')
    expect(second.process.samples.every(({ files = 0 }) => files > 10)).toBe(true);
  expect((await readdir(report)).sort()).toEqual(['failures.ndjson', 'report.html', 'report.json']);
  const page = parsePage(await readFile(join(report, 'report.html'), 'utf8'));
  expect(page.errors).toEqual([]);
  expect(textOf(sectionOf(page, 'map'))).toMatch(
    /Tiles loaded \d+; loaded, empty \d+; failed 0; not loaded 0\./,
  );
  for (const text of [completed.stdout, JSON.stringify(second)])
    expect(text).not.toContain('loopback"');

  const wrong = await runCommand([...ingest.slice(0, -1), dataset, '-q'], env);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toBe(
    `geocubes: Expected a folder to write in for the report but received "${dataset}" (not a folder). Choose another one.\n`,
  );
  await server.close();
  await folder.remove();
});
