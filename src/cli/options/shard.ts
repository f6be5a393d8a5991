import { type Command, Option } from 'commander';
import { Cube } from '../../cube/cube.js';
import { MOST_SHARDS, type Shard, shardWords } from '../../cube/shards/shard.js';
import { expected } from '../../errors.js';
import { arrayTask } from '../../machine/array-task.js';
import { tell } from '../output/terminal.js';
import { branchOption, wholeNumber } from './common.js';

/** What {@link addShardOptions} adds. */
export interface ShardOptions {
  readonly shard?: 'auto' | Shard;
  readonly shards?: number;
}

/** The options by which one of several processes takes its part of a region. */
export function addShardOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--shard <i/n|auto>',
        'this part of the region: 3/40, or the one that Slurm, Kubernetes, AWS Batch, Google Batch, Cloud Run, PBS or Grid Engine says this task of an array is',
      ).argParser(parseShard),
    )
    .addOption(shardsOption('parts in all, where "--shard auto" is not told'));
}

export const ownStoreOption = () =>
  new Option(
    '--own-store',
    'fill a store of the shard\'s own beside the cube (cubes/x.shard-3-of-8), for "finalise --merge": where hosts share a file system and no bucket',
  );

export const fillBranchOption = () =>
  branchOption(
    'fill a branch of the cube, made where there is none: its readers see nothing of it before "finalise --branch"',
  );

/** The cube that is named, or its branch. @throws {InvalidInputError | StoreError} where it can have none. */
export async function openToFill({
  store,
  branch,
  durability,
}: {
  readonly store: string;
  readonly branch?: string;
  readonly durability: string;
}): Promise<Cube> {
  const cube = await Cube.open(store, { sync: durability !== 'none' });
  return branch === undefined ? cube : cube.openBranch(branch);
}

/**
 * The cube that a run fills: of a shard with a store of its own, that one.
 * @throws {InvalidInputError} without a shard.
 */
export function cubeToFill(
  cube: Cube,
  shard: Shard | undefined,
  { ownStore, durability }: { readonly ownStore?: boolean; readonly durability: string },
): Promise<Cube> | Cube {
  if (!ownStore) return cube;
  if (shard === undefined) throw expected('--shard', 'whose store --own-store is', 'none');
  return cube.openShardStore(shard, { sync: durability !== 'none' });
}

export const shardsOption = (description: string) =>
  new Option('--shards <n>', description).argParser(wholeNumber('--shards', 1, MOST_SHARDS));

/** @throws {InvalidInputError} */
export function parseShard(text: string): 'auto' | Shard {
  if (text === 'auto') return 'auto';
  const [, index = '', count = ''] = /^(\d{1,6})\/(\d{1,6})$/.exec(text.trim()) ?? [];
  const [i, n] = [Number(index), Number(count)];
  if (index === '' || n < 1 || n > MOST_SHARDS)
    throw expected('auto, or a shard such as 3/40', '--shard', text);
  if (i < 1 || i > n) throw expected(`a shard from 1/${n} to ${n}/${n}`, '--shard', text);
  return { index: i - 1, count: n };
}

/**
 * The part that the options mean, and tells which; `undefined` without one.
 * @throws {InvalidInputError}
 */
export function shardOf(
  { shard, shards }: ShardOptions,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Shard | undefined {
  if (shard === undefined) {
    if (shards === undefined) return undefined;
    throw expected('the part of them that this is, or auto', '--shard beside --shards', 'nothing');
  }
  if (shard !== 'auto') {
    if (shards !== undefined && shards !== shard.count)
      throw expected(`the ${shard.count} of --shard`, '--shards', shards);
    return shard;
  }
  const { scheduler, ...task } = arrayTask(env, shards);
  tell(`${scheduler}: ${shardWords(task)}`);
  return task;
}
