import type { IngestEstimate } from '../../cube/cost/estimate.js';
import type { ShardCost, ShardsEstimate } from '../../cube/cost/estimate-shards.js';
import { formatSeconds } from './progress-bar.js';
import { megabytes, plural } from './summary-text.js';

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
  const nouns = (of: (shard: ShardCost) => number, noun: string) => {
    const words = range(of);
    return `${words} ${words === '1' ? noun : `${noun}s`}`;
  };
  const lines = [
    `${plural(count, 'shard')} of ${nouns(({ tiles }) => tiles, 'tile')}: ${range(({ pending }) => pending)} to fetch, ${nouns(({ requests }) => requests, 'request')}, ${range(({ serviceBytes }) => serviceBytes, megabytes)}`,
    ...each
      .slice(0, SHARDS_SHOWN)
      .map(
        ({ index, tiles, alreadyLoaded, pending, requests, serviceBytes }) =>
          `shard ${index + 1} of ${count}: ${plural(tiles, 'tile')}, ${alreadyLoaded} loaded already, ${pending} to fetch, ${plural(requests, 'request')}, ${megabytes(serviceBytes)}`,
      ),
  ];
  if (count > SHARDS_SHOWN)
    lines.push(`and ${plural(count - SHARDS_SHOWN, 'shard')} more; --format json has all`);
  lines.push(
    `one quota for all: ${plural(concurrency, 'request')} under way in each, ${concurrency * count} together`,
    time === undefined
      ? `time of all together: not known; --rate or --sample tell; ${formatSeconds(leastSeconds)} at the least`
      : `time of all together: ${formatSeconds(time.leastSeconds)} where one process is held up by its machine, to ${formatSeconds(time.mostSeconds)} where by the service, whose quota they share`,
  );
  return lines;
}
