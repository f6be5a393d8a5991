import { expected } from '../../errors.js';

/** One of the parts that a region is cut into, so that each of several processes has its own. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  /** Parts in all. */
  readonly count: number;
}

/** Parts of one region: more would have to be counted in tiles. */
export const MOST_SHARDS = 100_000;

/** @throws {InvalidInputError} */
export function checkShard(shard: Shard | undefined): void {
  if (shard === undefined) return;
  const { index, count } = shard;
  checkShardCount(count);
  if (!(Number.isInteger(index) && index >= 0 && index < count))
    throw expected(`a whole number from 0 to ${count - 1}`, 'the index of the shard', index);
}

/** @throws {InvalidInputError} */
export function checkShardCount(count: number): void {
  if (!(Number.isInteger(count) && count >= 1 && count <= MOST_SHARDS))
    throw expected(`a whole number from 1 to ${MOST_SHARDS}`, 'the count of shards', count);
}

/** What is put behind the names of files and stores of a shard's own. */
export function shardSuffix({ index, count }: Shard): string {
  return `.shard-${index + 1}-of-${count}`;
}

/** For people, who count from 1. */
export function shardWords({ index, count }: Shard): string {
  return `shard ${index + 1} of ${count}`;
}
