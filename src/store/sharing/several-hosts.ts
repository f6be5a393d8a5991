/** One folder, and processes of several hosts: refused before anything is written, because it loses tiles. */
import { StoreError } from '../../errors.js';
import { type FileSystemFacts, networkFileSystemOf } from '../place/network-folder.js';
import type { Repository } from '../repository.js';

/** How a run that is about to begin shares its store. */
export interface Company {
  /** Whether it is one of several that were begun together, as shards are. */
  readonly isOneOfSeveral: boolean;
  readonly facts?: FileSystemFacts;
}

/**
 * A folder on a file system of several hosts is for the processes of one host: what one host writes the others see
 * seconds or minutes later, so that no lock holds. Refused are one of several shards, which would all begin before they
 * see each other, and whoever finds that a process of another host is at it, or was in the last three minutes; where
 * one comes later, the next commit is refused.
 *
 * @throws {StoreError} of kind `conflict`
 */
export async function refuseSeveralHosts(
  { local }: Pick<Repository, 'local'>,
  { isOneOfSeveral, facts }: Company,
): Promise<void> {
  if (local === undefined) return;
  const { folder, sharing } = local;
  const name = await networkFileSystemOf(folder.path, facts);
  if (name === undefined) return;
  const refuse = (what: string) =>
    new StoreError(
      'conflict',
      `Expected one process, or processes of one host, to fill ${folder.path}, which lies on a network file system (${name}), but ${what}: hosts see late what others write there, and tiles would be lost. Give each shard a store of its own with --own-store, and bring them together with "geocubes finalise --merge"; or let shards write to an S3 gateway that alone touches the folder ("versitygw posix FOLDER", --store s3://...); or fill it by one process without --shard. Where all shards run on this host, or the file system shows each host at once what others write, add --trust-file-system.`,
    );
  if (isOneOfSeveral) throw refuse('this is one of several shards');
  const found = await sharing.during(() => sharing.stranger());
  if (found !== undefined) throw refuse(`${found} fills it, or did in the last three minutes`);
  sharing.watchForStrangers((stranger) => refuse(`${stranger} has begun to fill it too`));
}
