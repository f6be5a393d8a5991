import { DEFAULT_CEILING } from '../../earth-engine/adaptive-limiter.js';
import type { Shard } from './shard.js';

/**
 * Requests that one shard may have in flight at the most, where nobody lends what others do not use: its part of
 * those of all shards together, rounded up.
 */
export function partRoundedUp({ count }: Pick<Shard, 'count'>, together = DEFAULT_CEILING): number {
  return Math.max(Math.ceil(together / count), 1);
}

/**
 * What all shards have under way together at the most, each its part, and what they share. More shards than that have
 * one request each.
 */
export function requestsOfAll(shard: Pick<Shard, 'count'>, quota = DEFAULT_CEILING) {
  return { together: partRoundedUp(shard, quota) * shard.count, quota };
}
