import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { StoreError } from '../../errors.js';
import { BRANCH } from '../icechunk/branch.js';
import { LEDGER_PATH } from '../metadata/zarr-metadata.js';
import type { Lease } from '../sharing/lease-lock.js';
import { nameStorage, type StorageLocation } from '../storage-url.js';
import { translate } from '../store-errors.js';
import { LocalStore } from './local-store.js';
import { branchHealth, type WholeSnapshot } from './whole-snapshots.js';

/** How a damaged store was brought back. What was committed later is fetched again by the next ingest. */
export interface RollBack {
  /** What could not be read. */
  readonly problem: string;
  /** The state it is in now; absent for a plain Zarr directory, which has no others. */
  readonly to?: WholeSnapshot;
}

/**
 * Brings a local store whose newest commit cannot be read, as after a power cut, to the newest state that can: the
 * branch of a repository goes back to the newest snapshot that is whole; in a plain directory the parts of the ledger that
 * cannot be read are removed, so that their tiles count as not loaded. Nothing else is removed.
 *
 * @returns `undefined` where the newest commit is whole, and for other places than local ones.
 * @throws {StoreError} of kind `io` where no state can be read.
 */
export async function rollBack(location: StorageLocation): Promise<RollBack | undefined> {
  switch (location.kind) {
    case 'zarr':
      return dropDamagedLedger(location.path);
    case 'local':
      return rollBackRepository(location.path);
    case 'memory':
    case 's3':
    case 'gs':
    case 'az':
      return undefined;
    default:
      return location satisfies never;
  }
}

/** What of the newest commit of a local repository's branch cannot be read; `undefined` where all can, and for other places. */
export async function newestProblem(
  location: StorageLocation,
  branch = BRANCH,
): Promise<string | undefined> {
  if (location.kind !== 'local' || !(await isRepository(location.path))) return undefined;
  return (await branchHealth(location.path, branch)).problem;
}

async function rollBackRepository(path: string): Promise<RollBack | undefined> {
  // Without the lock at first: nobody has to wait for a look.
  if (!(await isRepository(path)) || (await branchHealth(path, BRANCH)).problem === undefined)
    return undefined;
  const local = new LocalStore(path);
  return local.lock.with(async (lease) => {
    const { problem, newest, file } = await branchHealth(path, BRANCH);
    if (problem === undefined) return undefined;
    if (newest === undefined)
      throw new StoreError(
        'io',
        `Expected one commit at least of the cube at ${path} to be readable but none is: ${problem}. Bring it back from a copy.`,
      );
    await publishBranch(path, newest, file, lease);
    await local.disk.all(path);
    return { problem, to: newest };
  });
}

async function publishBranch(
  path: string,
  { id }: WholeSnapshot,
  file: Buffer | undefined,
  lease: Lease,
): Promise<void> {
  if (file !== undefined) return lease.publish(join(path, 'repo'), file, { sync: true });
  const reference = Buffer.from(JSON.stringify({ snapshot: id }));
  await lease.publish(join(path, 'refs', `branch.${BRANCH}`, 'ref.json'), reference, {
    sync: true,
  });
}

/**
 * Why a local store cannot be opened, where its newest commit is damaged.
 * @returns the error itself where it is about something else.
 */
export async function explainDamage(location: StorageLocation, error: unknown): Promise<unknown> {
  if (location.kind !== 'local' || !(await isRepository(location.path))) return error;
  const { problem, newest } = await branchHealth(location.path, BRANCH);
  if (problem === undefined) return error;
  const name = nameStorage(location);
  const way =
    newest === undefined
      ? 'No older one can be read: bring it back from a copy.'
      : `The newest that can is of ${newest.writtenAt} ("${newest.message}"): "geocubes verify --repair --store ${name}" goes back to it, and the next ingest fetches what was committed since.`;
  return new StoreError(
    'io',
    `Expected the newest commit of the cube at ${name} to be readable but it is not, as after a power cut: ${problem}. ${way}`,
    { cause: error },
  );
}

/** Whether there is a part of a repository at least; an empty folder is none. */
async function isRepository(path: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => []);
  return names.includes('snapshots') && (names.includes('refs') || names.includes('repo'));
}

async function dropDamagedLedger(path: string): Promise<RollBack | undefined> {
  const folder = join(path, LEDGER_PATH, 'c');
  const damaged: string[] = [];
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of names) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !(await isLedgerChunk(file))) damaged.push(file);
  }
  if (damaged.length === 0) return undefined;
  const local = new LocalStore(path);
  return local.lock.with(async (lease) => {
    await lease.check();
    for (const file of damaged)
      if (!(await isLedgerChunk(file)))
        await rm(file).catch((cause: unknown) => {
          throw translate(cause, `remove ${file}`);
        });
    await local.disk.all(path);
    return { problem: `${damaged.length} parts of the ledger cannot be read` };
  });
}

async function isLedgerChunk(file: string): Promise<boolean> {
  try {
    return gunzipSync(await readFile(file)).byteLength > 0;
  } catch {
    return false;
  }
}
