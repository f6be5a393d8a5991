import { type Command, Option } from 'commander';
import type { Shard } from '../../cube/shards/shard.js';
import { partRoundedUp, requestsOfAll } from '../../cube/shards/share.js';
import { checkWorkloadTag, earthEngine } from '../../cube/sources/earth-engine.js';
import type { Dataset } from '../../dataset/dataset.js';
import type { TileSource } from '../../tile.js';
import { warn } from '../output/terminal.js';
import { type AccountOptions, addAccountOptions } from './account.js';
import {
  concurrencyOption,
  type QuotaLenderOptions,
  quotaOf,
  quotaOption,
  quotaTokenFileOption,
} from './quota.js';

export interface ServiceOptions extends AccountOptions, QuotaLenderOptions {
  readonly concurrency?: number | undefined;
  readonly workloadTag?: string | undefined;
}

/** The options of every command that asks Earth Engine for pixels. */
export function addServiceOptions(command: Command): Command {
  return addAccountOptions(command)
    .addOption(concurrencyOption())
    .addOption(workloadTagOption())
    .addOption(quotaOption())
    .addOption(quotaTokenFileOption());
}

export const workloadTagOption = () =>
  new Option(
    '--workload-tag <tag>',
    'name of these requests in Earth Engine\'s accounting, "" for none (default: made from the cube\'s title)',
  ).argParser((tag: string) => checkWorkloadTag(tag, '--workload-tag') ?? '');

/**
 * Earth Engine as these options describe it. A token comes from the environment only (GEOCUBES_TOKEN):
 * a command line is public.
 *
 * @param part of a shard: which of how many, that share the project's requests
 */
export async function openService(
  dataset: Dataset,
  options: ServiceOptions,
  part?: Shard,
): Promise<TileSource> {
  const { quota: _, quotaTokenFile: __, ...rest } = options;
  const concurrency = concurrencyOf(options, part);
  const excess = excessOf(options, part);
  if (excess !== undefined) warn(excess);
  const limiter = concurrency === undefined ? undefined : { ceiling: concurrency };
  return earthEngine(dataset, { ...rest, limiter, quota: await quotaOf(options, part?.count) });
}

/** What there is to say of more shards than the quota has requests: each has one, however many they are. */
export function excessOf(
  { concurrency, quota }: Pick<ServiceOptions, 'concurrency' | 'quota'>,
  part: Shard | undefined,
): string | undefined {
  if (part === undefined) return undefined;
  const { together, quota: places } = requestsOfAll(part, concurrency);
  if (part.count <= places) return undefined;
  return quota === undefined
    ? `${part.count} shards are more than the ${places} requests of the quota: each has one under way, ${together} where all run at a time, of which Earth Engine refuses some for a while. Let ${places} run at a time, or have "geocubes quota" share them out (--quota)`
    : `${part.count} shards are more than the ${places} requests of the quota: while the quota server is away each has one, ${together} where all run at a time`;
}

/**
 * Requests in flight at the most: a shard's part of them, unless a quota server lends each what the others do not use.
 * While that is away it is divided there, so that it is divided once.
 */
export function concurrencyOf(
  { concurrency, quota }: Pick<ServiceOptions, 'concurrency' | 'quota'>,
  part: Shard | undefined,
): number | undefined {
  return part === undefined || quota !== undefined ? concurrency : partRoundedUp(part, concurrency);
}
