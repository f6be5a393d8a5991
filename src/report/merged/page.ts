import { shardList } from '../../observe/shard-list.js';
import { TimeAxis } from '../axis.js';
import { escapeText, type Fact, factList, section, wholePage } from '../markup.js';
import type { PageOptions } from '../page.js';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMoment,
  formatNumber,
  plural,
} from '../quantities.js';
import { retryTable } from '../tables.js';
import { drawThroughput } from '../throughput-charts.js';
import { drawLanes, LANES_DRAWN, laneCount } from './lanes.js';
import type { MergedRecord, ShardTotals } from './merge.js';
import { causeTable, failureTable, shardTable } from './tables.js';

/** What became of the region, as the cube itself tells. */
export interface MergedPageOptions extends PageOptions {
  readonly tiles: number;
  readonly missing: number;
  readonly damaged: number;
}

/** Files that are named on the page. */
const FILES_NAMED = 50;

/** All shards of one region as a page, by the same rules as that of one run. */
export function drawMergedReport(record: MergedRecord, options: MergedPageOptions): string {
  const { causes, failures, retriesByReason, shards } = record;
  const title = `Ingest of ${record.subject.dataset}`;
  const failed = shards.reduce((sum, shard) => sum + shard.failed, 0);
  const hasRetries = Object.keys(retriesByReason).length > 0;
  const { map } = options;
  return wholePage(title, [
    drawHeader(record, title, options),
    drawFacts(record, options),
    drawLanesSection(record),
    section(
      'throughput',
      'Throughput of all shards',
      `<div class="charts scroll">${drawThroughput(record).join('\n')}</div>`,
    ),
    section('shards', 'Shards', shardTable(record)),
    causes.length === 0
      ? ''
      : section('causes', `Failures by cause (${formatCount(failed)})`, causeTable(causes)),
    failures.length === 0
      ? ''
      : section('failures', 'Failed tiles', failureTable(failures, failed)),
    hasRetries ? section('retries', 'Retries', retryTable(retriesByReason)) : '',
    map === undefined ? '' : section('map', 'The cube now', `<div class="map">${map}</div>`),
    '<footer>smart-geocubes-native. A failed tile may have been loaded by a later run: the map and the count of missing tiles are of the cube as it is now. The same numbers are in report.json, all failures in failures.ndjson.</footer>',
  ]);
}

function drawHeader(record: MergedRecord, title: string, options: MergedPageOptions): string {
  const { subject, count, shards, hosts, startedAt, durationMs, without, damaged, others } = record;
  const about = [`Region ${subject.region}`];
  if (subject.time !== undefined) about.push(`time ${subject.time}`);
  const [state, words] =
    options.damaged > 0
      ? ['failed', 'damaged']
      : options.missing > 0
        ? ['partial', 'tiles are missing']
        : ['complete', 'complete'];
  const problems = [
    without.length === 0
      ? ''
      : `No report of ${shardList(without)}: what they did is not on this page. A shard that was killed at once leaves none.`,
    ...named(damaged, 'Damaged'),
    ...named(others, 'Left out'),
  ].filter((problem) => problem !== '');
  return [
    '<header>',
    `<h1>${escapeText(title)}</h1><span class="ending ${state}">${words}</span>`,
    '</header>',
    `<p class="about">${escapeText(about.join(', '))}</p>`,
    `<p class="about">${shards.length === 0 ? 'nothing is known of when' : `${formatMoment(startedAt)}, ${formatDuration(durationMs)}`}, ${formatCount(shards.length)} of ${plural(count, 'shard')} on ${plural(hosts.length, 'host')}</p>`,
    ...problems.map((problem) => `<p class="error">${escapeText(problem)}</p>`),
  ].join('\n');
}

function named(files: MergedRecord['damaged'], word: string): string[] {
  const shown = files
    .slice(0, FILES_NAMED)
    .map(({ file, why }) => `${word}: ${file}, because ${why}.`);
  const more = files.length - shown.length;
  return more > 0 ? [...shown, `${word}: ${formatCount(more)} files more.`] : shown;
}

function drawFacts(record: MergedRecord, { tiles, missing, damaged }: MergedPageOptions): string {
  const { shards, durationMs } = record;
  const sum = (of: (shard: ShardTotals) => number) =>
    shards.reduce((all, shard) => all + of(shard), 0);
  const seconds = Math.max(durationMs / 1000, 1e-3);
  const committed = sum((shard) => shard.committed);
  const requests = sum((shard) => shard.requests);
  const [received, compressed] = [sum((shard) => shard.bytesIn), sum((shard) => shard.bytesOut)];
  const failed = sum((shard) => shard.failed);
  const facts: Fact[] = [
    [
      'Tiles of the region',
      `${formatCount(tiles - missing - damaged)} of ${formatCount(tiles)}`,
      `${formatCount(missing)} missing, ${formatCount(damaged)} damaged`,
    ],
    [
      'Committed by these shards',
      formatCount(committed),
      `${formatCount(sum((shard) => shard.takenOver))} were another shard's at first`,
    ],
    [
      'Rate of the whole',
      `${formatNumber(committed / seconds)} tiles/s`,
      `in ${plural(
        sum((shard) => shard.commits),
        'commit',
      )}`,
    ],
    ['Received', formatBytes(received), `${formatBytes(received / seconds)}/s`],
    ['Compressed to', formatBytes(compressed), `${formatBytes(compressed / seconds)}/s`],
    [
      'Requests',
      formatCount(requests),
      committed > 0 ? `${formatNumber(requests / committed)} a tile` : 'none brought a tile',
    ],
    ['Retries', formatCount(sum((shard) => shard.retries)), 'requests sent again'],
    ['Failed tiles', formatCount(failed), failed === 0 ? 'none' : 'in any of the runs'],
    ...spreadOf(shards),
  ];
  return factList(facts);
}

/** The slowest against the mean, by time and by rate, of the shards that had something to do. */
export function spreadOf(shards: readonly ShardTotals[]): Fact[] {
  const busy = shards.filter(({ tiles, durationMs }) => tiles > 0 && durationMs > 0);
  if (busy.length < 2) return [];
  const meanOf = (of: (shard: ShardTotals) => number) =>
    busy.reduce((all, shard) => all + of(shard), 0) / busy.length;
  const rateOf = ({ committed, durationMs }: ShardTotals) => (1000 * committed) / durationMs;
  const longest = busy.reduce((one, other) => (other.durationMs > one.durationMs ? other : one));
  const slowest = busy.reduce((one, other) => (rateOf(other) < rateOf(one) ? other : one));
  const [meanMs, meanRate] = [meanOf(({ durationMs }) => durationMs), meanOf(rateOf)];
  return [
    [
      'Longest shard',
      formatDuration(longest.durationMs),
      `shard ${longest.shard + 1}, ${formatNumber(longest.durationMs / meanMs)} times the mean of ${formatDuration(meanMs)}`,
    ],
    [
      'Slowest shard',
      `${formatNumber(rateOf(slowest))} tiles/s`,
      `shard ${slowest.shard + 1}, ${meanRate > 0 ? formatNumber(rateOf(slowest) / meanRate) : '0'} of the mean of ${formatNumber(meanRate)}`,
    ],
  ];
}

function drawLanesSection(record: MergedRecord): string {
  const { hosts, durationMs, runs } = record;
  const lanes = laneCount(record);
  const notes = [
    'A row is a shard on a host, the darker the more tiles were processed at a time. A red line is a tile that failed, a red tip a run that was cut off.',
  ];
  if (hosts.length > 1)
    notes.push(
      `Each host's times are of its own clock: rows of two hosts may be off against each other by as much as their clocks differ, and with them the throughput of the whole.`,
    );
  if (lanes > LANES_DRAWN)
    notes.push(`Of ${formatCount(lanes)} rows the first ${LANES_DRAWN} are drawn.`);
  const chart =
    runs.length === 0 && lanes === 0
      ? '<p class="note">No shard has left a report.</p>'
      : `<div class="scroll">${drawLanes(record, new TimeAxis(durationMs))}</div>\n<p class="note">${notes.join(' ')}</p>`;
  return section('lanes', 'Shards by host', chart);
}
