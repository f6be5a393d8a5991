import type { IngestEstimate } from '../../cube/cost/estimate.js';
import { formatSeconds } from './progress-bar.js';
import { shardLines } from './shard-lines.js';
import { megabytes, plural } from './summary-text.js';

/** What an ingest would cost, for people. */
export function estimateText(estimate: IngestEstimate): string {
  const { tiles, alreadyLoaded, pending, requests, serviceBytes, quota, sample } = estimate;
  const lines = [`${plural(tiles, 'tile')}: ${alreadyLoaded} loaded already, ${pending} to fetch`];
  if (pending === 0 && estimate.shards === undefined) return lines.join('\n');
  if (pending > 0)
    lines.push(
      `${plural(requests, 'request')} for ${megabytes(serviceBytes)} of pixels, uncompressed, as Earth Engine counts them`,
      `over the wire: ${amount(estimate.wire)}; on disk: ${amount(estimate.disk)}`,
      `memory: about ${amount(estimate.memory)}, with ${plural(estimate.tilesInFlight, 'tile')} under way at a time`,
      timeText(estimate),
      `quota of ${quota.requestsPerSecond} requests a second: ${formatSeconds(quota.leastSeconds)} at the least, ${percent(quota.shareOfDay)} of a day's`,
    );
  if (sample !== undefined) lines.push(sampleText(sample));
  if (estimate.shards !== undefined) lines.push(...shardLines(estimate.shards, quota));
  return lines.join('\n');
}

function amount({ bytes, basis }: IngestEstimate['wire']): string {
  return basis === 'sampled' ? megabytes(bytes) : `${megabytes(bytes)} at the most`;
}

function timeText({ time }: IngestEstimate): string {
  if (time === undefined) return 'time: not known; --rate or --sample tell';
  const basis = time.basis === 'rate' ? 'at the given rate' : 'at the rate of the sample';
  return `time: ${formatSeconds(time.seconds)} ${basis}`;
}

function sampleText({
  tiles,
  empty,
  failed,
  elapsedMs,
}: NonNullable<IngestEstimate['sample']>): string {
  const [first] = failed;
  const text = `sample: ${plural(tiles, 'tile')} in ${formatSeconds(elapsedMs / 1000)}, ${empty} of them without a valid pixel, ${failed.length} failed`;
  return first === undefined ? text : `${text} (${first.id}: ${first.error.message})`;
}

function percent(share: number): string {
  const value = 100 * share;
  return value < 0.1 ? 'less than 0.1 %' : `${value.toFixed(1)} %`;
}
