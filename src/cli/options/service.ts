import { type Command, Option } from 'commander';
import type { Shard } from '../../cube/shards/shard.js';
import { partRoundedUp } from '../../cube/shards/share.js';
import { checkWorkloadTag, earthEngine } from '../../cube/sources/earth-engine.js';
import type { Dataset } from '../../dataset/dataset.js';
import type { TileSource } from '../../tile.js';
import { pathFor } from './common.js';
import {
  concurrencyOption,
  type QuotaLenderOptions,
  quotaOf,
  quotaOption,
  quotaTokenFileOption,
} from './quota.js';

export interface ServiceOptions extends QuotaLenderOptions {
  readonly endpoint?: string;
  readonly project?: string;
  readonly keyFile?: string;
  readonly tokenCommand?: string;
  readonly insecureHttp?: boolean;
  readonly concurrency?: number | undefined;
  readonly workloadTag?: string | undefined;
}

/** The options of every command that asks Earth Engine for pixels. */
export function addServiceOptions(command: Command): Command {
  return command
    .addOption(endpointOption())
    .addOption(projectOption())
    .addOption(keyFileOption())
    .addOption(tokenCommandOption())
    .addOption(insecureHttpOption())
    .addOption(concurrencyOption())
    .addOption(workloadTagOption())
    .addOption(quotaOption())
    .addOption(quotaTokenFileOption());
}

export const endpointOption = () =>
  new Option('--endpoint <url>', 'base URL of Earth Engine (default: the high-volume endpoint)');

export const projectOption = () =>
  new Option('--project <id>', 'Google Cloud project that is billed');

export const keyFileOption = () =>
  new Option(
    '--key-file <file>',
    "JSON key of a service account (default: this machine's credentials)",
  ).argParser(pathFor('--key-file'));

/** Not from a file of settings, which others may have written: it would run what they like. */
export const tokenCommandOption = () =>
  new Option(
    '--token-command <command>',
    'command that prints a token, run without a shell each time that one is needed; not from --config',
  );

export const insecureHttpOption = () =>
  new Option(
    '--insecure-http',
    'let the token go over plain http to another machine, readable on the way',
  );

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
  const limiter = concurrency === undefined ? undefined : { ceiling: concurrency };
  return earthEngine(dataset, { ...rest, limiter, quota: await quotaOf(options, part?.count) });
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
