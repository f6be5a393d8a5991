import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Repository } from '@earthmover/icechunk';
import { type Lease, LostLease } from '../sharing/lease-lock.js';
import type { LocalStore } from './local-store.js';

/** A commit that waits for its branch to be moved. */
export interface Flushed {
  readonly branch: string;
  /** The new snapshot, which is written... */
  readonly snapshot: string;
  /** ... on top of this one. */
  readonly parent: string;
}

/**
 * Moves a branch of a repository in a folder to a snapshot, if it is still where it was, and sees to it that what
 * it refers to is on the disk before, and itself after. Icechunk would look, and then write over whatever had come
 * in between. In format 1 a branch is a small file of its own
 * (https://icechunk.io/en/latest/reference/spec/, "References"), which the lease moves to its place.
 *
 * In format 2 it is a part of a larger file that only Icechunk writes: there the lease is asked right before.
 *
 * @throws {LostLease} where the branch was not moved, or not for long: another process held the lock.
 */
export async function moveBranch(
  repo: Repository,
  { branch, snapshot, parent }: Flushed,
  { folder: { path }, disk }: LocalStore,
  lease: Lease,
): Promise<void> {
  await disk.all(path);
  const isPlainFile = repo.specVersion === 1;
  const file = isPlainFile
    ? join(path, 'refs', `branch.${branch}`, 'ref.json')
    : join(path, 'repo');
  if (isPlainFile) {
    if ((await readReference(file)) !== parent)
      throw new LostLease('The branch was moved by another writer.');
    await lease.publish(file, Buffer.from(JSON.stringify({ snapshot })), { sync: disk.isOn });
  } else {
    await lease.check();
    await repo.resetBranch(branch, snapshot, parent);
    await disk.one(file);
  }
  await disk.one(dirname(file));
  const now = await repo.lookupBranch(branch);
  if (now === snapshot) return;
  // Another process may have gone on from it; else it has not seen it.
  const ancestry = await repo.ancestry({ branch });
  if (!ancestry.some(({ id }) => id === snapshot))
    throw new LostLease('The branch was moved back by another writer.');
}

async function readReference(file: string): Promise<string | undefined> {
  try {
    const { snapshot } = JSON.parse(await readFile(file, 'utf8'));
    return typeof snapshot === 'string' ? snapshot : undefined;
  } catch {
    return undefined;
  }
}
