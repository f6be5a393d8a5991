import type { IngestEstimate } from '../../cube/cost/estimate.js';
import type { ShardCost, ShardsEstimate } from '../../cube/cost/estimate-shards.js';
import { formatSeconds } from './progress-bar.js';
import { megabytes } from './summary-text.js';

/** Shards on the terminal; --format json has all. */
const SHARDS_SHOWN = 64;

/** What each of several processes would have to do, and what they share, for people. */
export function shardLines(
  { count, each, concurrency, time }: ShardsEstimate,
  { leastSeconds }: IngestEstimate['quota'],
): string[] {
  const range = (of: (shard: ShardCost) => number, words: (value: number) => string = String) => {
    const sorted = each.map(of).sort((one, other) => one - other);
    const [least, most] = [words(sorted[0] ?? 0), words(sorted.at(-1) ?? 0)];
    return least === most ? least : `${least} to ${most}`;
  };
  const lines = [
    `${count} shards of ${range(({ tiles }) => tiles)} tiles: ${range(({ pending }) => pending)} to fetch, ${range(({ requests }) => requests)} requests, ${range(({ serviceBytes }) => serviceBytes, megabytes)}`,
    ...each
      .slice(0, SHARDS_SHOWN)
      .map(
        ({ index, tiles, alreadyLoaded, pending, requests, serviceBytes }) =>
          `shard ${index + 1} of ${count}: ${tiles} tiles, ${alreadyLoaded} loaded already, ${pending} to fetch, ${requests} requests, ${megabytes(serviceBytes)}`,
      ),
  ];
  if (count > SHARDS_SHOWN)
    lines.push(`and ${count - SHARDS_SHOWN} shards more; --format json has all`);
  lines.push(
    `one quota for all: ${concurrency} ${concurrency === 1 ? 'request' : 'requests'} under way in each, ${concurrency * count} together`,
    time === undefined
      ? `time of all together: not known; --rate or --sample tell; ${formatSeconds(leastSeconds)} at the least`
      : `time of all together: ${formatSeconds(time.leastSeconds)} where one process is held up by its machine, to ${formatSeconds(time.mostSeconds)} where by the service, whose quota they share`,
  );
  return lines;
}
