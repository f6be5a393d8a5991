import type { DamagedCompanion } from '../../cube/state/companions.js';
import type { IngestSummary } from '../../observe/summary.js';
import { formatSeconds } from './progress-bar.js';

const STAGES = {
  fetch: 'fetch (waiting)',
  decode: 'decode',
  warp: 'warp',
  fill: 'fill gaps',
  encode: 'compress',
  write: 'write chunks',
  commit: 'commit',
} as const;

/** What an ingest did, for people. */
export function summaryText(summary: IngestSummary): string {
  const { committed, empty, alreadyLoaded, failed, commits, bytesIn, bytesOut, elapsedMs } =
    summary;
  const written = `${megabytes(bytesOut)} of chunks written`;
  // Files on disk are asked for nothing, and nothing of them is received.
  const isFromFiles = summary.plannedRequests === 0 && summary.processed > 0;
  const lines = [
    `${plural(committed, 'tile')} committed in ${plural(commits, 'commit')} in ${formatSeconds(elapsedMs / 1000)} (${empty} of them without a valid pixel)`,
    `${plural(alreadyLoaded, 'tile was', 'tiles were')} there already, ${failed.length} failed`,
    isFromFiles ? written : `${megabytes(bytesIn)} received, ${written}`,
  ];
  if (summary.takenOver > 0)
    lines.push(
      `${plural(summary.takenOver, 'tile')} of other shards ${summary.takenOver === 1 ? 'was' : 'were'} taken over`,
    );
  if (summary.stoppedBy !== undefined)
    lines.push(
      `${plural(summary.left, 'tile is', 'tiles are')} left: the run ended at --${summary.stoppedBy}. The same command goes on from there.`,
    );
  if (!isFromFiles) lines.push(requestText(summary));
  if (summary.quotaStatus !== undefined)
    lines.push(`Earth Engine says of the quota: ${summary.quotaStatus}`);
  return lines.join('\n');
}

/** What was asked for, and why it was more than planned where it was. */
function requestText({
  requests,
  plannedRequests,
  retries,
  retriesByReason,
  splits,
}: IngestSummary): string {
  const more: string[] = [];
  if (splits > 0) more.push(`${splits} were too large and cut in two`);
  if (retries > 0) {
    const reasons = Object.entries(retriesByReason).map(([reason, count]) => `${count} ${reason}`);
    more.push(`${retries} were sent again: ${reasons.join(', ')}`);
  }
  const text = `${plural(requests, 'request')} answered of ${plannedRequests} planned`;
  return more.length === 0 ? text : `${text}; ${more.join('; ')}`;
}

/** Time by stage, summed over tiles; several tiles are under way at a time, so it adds up to more than the run took. */
export function stageTable({ stages, committed }: IngestSummary): string {
  const rows = Object.entries(STAGES)
    .map(([stage, label]) => [label, stages[stage as keyof typeof STAGES]] as const)
    .filter(([, ms]) => ms > 0)
    .map(
      ([label, ms]) =>
        `  ${label.padEnd(18)}${(ms / 1000).toFixed(2).padStart(9)} s${(ms / Math.max(committed, 1)).toFixed(0).padStart(9)} ms`,
    );
  return [
    `  ${'stage'.padEnd(18)}${'all tiles'.padStart(11)}${'per tile'.padStart(12)}`,
    ...rows,
  ].join('\n');
}

/** `1 tile`, `2 tiles`. @param more the noun of several, where it is not `noun` and an s */
export function plural(count: number, noun: string, more = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : more}`;
}

export function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** What is damaged beside the tiles, as a line. */
export function companionText({ path, message }: DamagedCompanion): string {
  return path === 'commit' ? `the newest commit cannot be read: ${message}` : `${path} ${message}`;
}

/** Of a wait for processes that may be gone, or live. */
export function livingText(processes: number, ms: number): string {
  return `waiting ${Math.round(ms / 1000)} s and more to see whether ${plural(processes, 'process that has', 'processes that have')} left something ${processes === 1 ? 'lives' : 'live'} still`;
}
