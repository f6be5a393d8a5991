import { describe, expect, test } from 'vitest';
import { AbortedError } from '../../../src/errors.js';
import type { IngestEvent } from '../../../src/observe/events.js';
import { drawStateMap } from '../../../src/picture/state-map.js';
import { drawReport } from '../../../src/report/page.js';
import {
  committed,
  ERROR,
  failed,
  planned,
  recorderOf,
  START,
  tileEvents,
} from '../observe/events.js';
import { worldGrid } from '../picture/grids.js';
import { attribute, byTag, inside, parsePage, sectionOf, textOf } from './read-page.js';

/** Tiles 30 ms apart, each in flight for 65: three lanes, two threads. */
function run(tiles: number, ...more: IngestEvent[]): IngestEvent[] {
  const names = Array.from({ length: tiles }, (_, i) => `${Math.floor(i / 40)}-${i % 40}`);
  const events = names.flatMap((tile, i) => tileEvents(tile, i * 30, 1 + (i % 2)));
  const groups = names.flatMap((_, i) =>
    i % 16 === 0 ? [committed(Math.min(i + 16, tiles) * 30 + 70, ...names.slice(i, i + 16))] : [],
  );
  return [planned(tiles), ...[...events, ...groups, ...more].sort((a, b) => a.at - b.at)];
}

const record = (tiles: number, ...more: IngestEvent[]) =>
  recorderOf(run(tiles, ...more), tiles * 30 + 100).end();

const states = new Uint8Array(worldGrid().rows * worldGrid().cols).fill(1);
const map = drawStateMap({ title: 'Trend', grid: worldGrid(), states, widthPx: 600 });

describe.each([0, 1, 36, 500, 6000])('the page of a run of %i tiles', (tiles) => {
  const html = drawReport(record(tiles), { map });
  const page = parsePage(html);

  test('is HTML without an error, nothing in it is no number, and it is a megabyte at most besides the map', () => {
    expect(page.errors).toEqual([]);
    expect(html).not.toMatch(/NaN|Infinity|undefined|\[object/);
    expect(html.length - map.length).toBeLessThan(1e6);
  });

  test('loads nothing: no script, no link, no address but the names of XML', () => {
    for (const tag of ['script', 'link', 'img', 'iframe', 'object', 'image', 'use', 'base'])
      expect(byTag(page, tag), tag).toEqual([]);
    for (const { attrs } of page.elements) {
      for (const { name, value } of attrs) {
        expect(name).not.toMatch(/^on|^(xlink:)?href$|^src$/);
        if (name !== 'xmlns') expect(value).not.toMatch(/https?:|url\(/);
      }
    }
    expect(html).not.toMatch(/@import|url\(/);
    const [policy] = byTag(page, 'meta').filter(
      (meta) => attribute(meta, 'http-equiv') === 'Content-Security-Policy',
    );
    expect(attribute(policy ?? ({ attrs: [] } as never), 'content')).toBe(
      "default-src 'none'; style-src 'unsafe-inline'",
    );
  });

  test('has its sections in order, the map among them', () => {
    expect(byTag(page, 'section').map((section) => attribute(section, 'id'))).toEqual([
      'stages',
      'timeline',
      'throughput',
      'process',
      'map',
    ]);
    expect(inside(sectionOf(page, 'map')).some(({ tagName }) => tagName === 'svg')).toBe(true);
  });

  test('draws inside its charts', () => {
    for (const svg of byTag(page, 'svg').filter((one) => attribute(one, 'class') === 'chart')) {
      const [, , width = 0, height = 0] = (attribute(svg, 'viewBox') ?? '').split(' ').map(Number);
      for (const path of inside(svg).filter(({ tagName }) => tagName === 'path')) {
        const start = /^M(-?[\d.]+) (-?[\d.]+)/.exec(attribute(path, 'd') ?? '');
        const [x, y] = [Number(start?.[1]), Number(start?.[2])];
        expect(x >= 0 && x <= width && y >= 0 && y <= height, attribute(path, 'd')).toBe(true);
      }
    }
  });
});

test('each piece of work is a bar that tells what it was', () => {
  const page = parsePage(drawReport(record(36)));
  const timeline = sectionOf(page, 'timeline');
  const titlesIn = (kind: string) =>
    inside(timeline)
      .filter((element) => element.tagName === 'g' && attribute(element, 'class') === kind)
      .flatMap((group) => inside(group).filter(({ tagName }) => tagName === 'title'))
      .map(textOf);
  expect(titlesIn('fetch')).toHaveLength(36);
  expect(titlesIn('fetch')).toContain('0-5: 40 ms');
  expect(titlesIn('process')).toHaveLength(36);
  expect(titlesIn('process')).toContain('0-5: 15 ms');
  expect(titlesIn('commit')).toEqual([
    '16 tiles from 0-0: 10 ms',
    '16 tiles from 0-16: 10 ms',
    '4 tiles from 0-32: 10 ms',
  ]);
  const words = textOf(timeline);
  for (const row of ['fetch 1', 'fetch 2', 'process 1', 'process 2', 'commit'])
    expect(words).toContain(row);
  expect(words).not.toContain('too many pieces of work');
});

test('bars that stand for several pieces of work are said to', () => {
  const page = parsePage(drawReport(record(6000)));
  const timeline = sectionOf(page, 'timeline');
  expect(textOf(timeline)).toMatch(
    /There were too many pieces of work to draw each: those that began in the same [\d.]+ m?s are one bar/,
  );
  expect(inside(timeline).map(textOf).join('\n')).toMatch(/\d+ tiles from \d+-\d+: .* of work in /);
});

test('the facts are those of the record', () => {
  const facts = byTag(parsePage(drawReport(record(500))), 'dl')
    .map(textOf)
    .join();
  expect(facts).toContain(
    'Tiles committed 500 of 500 0 without a valid pixel; 4 were there before',
  );
  expect(facts).toContain('Rate 33.1 tiles/s in 32 commits');
  expect(facts).toContain('Received 500 kB 33.1 kB/s');
  expect(facts).toContain('Memory 200 MB at the most');
});

test('the stages are listed with median and 95 %, those that took no time left out', () => {
  const rows = inside(sectionOf(parsePage(drawReport(record(36))), 'stages'))
    .filter(({ tagName }) => tagName === 'tr')
    .map(textOf);
  expect(rows[1]).toBe(
    'fetch waiting for a turn and for the pixels, retries included 36 40 ms 40 ms 40 ms 1.44 s',
  );
  expect(rows.map((row) => row.split(' ')[0])).toEqual([
    'stage',
    'fetch',
    'queue',
    'decode',
    'fill',
    'encode',
    'write',
    'commit',
  ]);
});

test('failed tiles are listed with stage, error and tries, retries by their reason', () => {
  const fails: IngestEvent[] = [
    { type: 'fetching', at: START + 100, tile: '9-1' },
    { type: 'retry', at: START + 120, tile: '9-1', error: ERROR, delayMs: 5 },
    failed('9-1', 300),
  ];
  const page = parsePage(drawReport(record(36, ...fails)));
  expect(textOf(sectionOf(page, 'failures'))).toContain(
    '9-1 fetch quota (429) Too many requests. 2 300 ms',
  );
  expect(textOf(sectionOf(page, 'retries'))).toContain(
    'quota (429) too many requests for the quota 1',
  );
  expect(textOf(sectionOf(page, 'timeline'))).toContain('9-1 at fetch');
  expect(textOf(sectionOf(page, 'timeline'))).toContain('in vain');
  expect(textOf(sectionOf(parsePage(drawReport(record(36))), 'timeline'))).not.toContain('in vain');
  expect(byTag(page, 'header').map(textOf)).toEqual(['Ingest of Trend some tiles failed']);
});

test('of very many failures the page lists the first and tells where the others are', () => {
  const fails = Array.from({ length: 1000 }, (_, i) => failed(`9-${i}`, 100 + i));
  const section = sectionOf(parsePage(drawReport(record(36, ...fails))), 'failures');
  expect(inside(section).filter(({ tagName }) => tagName === 'tr')).toHaveLength(201);
  expect(textOf(section)).toContain('Failed tiles (1,000)');
  expect(textOf(section)).toContain('800 more are in failures.ndjson');
});

test('a run that was stopped says so, with the reason', () => {
  const stopped = recorderOf(run(3), 200).end(new AbortedError('The ingest was stopped.'));
  const page = parsePage(drawReport(stopped));
  expect(byTag(page, 'header').map(textOf)).toEqual(['Ingest of Trend interrupted']);
  expect(byTag(page, 'main').map(textOf).join()).toContain('The ingest was stopped.');
});

test('where the system tells of no open files, the page says that', () => {
  const record = recorderOf(run(3), 200, { probe: () => ({ rss: 1e8 }) }).end();
  expect(textOf(sectionOf(parsePage(drawReport(record)), 'process'))).toContain(
    'This system does not tell how many files are open.',
  );
});

test.each([
  [undefined, 'resampling by C'],
  ['other version', 'resampling by TypeScript: its addon is of another version'],
  ['absent', 'resampling by TypeScript: its addon was not made'],
  ['javascript', 'resampling by TypeScript'],
] as const)('what computed is said at the end: %s', (lack, words) => {
  const kernel = { kernel: 'gdal', encoder: 'libblosc' } as const;
  const events = recorderOf(run(1), 200);
  const told = events.end(
    undefined,
    lack === undefined ? kernel : { ...kernel, resamplingLack: lack },
  );
  const [footer] = byTag(parsePage(drawReport(told)), 'footer');
  expect(textOf(footer as never)).toContain(`; kernel gdal, Blosc by libblosc, ${words}. `);
  expect(told.kernel?.resamplingLack).toBe(lack);
});

test('text from outside stays text, wherever it comes from', () => {
  const evil = `</td></style></title></script></svg><script>alert(1)</script><img src=x onerror=alert(2)>"'&<!--\u0000\ud800`;
  const error = { ...ERROR, message: evil, kind: evil };
  const fails: IngestEvent[] = [
    { type: 'fetching', at: START + 100, tile: evil },
    { type: 'retry', at: START + 120, tile: evil, error, delayMs: 5 },
    failed(evil, 300, error),
    { type: 'quota-status', at: START + 130, tile: evil, status: evil },
    committed(310, evil),
    ...tileEvents(evil, 400, 1),
  ];
  const subject = { dataset: evil, region: evil, time: evil, threads: 2 };
  const recorder = recorderOf(run(3, ...fails), 500, { subject });
  const html = drawReport(recorder.end(new Error(evil)));
  const clean = parsePage(drawReport(record(3)));
  const page = parsePage(html);
  expect(page.errors).toEqual([]);
  const known = new Set([...clean.elements.map(({ tagName }) => tagName), 'circle']);
  expect(page.elements.filter(({ tagName }) => !known.has(tagName))).toEqual([]);
  for (const { attrs } of page.elements)
    for (const { name } of attrs) expect(name).not.toMatch(/^on|^src$/);
  const shown = evil.replace('\u0000', '').replace('\ud800', '\ufffd');
  expect(byTag(page, 'h1').map(textOf)).toEqual([`Ingest of ${shown}`]);
  expect(textOf(sectionOf(page, 'failures'))).toContain(shown);
  // What a file in UTF-8 can hold, it brings back.
  expect(Buffer.from(html, 'utf8').toString('utf8')).toBe(html);
});
