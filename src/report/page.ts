import type { Ending, IngestRecord, KernelRecord } from '../observe/record.js';
import { TimeAxis } from './axis.js';
import { escapeText, type Fact, factList, section, wholePage } from './markup.js';
import { drawProcess } from './process-charts.js';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMoment,
  formatNumber,
  plural,
} from './quantities.js';
import { failureTable, retryTable, stageTable } from './tables.js';
import { drawThroughput } from './throughput-charts.js';
import { drawTimeline } from './timeline-chart.js';

/** What goes on a page beside the record itself. */
export interface PageOptions {
  /** A map of the cube, as SVG of this library: it goes into the page as it is. */
  readonly map?: string;
}

/**
 * An ingest as a page: one HTML document that needs no network, no script and no other file. Its own
 * policy forbids browsers to load or run anything, whatever an error message may hold.
 */
export function drawReport(record: IngestRecord, { map }: PageOptions = {}): string {
  const { subject, failures, summary } = record;
  const title = `Ingest of ${subject.dataset}`;
  return wholePage(title, [
    drawHeader(record, title),
    drawFacts(record),
    section('stages', 'Time by stage', stageTable(record)),
    drawTimelineSection(record),
    section(
      'throughput',
      'Throughput',
      `<div class="charts scroll">${drawThroughput(record).join('\n')}</div>`,
    ),
    section(
      'process',
      'Memory and open files',
      `<div class="charts scroll">${drawProcess(record).join('\n')}</div>`,
    ),
    summary.retries > 0 ? section('retries', 'Retries', retryTable(summary.retriesByReason)) : '',
    failures.length > 0
      ? section(
          'failures',
          `Failed tiles (${formatCount(failures.length)})`,
          failureTable(failures),
        )
      : '',
    map === undefined ? '' : section('map', 'The cube now', `<div class="map">${map}</div>`),
    drawFooter(record),
  ]);
}

export const ENDINGS: Readonly<Record<Ending, string>> = {
  complete: 'complete',
  partial: 'some tiles failed',
  limited: 'ended at a limit',
  interrupted: 'interrupted',
  failed: 'ended early',
};

function drawHeader(
  { subject, ending, error, startedAt, durationMs }: IngestRecord,
  title: string,
) {
  const about = [`Region ${subject.region}`];
  if (subject.time !== undefined) about.push(`time ${subject.time}`);
  if (subject.shard !== undefined)
    about.push(`shard ${subject.shard.index + 1} of ${subject.shard.count}`);
  const threads = subject.threads === 0 ? 'the main thread' : plural(subject.threads, 'thread');
  return [
    '<header>',
    `<h1>${escapeText(title)}</h1><span class="ending ${ending}">${ENDINGS[ending]}</span>`,
    '</header>',
    `<p class="about">${escapeText(about.join(', '))}</p>`,
    `<p class="about">${formatMoment(startedAt)}, ${formatDuration(durationMs)}, ${threads}</p>`,
    error === undefined ? '' : `<p class="error">${escapeText(error.message)}</p>`,
  ].join('\n');
}

function drawFacts({ summary, durationMs, process }: IngestRecord): string {
  const seconds = Math.max(durationMs / 1000, 1e-3);
  const { tiles, committed, alreadyLoaded, empty, failed, commits, bytesIn, bytesOut } = summary;
  const facts: Fact[] = [
    [
      'Tiles committed',
      `${formatCount(committed)} of ${formatCount(tiles)}`,
      `${formatCount(empty)} without a valid pixel; ${formatCount(alreadyLoaded)} were there before`,
    ],
    ['Rate', `${formatNumber(committed / seconds)} tiles/s`, `in ${plural(commits, 'commit')}`],
    ['Received', formatBytes(bytesIn), `${formatBytes(bytesIn / seconds)}/s`],
    ['Compressed to', formatBytes(bytesOut), `${formatBytes(bytesOut / seconds)}/s`],
    [
      'Requests',
      formatCount(summary.requests),
      `${formatCount(summary.plannedRequests)} planned, ${formatCount(summary.splits)} cut in two`,
    ],
    ['Retries', formatCount(summary.retries), 'requests sent again'],
    ['Failed tiles', formatCount(failed), failed === 0 ? 'none' : 'a rerun asks for them again'],
  ];
  if (summary.left > 0) facts.push(['Left', formatCount(summary.left), 'tiles, for another run']);
  const most = Math.max(0, ...process.samples.map(({ rss }) => rss));
  if (most > 0) facts.push(['Memory', formatBytes(most), 'at the most']);
  const quota = summary.quotaStatus;
  if (quota !== undefined) facts.push(['Quota', 'restricted', quota]);
  return factList(facts);
}

function drawTimelineSection({ timeline, failures, durationMs }: IngestRecord): string {
  const { cellMs, rows } = timeline;
  const key = [
    ...(['fetch', 'process', 'commit'] as const).map((kind) => [kind, kind] as const),
    ...(isInVain(timeline) ? [['failed', 'in vain'] as const] : []),
  ]
    .map(([colour, name]) => `<span><i style="background:var(--${colour})"></i>${name}</span>`)
    .join('');
  const joined =
    cellMs === 0
      ? ''
      : ` There were too many pieces of work to draw each: those that began in the same ${formatDuration(cellMs)} are one bar, as opaque as the share of it that was work.`;
  const note = `A row is a request lane, a thread or the committer; a bar is a tile there, or a group of tiles that was committed. At the right the share of the run in which the row was busy.${joined}`;
  const chart =
    rows.length === 0
      ? '<p class="note">Nothing was done.</p>'
      : `<div class="scroll">${drawTimeline(timeline, failures, new TimeAxis(durationMs))}</div>\n<p class="note">${note}</p>`;
  return section('timeline', `Timeline <span class="key">${key}</span>`, chart);
}

/** Whether any work came to nothing: of tiles that failed, or that had to wait until the service was back. */
function isInVain({ rows }: IngestRecord['timeline']): boolean {
  return rows.some(({ bars }) => bars.some(({ outcome }) => outcome === 'failed'));
}

function drawFooter({ machine, kernel }: IngestRecord): string {
  const { node, platform, cores, host } = machine;
  return `<footer>smart-geocubes-native on ${escapeText(`${host}: ${platform}, Node ${node}`)}, ${plural(cores, 'core')}${kernel === undefined ? '' : `; ${escapeText(kernelWords(kernel))}`}. The same numbers are in report.json, the failures in failures.ndjson.</footer>`;
}

const ENCODERS: Readonly<Record<string, string>> = {
  libblosc: 'Blosc by libblosc',
  gdal: 'Blosc by GDAL',
  javascript: 'Blosc by JavaScript',
  none: 'no Blosc',
};

const LACKS: Readonly<Record<string, string>> = {
  absent: ': its addon was not made',
  'other version': ': its addon is of another version',
  broken: ': its addon does not load',
  off: ': GEOCUBES_NO_ADDONS is 1',
};

/** What computed, and why it was slower than it could be. */
function kernelWords({ kernel, encoder, resamplingLack: lack }: KernelRecord): string {
  const by = lack === undefined ? 'C' : `TypeScript${LACKS[lack] ?? ''}`;
  return `kernel ${kernel}, ${ENCODERS[encoder] ?? encoder}, resampling by ${by}`;
}
