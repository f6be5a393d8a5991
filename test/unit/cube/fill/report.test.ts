import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import type { IngestOptions } from '../../../../src/cube/fill/ingest-options.js';
import { ingestWithReport } from '../../../../src/cube/fill/report.js';
import { AbortedError, EarthEngineError } from '../../../../src/errors.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import type { IngestRecord } from '../../../../src/observe/record.js';
import { createPool } from '../../../../src/pool/pool.js';
import { parsePage, sectionOf, textOf } from '../../report/read-page.js';
import { DATASET, type FakeSource, fakeSource } from '../fake-source.js';

const pool = createPool({ size: 0 });
afterAll(() => pool.close());

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'geocubes-report-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const WHOLE = parseBoundingBox('0,0,340,250', parseCrs('EPSG:3413'));

async function run(source: FakeSource, options: Partial<IngestOptions> = {}) {
  const cube = await Cube.create('memory:', DATASET, { pool });
  const folder = join(home, 'report');
  const pages: string[] = [];
  const outcome = await ingestWithReport(
    cube,
    WHOLE,
    { source, pool, tilesInFlight: 3, groupSize: 4, ...options },
    { folder, onWritten: (page) => void pages.push(page) },
  ).catch((error: unknown) => error);
  const record = await readFile(join(folder, 'report.json'), 'utf8').then(
    (text) => JSON.parse(text) as IngestRecord,
    () => undefined,
  );
  return { cube, folder, pages, outcome, record };
}

test('the record agrees with the summary that the ingest returns, and the map shows the cube', async () => {
  const { folder, pages, outcome, record } = await run(fakeSource());
  expect(pages).toEqual([join(folder, 'report.html')]);
  expect(outcome).toMatchObject({ committed: 9, failed: [] });
  expect(record).toMatchObject({
    ending: 'complete',
    subject: { dataset: 'small', region: '0,0,340,250 (EPSG:3413)', threads: 0 },
    summary: {
      tiles: 9,
      committed: 9,
      commits: 3,
      bytesIn: (outcome as { bytesIn: number }).bytesIn,
    },
  });
  const pieces = record?.timeline.rows.map(({ kind, pieces }) => [kind, pieces]) ?? [];
  const of = (kind: string) =>
    pieces.reduce((sum, [name, count]) => sum + (name === kind ? Number(count) : 0), 0);
  expect([of('fetch'), of('process'), of('commit')]).toEqual([9, 9, 3]);
  const lanes = pieces.filter(([kind]) => kind === 'fetch');
  expect(lanes.length).toBeLessThanOrEqual(3);
  const page = parsePage(await readFile(join(folder, 'report.html'), 'utf8'));
  expect(page.errors).toEqual([]);
  expect(textOf(sectionOf(page, 'map'))).toContain('loaded 9;');
});

test('a tile that failed is in the failures, and on the map', async () => {
  const source = fakeSource({
    before: async ({ id }) => {
      if (id === '1-2') throw new EarthEngineError('transient', 'No such <b>luck</b>.', 503);
      return undefined;
    },
  });
  const { folder, outcome, record } = await run(source);
  expect(outcome).toMatchObject({ committed: 8 });
  expect(record).toMatchObject({ ending: 'partial', summary: { failed: 1 } });
  const lines = (await readFile(join(folder, 'failures.ndjson'), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      tile: '1-2',
      index: { row: 1, col: 2 },
      stage: 'fetch',
      error: { tag: 'earth-engine', kind: 'transient', status: 503 },
    },
  ]);
  const page = parsePage(await readFile(join(folder, 'report.html'), 'utf8'));
  expect(textOf(sectionOf(page, 'failures'))).toContain('1-2 fetch transient (503)');
  expect(textOf(sectionOf(page, 'failures'))).toContain('No such <b>luck</b>.');
  expect(textOf(sectionOf(page, 'map'))).toContain('failed 1;');
});

test('a run that was stopped throws as it would without a report, and has its report', async () => {
  const stop = new AbortController();
  let fetches = 0;
  const source = fakeSource({
    before: async () => {
      fetches++;
      if (fetches === 5) stop.abort();
      return undefined;
    },
  });
  const { outcome, record, pages, cube } = await run(source, { signal: stop.signal });
  expect(outcome).toBeInstanceOf(AbortedError);
  expect(pages).toHaveLength(1);
  const states = await cube.tileStates(WHOLE);
  const loaded = states.filter(({ state }) => state !== 0).length;
  expect(loaded).toBeGreaterThan(0);
  expect(record).toMatchObject({
    ending: 'interrupted',
    error: { tag: 'aborted' },
    summary: { tiles: 9, committed: loaded },
  });
  const cutOff = record?.timeline.rows.flatMap(({ bars }) =>
    bars.filter(({ outcome }) => outcome === 'cut off'),
  );
  expect(cutOff?.length).toBeGreaterThan(0);
});

test('a run that could not go on has its report, and its own error is the one thrown', async () => {
  const source = fakeSource({
    before: async ({ id }) => {
      if (id === '1-2') throw new EarthEngineError('bad-request', 'No such band.');
      return undefined;
    },
  });
  const { outcome, record } = await run(source);
  expect(outcome).toMatchObject({ kind: 'bad-request' });
  expect(record).toMatchObject({ ending: 'failed', error: { message: 'No such band.' } });
});

test('a region outside the cube leaves no report and no folder', async () => {
  const cube = await Cube.create('memory:', DATASET, { pool });
  const outside = parseBoundingBox('9000,9000,9100,9100', parseCrs('EPSG:3413'));
  const folder = join(home, 'report');
  const options = { source: fakeSource(), pool };
  await expect(ingestWithReport(cube, outside, options, { folder })).rejects.toMatchObject({
    tag: 'invalid-input',
  });
  expect(await readdir(home)).toEqual([]);
});

test('a place that cannot be a folder is refused before a pixel is asked for', async () => {
  const cube = await Cube.create('memory:', DATASET, { pool });
  const file = join(home, 'file');
  await writeFile(file, '');
  const source = fakeSource();
  const ingest = ingestWithReport(cube, WHOLE, { source, pool }, { folder: file });
  await expect(ingest).rejects.toMatchObject({ tag: 'invalid-input' });
  expect(source.asked).toEqual([]);
});
