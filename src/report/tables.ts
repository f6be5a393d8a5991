import type { DurationStatistics } from '../observe/durations.js';
import { type FailureRecord, type IngestRecord, STAGES, type Stage } from '../observe/record.js';
import { escapeText } from './markup.js';
import { formatCount, formatDuration } from './quantities.js';

const STAGE_NAMES: Readonly<Record<Stage, readonly [name: string, what: string]>> = {
  fetch: ['fetch', 'waiting for a turn and for the pixels, retries included'],
  queue: ['queue', 'waiting for a thread'],
  decode: ['decode', 'reading the GeoTIFF'],
  warp: ['warp', 'onto the grid of the cube'],
  fill: ['fill', 'gaps'],
  encode: ['encode', 'compressing chunks'],
  write: ['write', 'chunks into the store, waiting for a turn included'],
  commit: ['commit', 'chunks and ledger, a group of tiles at a time'],
};

const KERNEL_STAGES: readonly Stage[] = ['decode', 'warp', 'fill', 'encode'];

/** Median, 95th percentile, longest and sum of each stage that took any time. */
export function stageTable({ stages }: IngestRecord): string {
  const longest = Math.max(...STAGES.map((stage) => stages[stage].p95Ms), 1e-9);
  const rows = STAGES.filter((stage) => stages[stage].totalMs > 0).map((stage) =>
    stageRow(stage, stages[stage], longest),
  );
  if (rows.length === 0) return '<p class="note">Nothing was done.</p>';
  return table(
    ['stage', '', 'times', 'median', '95 %', 'longest', 'in all', 'median and 95 %'],
    rows,
    'stages',
  );
}

function stageRow(stage: Stage, times: DurationStatistics, longest: number): string[] {
  const [name, what] = STAGE_NAMES[stage];
  const colour = KERNEL_STAGES.includes(stage) ? 'process' : stage === 'fetch' ? 'fetch' : 'commit';
  const share = (ms: number) => ((100 * ms) / longest).toFixed(1);
  return [
    `<th scope="row">${name}</th>`,
    `<td class="what">${what}</td>`,
    ...[
      formatCount(times.count),
      formatDuration(times.medianMs),
      formatDuration(times.p95Ms),
      formatDuration(times.maxMs),
      formatDuration(times.totalMs),
    ].map((text) => `<td class="number">${text}</td>`),
    `<td class="bars"><svg class="spark ${stage === 'queue' ? 'queue' : colour}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><path class="faint" d="M0 1h${share(times.p95Ms)}v8H0z"/><path d="M0 1h${share(times.medianMs)}v8H0z"/></svg></td>`,
  ];
}

/** Failures shown on the page; more of them are in the file beside it. */
export const FAILURES_SHOWN = 200;

export function failureTable(failures: readonly FailureRecord[]): string {
  const rows = failures
    .slice(0, FAILURES_SHOWN)
    .map(({ tile, stage, error, tries, at }) => [
      `<th scope="row">${escapeText(tile)}</th>`,
      `<td>${stage}</td>`,
      `<td>${escapeText(kindOf(error))}</td>`,
      `<td class="message">${escapeText(error.message)}</td>`,
      `<td class="number">${formatCount(tries)}</td>`,
      `<td class="number">${formatDuration(at)}</td>`,
    ]);
  const shown = table(['tile', 'stage', 'kind', 'error', 'tries', 'after'], rows, 'failures');
  const left = failures.length - rows.length;
  return left > 0
    ? `${shown}\n<p class="note">${formatCount(left)} more are in failures.ndjson beside this page.</p>`
    : shown;
}

/** `quota (429)`, as the reasons of retries are counted. */
export function kindOf({ tag, kind, status }: FailureRecord['error']): string {
  const name = kind ?? tag;
  return status === undefined ? name : `${name} (${status})`;
}

export function retryTable(retries: Readonly<Record<string, number>>): string {
  const rows = Object.entries(retries)
    .sort(([, one], [, other]) => other - one)
    .map(([reason, count]) => [
      `<th scope="row">${escapeText(reason)}</th>`,
      `<td class="what">${meaningOf(reason)}</td>`,
      `<td class="number">${formatCount(count)}</td>`,
    ]);
  return table(['reason', '', 'requests sent again'], rows, 'retries');
}

/** In the order of looking: the first that fits counts. */
const MEANINGS: readonly (readonly [reason: RegExp, meaning: string])[] = [
  [/^transient$/, 'no reply, or the connection broke'],
  [/^transient \(2/, 'the reply was cut, damaged or not what was asked for'],
  [/^transient \(5/, 'the service failed for the moment'],
  [/^quota/, 'too many requests for the quota'],
  [/^credentials/, 'the token had expired'],
];

function meaningOf(reason: string): string {
  return MEANINGS.find(([pattern]) => pattern.test(reason))?.[1] ?? '';
}

/** @param rows cells that are markup already. */
export function table(heads: readonly string[], rows: readonly string[][], name: string): string {
  return [
    `<div class="scroll"><table class="${name}">`,
    `<thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead>`,
    '<tbody>',
    ...rows.map((cells) => `<tr>${cells.join('')}</tr>`),
    '</tbody></table></div>',
  ].join('\n');
}
