import type { IngestSummary } from '../observe/summary.js';
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
  const {
    committed,
    empty,
    alreadyLoaded,
    failed,
    commits,
    bytesIn,
    bytesOut,
    elapsedMs,
    retries,
  } = summary;
  const lines = [
    `${committed} tiles committed in ${commits} commits in ${formatSeconds(elapsedMs / 1000)} (${empty} of them without a valid pixel)`,
    `${alreadyLoaded} tiles were there already, ${failed.length} failed, ${retries} requests were repeated`,
    `${megabytes(bytesIn)} received, ${megabytes(bytesOut)} of chunks written`,
  ];
  return lines.join('\n');
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

export function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
