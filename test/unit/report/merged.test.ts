import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AbortedError } from '../../../src/errors.js';
import type { IngestEvent } from '../../../src/observe/events.js';
import type { IngestRecord } from '../../../src/observe/record.js';
import { shardList } from '../../../src/observe/shard-list.js';
import { writeReport } from '../../../src/report/files.js';
import { mergeRecords, writeMergedReport } from '../../../src/report/merged/files.js';
import type { MergedRecord } from '../../../src/report/merged/merge.js';
import { drawMergedReport } from '../../../src/report/merged/page.js';
import { newShardFolder } from '../../../src/report/merged/shard-folder.js';
import {
  committed,
  ERROR,
  failed,
  planned,
  recorderOf,
  START,
  SUBJECT,
  tileEvents,
} from '../observe/events.js';
import { attribute, byTag, inside, parsePage, sectionOf, textOf } from './read-page.js';

const { dataset, region } = SUBJECT;
const WANTED = { dataset, region };
const CUBE = { tiles: 100, missing: 0, damaged: 0 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-merged-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Run {
  readonly index: number;
  readonly count: number;
  readonly tiles?: number;
  readonly host?: string;
  /** Milliseconds after the first run of these tests. */
  readonly after?: number;
  readonly more?: readonly IngestEvent[];
  readonly error?: unknown;
}

/** A run of a shard, 30 ms a tile and 70 more. */
function recordOf({ index, count, tiles = 10, host, after = 0, more = [], error }: Run) {
  const names = Array.from({ length: tiles }, (_, i) => `${index}-${i}`);
  const events = [
    planned(tiles),
    ...names.flatMap((name, i) => tileEvents(name, i * 30, 1)),
    ...(tiles > 0 ? [committed(tiles * 30 + 60, ...names)] : []),
    ...more,
  ];
  const subject = { ...SUBJECT, shard: { index, count } };
  const record = recorderOf(events, tiles * 30 + 70, { subject }).end(error);
  return {
    ...record,
    startedAt: record.startedAt + after,
    machine: { ...record.machine, host: host ?? `node-${index + 1}` },
  };
}

async function leave(record: IngestRecord): Promise<string> {
  const place = await newShardFolder(folder, record.subject.shard ?? { index: 0, count: 1 });
  await writeReport(place, record);
  return place;
}

async function merged(count?: number): Promise<MergedRecord> {
  return mergeRecords(folder, { ...WANTED, count }, () => {});
}

test('the reports of shards lie side by side, those of a shard that was begun again too', async () => {
  await leave(recordOf({ index: 2, count: 40 }));
  await leave(recordOf({ index: 2, count: 40 }));
  await leave(recordOf({ index: 0, count: 40 }));
  expect((await readdir(join(folder, 'shards'))).sort()).toEqual([
    '1-of-40',
    '3-of-40',
    '3-of-40.run-2',
  ]);
});

test('sums, hosts, wall time and the runs of a shard are those of the records', async () => {
  await leave(recordOf({ index: 0, count: 3, host: 'b' }));
  await leave(
    recordOf({ index: 1, count: 3, host: 'a', after: 1000, error: new AbortedError('TERM') }),
  );
  await leave(recordOf({ index: 1, count: 3, host: 'c', after: 5000, tiles: 20 }));
  const record = await merged(3);
  expect(record).toMatchObject({
    hosts: ['a', 'b', 'c'],
    startedAt: START,
    durationMs: 5000 + 670,
    without: [2],
    ...{ damaged: [], others: [] },
    shards: [
      { shard: 0, hosts: ['b'], runs: 1, committed: 10, requests: 10, durationMs: 370 },
      { shard: 1, hosts: ['a', 'c'], runs: 2, committed: 30, ending: 'complete', durationMs: 1040 },
    ],
  });
  const sum = (of: 'processed' | 'committed' | 'bytesIn') =>
    record.throughput.bins.reduce((all, bin) => all + bin[of], 0);
  expect(sum('processed')).toBeCloseTo(40, 6);
  expect(sum('committed')).toBeCloseTo(40, 6);
  expect(sum('bytesIn')).toBeCloseTo(40_000, 3);
});

test('what every step of time holds is what the runs did in it', async () => {
  await leave(recordOf({ index: 0, count: 2 }));
  await leave(recordOf({ index: 1, count: 2, after: 60_000 }));
  const { throughput, durationMs } = await merged();
  const until = (ms: number) =>
    throughput.bins
      .slice(0, Math.ceil(ms / throughput.binMs))
      .reduce((all, { processed }) => all + processed, 0);
  expect(until(1000)).toBeCloseTo(10, 6);
  expect(until(59_000)).toBeCloseTo(10, 6);
  expect(until(durationMs)).toBeCloseTo(20, 6);
});

describe('a record that', () => {
  const damage: Record<string, (path: string) => Promise<unknown>> = {
    'was never written': (path) => rm(path),
    'is empty': (path) => writeFile(path, ''),
    'is cut in the middle': async (path) =>
      writeFile(path, (await readFile(path, 'utf8')).slice(0, 900)),
    'is followed by more': (path) => appendFile(path, '{}'),
    'is something else': (path) => writeFile(path, '{"version":1,"subject":"x"}'),
    'has a number that is none': async (path) =>
      writeFile(
        path,
        (await readFile(path, 'utf8')).replace(/"startedAt":\d+/, '"startedAt":null'),
      ),
    'is a folder': async (path) => {
      await rm(path);
      await mkdir(path);
    },
  };
  test.each(Object.keys(damage))('%s is named, and its shard is without a report', async (kind) => {
    await leave(recordOf({ index: 0, count: 2 }));
    const place = await leave(recordOf({ index: 1, count: 2 }));
    await damage[kind]?.(join(place, 'report.json'));
    const record = await merged(2);
    expect(record.without).toEqual([1]);
    expect(record.damaged).toEqual([
      { file: join('shards', '2-of-2', 'report.json'), why: expect.stringMatching(/^it /) },
    ]);
    const page = parsePage(drawMergedReport(record, CUBE));
    const words = byTag(page, 'main').map(textOf).join();
    expect(words).toContain('No report of shard 2:');
    expect(words).toContain(`Damaged: ${join('shards', '2-of-2', 'report.json')}, because it `);
    expect(textOf(sectionOf(page, 'shards'))).toContain('2 no report');
  });

  test.each([
    ['region', { subject: { ...SUBJECT, region: 'elsewhere', shard: { index: 1, count: 2 } } }],
    ['dataset', { subject: { ...SUBJECT, dataset: 'Other', shard: { index: 1, count: 2 } } }],
    ['time', { subject: { ...SUBJECT, time: '2019', shard: { index: 1, count: 2 } } }],
    ['count of shards', { subject: { ...SUBJECT, shard: { index: 1, count: 9 } } }],
    ['kind of run', { subject: SUBJECT }],
  ])('is of another %s is left out, and named', async (_, other) => {
    await leave(recordOf({ index: 0, count: 2 }));
    const place = await newShardFolder(folder, { index: 1, count: 2 });
    await writeReport(place, { ...recordOf({ index: 1, count: 2 }), ...other });
    const record = await merged(2);
    expect(record).toMatchObject({ without: [1], damaged: [], shards: [{ shard: 0 }] });
    expect(record.others).toEqual([
      {
        file: join('shards', '2-of-2', 'report.json'),
        why: expect.stringMatching(/^(?:its|it is) /),
      },
    ]);
    expect(drawMergedReport(record, CUBE)).toContain('Left out: ');
  });
});

test('failures are counted by cause and by shard, and all of them are in one list', async () => {
  const broken = { ...ERROR, kind: 'transient', status: 503, message: 'Try again.' };
  await leave(recordOf({ index: 0, count: 2, more: [failed('9-1', 5), failed('9-2', 6)] }));
  await leave(
    recordOf({
      index: 1,
      count: 2,
      more: [failed('8-1', 5, broken), failed('8-2', 7), failed('8-3', 9)],
    }),
  );
  const told: string[] = [];
  const record = await mergeRecords(folder, WANTED, ({ tile }) => told.push(tile));
  expect(record.causes).toEqual([
    {
      cause: 'quota (429)',
      tiles: 4,
      example: 'Too many requests.',
      shards: [
        { shard: 0, tiles: 2 },
        { shard: 1, tiles: 2 },
      ],
    },
    { cause: 'transient (503)', tiles: 1, example: 'Try again.', shards: [{ shard: 1, tiles: 1 }] },
  ]);
  const lines = (await readFile(join(folder, 'failures.ndjson'), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line)).map(({ tile, shard }) => [tile, shard])).toEqual([
    ['9-1', 0],
    ['9-2', 0],
    ['8-1', 1],
    ['8-2', 1],
    ['8-3', 1],
  ]);
  expect(told).toHaveLength(5);
  const page = parsePage(drawMergedReport(record, CUBE));
  expect(textOf(sectionOf(page, 'causes'))).toContain(
    'quota (429) 4 1 (2), 2 (2) Too many requests.',
  );
});

test('lanes of several hosts are said to rest on clocks that may differ, those of one are not', async () => {
  await leave(recordOf({ index: 0, count: 2, host: 'one' }));
  await leave(recordOf({ index: 1, count: 2, host: 'one' }));
  const words = (record: MergedRecord) =>
    textOf(sectionOf(parsePage(drawMergedReport(record, CUBE)), 'lanes'));
  expect(words(await merged())).not.toContain('clock');
  await leave(recordOf({ index: 1, count: 2, host: 'two' }));
  expect(words(await merged())).toContain("Each host's times are of its own clock");
});

test('the slowest shard is told against the mean, by time and by rate', async () => {
  for (const [index, tiles] of [10, 10, 40].entries())
    await leave(recordOf({ index, count: 3, tiles }));
  const page = parsePage(drawMergedReport(await merged(), CUBE));
  const facts = byTag(page, 'dl').map(textOf).join();
  expect(facts).toContain('Longest shard 1.27 s shard 3, 1.90 times the mean of 670 ms');
  expect(facts).toMatch(/Slowest shard 27\.0 tiles\/s shard 1, 0\.9\d of the mean of /);
});

test.each([1, 40, 450])(
  'the page of %i shards is HTML without an error and of bounded size, and each is a lane',
  async (count) => {
    for (let index = 0; index < count; index++)
      if (index % 10 !== 3)
        await leave(recordOf({ index, count, tiles: 2 + (index % 3), host: `node-${index % 12}` }));
    const record = await merged(count);
    const html = drawMergedReport(record, CUBE);
    const page = parsePage(html);
    expect(page.errors).toEqual([]);
    expect(html).not.toMatch(/NaN|Infinity|undefined|\[object/);
    expect(html.length).toBeLessThan(2.5e6);
    const titles = inside(sectionOf(page, 'lanes'))
      .filter(({ tagName }) => tagName === 'title')
      .map(textOf);
    expect(titles).toHaveLength(Math.min(count, 400));
    for (const svg of byTag(page, 'svg').filter((one) => attribute(one, 'class') === 'chart')) {
      const [, , width = 0, height = 0] = (attribute(svg, 'viewBox') ?? '').split(' ').map(Number);
      for (const path of inside(svg).filter(({ tagName }) => tagName === 'path')) {
        const start = /^M(-?[\d.]+) (-?[\d.]+)/.exec(attribute(path, 'd') ?? '');
        const [x, y] = [Number(start?.[1]), Number(start?.[2])];
        expect(x >= 0 && x <= width && y >= 0 && y <= height, attribute(path, 'd')).toBe(true);
      }
    }
  },
);

test('a folder without any report makes a page that says so', async () => {
  const record = await merged(3);
  expect(record.without).toEqual([0, 1, 2]);
  const path = await writeMergedReport(folder, record, { ...CUBE, missing: 100 });
  const page = parsePage(await readFile(path, 'utf8'));
  expect(page.errors).toEqual([]);
  expect(byTag(page, 'header').map(textOf)).toEqual(['Ingest of Trend tiles are missing']);
  expect(byTag(page, 'main').map(textOf).join()).toContain('No report of shards 1 to 3');
});

test('text from outside stays text, wherever it comes from', async () => {
  const evil = `</td></style></title></script></svg><script>alert(1)</script><img src=x onerror=alert(2)>"'&<!--`;
  const error = { ...ERROR, message: evil, kind: evil };
  const more = [
    { type: 'retry', at: START + 120, tile: evil, error, delayMs: 5 } as const,
    failed(evil, 300, error),
  ];
  await leave(recordOf({ index: 0, count: 1, host: evil, more, error: new Error(evil) }));
  const html = drawMergedReport(await merged(), CUBE);
  const page = parsePage(html);
  expect(page.errors).toEqual([]);
  for (const tag of ['script', 'img']) expect(byTag(page, tag)).toEqual([]);
  for (const { attrs } of page.elements)
    for (const { name } of attrs) expect(name).not.toMatch(/^on|^src$/);
  expect(textOf(sectionOf(page, 'causes'))).toContain(evil);
  expect(textOf(sectionOf(page, 'shards'))).toContain(evil);
});

test('shards are named by ranges, counted from 1', () => {
  expect(shardList([4])).toBe('shard 5');
  expect(shardList([0, 2, 3, 7, 8, 9])).toBe('shards 1, 3, 4, 8 to 10');
  const many = Array.from({ length: 100 }, (_, i) => 2 * i);
  expect(shardList(many)).toMatch(/^shards 1, 3, .* and 80 more$/);
});
