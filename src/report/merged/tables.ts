import { escapeText } from '../markup.js';
import { ENDINGS } from '../page.js';
import { formatBytes, formatCount, formatDuration, formatNumber } from '../quantities.js';
import { kindOf, table } from '../tables.js';
import type { FailureCause, MergedRecord, ShardTotals } from './merge.js';

/** Shards that the page lists; more of them are in the file beside it. */
const SHARDS_LISTED = 1000;

/** Shards that are named in a cell. */
const SHARDS_NAMED = 20;

/** What each shard did, and those of which nothing is known. */
export function shardTable({ shards, without, count }: MergedRecord): string {
  const known = shards.map((shard) => ({ number: shard.shard, cells: rowOf(shard) }));
  const unknown = without.map((shard) => ({
    number: shard,
    cells: [`<th scope="row">${shard + 1}</th>`, '<td class="what" colspan="9">no report</td>'],
  }));
  const rows = [...known, ...unknown].sort((one, other) => one.number - other.number);
  const listed = table(
    [
      'shard',
      'host',
      'tiles',
      'failed',
      'requests',
      'retries',
      'received',
      'time',
      'tiles/s',
      'ended',
    ],
    rows.slice(0, SHARDS_LISTED).map(({ cells }) => cells),
    'shards',
  );
  const more = rows.length - SHARDS_LISTED;
  return more > 0
    ? `${listed}\n<p class="note">The first ${formatCount(SHARDS_LISTED)} of ${formatCount(count)}; report.json has all.</p>`
    : listed;
}

function rowOf(shard: ShardTotals): string[] {
  const { hosts, runs, ending, error, durationMs, committed, takenOver, failed } = shard;
  const number = (text: string) => `<td class="number">${text}</td>`;
  const why = error === undefined ? '' : ` title="${escapeText(error)}"`;
  return [
    `<th scope="row">${shard.shard + 1}</th>`,
    `<td>${escapeText(hosts.join(', '))}</td>`,
    number(
      `${formatCount(committed)}${takenOver > 0 ? ` (${formatCount(takenOver)} taken over)` : ''}`,
    ),
    number(formatCount(failed)),
    number(formatCount(shard.requests)),
    number(formatCount(shard.retries)),
    number(formatBytes(shard.bytesIn)),
    number(formatDuration(durationMs)),
    number(formatNumber(durationMs > 0 ? (1000 * committed) / durationMs : 0)),
    `<td${why}>${ENDINGS[ending]}${runs > 1 ? `, in run ${formatCount(runs)}` : ''}</td>`,
  ];
}

export function causeTable(causes: readonly FailureCause[]): string {
  const rows = causes.map(({ cause, tiles, shards, example }) => {
    const named = shards
      .slice(0, SHARDS_NAMED)
      .map(({ shard, tiles: own }) => `${shard + 1} (${formatCount(own)})`);
    const more = shards.length - named.length;
    return [
      `<th scope="row">${escapeText(cause)}</th>`,
      `<td class="number">${formatCount(tiles)}</td>`,
      `<td>${named.join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}</td>`,
      `<td class="message">${escapeText(example)}</td>`,
    ];
  });
  return table(['cause', 'tiles', 'shards (tiles)', 'one of the messages'], rows, 'causes');
}

/** @param failed how many there are in all */
export function failureTable(failures: MergedRecord['failures'], failed: number): string {
  const rows = failures.map(({ tile, shard, stage, error, tries }) => [
    `<th scope="row">${escapeText(tile)}</th>`,
    `<td class="number">${shard + 1}</td>`,
    `<td>${stage}</td>`,
    `<td>${escapeText(kindOf(error))}</td>`,
    `<td class="message">${escapeText(error.message)}</td>`,
    `<td class="number">${formatCount(tries)}</td>`,
  ]);
  const shown = table(['tile', 'shard', 'stage', 'kind', 'error', 'tries'], rows, 'shard-failures');
  const left = failed - rows.length;
  return left > 0
    ? `${shown}\n<p class="note">${formatCount(left)} more are in failures.ndjson beside this page.</p>`
    : shown;
}
