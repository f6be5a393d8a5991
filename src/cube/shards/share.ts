import { DEFAULT_CEILING } from '../../earth-engine/adaptive-limiter.js';
import type { Shard } from './shard.js';

/**
 * Requests that one shard may have in flight at the most, where nobody lends what others do not use: its part of
 * those of all shards together, rounded up.
 */
export function partRoundedUp({ count }: Pick<Shard, 'count'>, together = DEFAULT_CEILING): number {
  return Math.max(Math.ceil(together / count), 1);
}
