/** Shards that are named in a sentence. */
const NAMED = 20;

/** `shards 3, 17 to 19 and 40`, of shards counted from 0, in order. */
export function shardList(shards: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const shard of shards) {
    const range = ranges.at(-1);
    if (range !== undefined && range.last === shard - 1) range.last = shard;
    else ranges.push({ first: shard, last: shard });
  }
  const words = ranges
    .slice(0, NAMED)
    .map(({ first, last }) =>
      first === last
        ? `${first + 1}`
        : `${first + 1}${last === first + 1 ? ', ' : ' to '}${last + 1}`,
    );
  const named = ranges.slice(0, NAMED).reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const more = shards.length - named;
  return `${shards.length === 1 ? 'shard' : 'shards'} ${words.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
