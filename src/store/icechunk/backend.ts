import { setTimeout as sleep } from 'node:timers/promises';
import type {
  Repository as IcechunkRepository,
  Session as IcechunkSession,
  RepositoryConfig,
  Storage,
} from '@earthmover/icechunk';
import { StoreError } from '../../errors.js';
import { moveBranch } from '../durability/branch-file.js';
import { isClockBehind, waitForClock } from '../durability/clock-order.js';
import { LocalStore, type StoreOptions } from '../durability/local-store.js';
import type { StoreFolder } from '../durability/store-folder.js';
import { checkCreates, checkOpens } from '../place/local-place.js';
import { branchMarks } from '../remote/branch-marks.js';
import { objectMarks } from '../remote/object-marks.js';
import { checkConditionalWrites, explainS3 } from '../remote/s3-probe.js';
import type {
  Backend,
  Branches,
  Commit,
  CubeStore,
  Marks,
  RepositorySettings,
  Session,
  Versions,
  WriteSession,
} from '../session.js';
import { type Lease, LostLease } from '../sharing/lease-lock.js';
import { nameStorage, type ObjectStoreLocation, type StorageLocation } from '../storage-url.js';
import { isLostRace, translate } from '../store-errors.js';
import { BRANCH } from './branch.js';
import { IcechunkBranches } from './branches.js';
import { chunkLocator } from './chunk-files.js';
import { loadIcechunk } from './load.js';
import { manifestConfig } from './manifest-split.js';
import { objectStorage } from './object-storage.js';
import { IcechunkVersions } from './versions.js';

/**
 * How long one commit may be tried while other processes commit first. Each race that is lost is a commit of somebody
 * else, so by their number a writer among many would give up, and by time none does that gets anywhere.
 */
const LONGEST_RACE_MS = 15 * 60_000;

/**
 * After a lost race, a random part of what a try takes is waited, so that those that lost together do not meet again.
 * It does not grow: whoever won rests in proportion to what its commit took (`tiles/commit-pace.ts`), and waiting
 * longer from loss to loss would keep out the slowest, which lose most.
 */
const MAX_DELAY_MS = 1000;

/**
 * What is kept of a repository in memory: references to chunks, and nodes of snapshots. By default it is
 * fifteen million and half a million, which a long run fills with manifests and snapshots that are out
 * of date. Readers need room for the largest manifests, which in cubes of others may hold a whole band's
 * references. Both are of the process alone, and not kept in the repository.
 */
const READER: RepositoryConfig = { caching: { numChunkRefs: 4_000_000, numSnapshotNodes: 500 } };
const WRITER: RepositoryConfig = { caching: { numChunkRefs: 50_000, numSnapshotNodes: 100 } };

type IcechunkLocation =
  | Extract<StorageLocation, { kind: 'local' | 'memory' }>
  | ObjectStoreLocation;
/** One that other processes can open too. */
type StoredLocation = Exclude<IcechunkLocation, { kind: 'memory' }>;

/** Repositories in memory that have a name: as long as the process lives, it leads to them. */
const inMemory = new Map<string, IcechunkRepository>();

/** @throws {StoreError} of kind `not-a-cube` when there is no repository. */
export async function openIcechunk(
  location: IcechunkLocation,
  options?: StoreOptions,
): Promise<Backend> {
  const name = nameStorage(location);
  if (location.kind === 'memory') {
    const repo = inMemory.get(location.name ?? '');
    if (repo !== undefined) return new IcechunkBackend(repo);
    throw new StoreError(
      'not-a-cube',
      `Expected a cube at ${name} but this process has none there. Create it first, as memory:NAME.`,
    );
  }
  if (location.kind === 'local') await checkOpens(location.path, 'local');
  return openStored(location, options);
}

async function openStored(location: StoredLocation, options?: StoreOptions): Promise<Backend> {
  const { Repository } = await loadIcechunk();
  const open = async (config: RepositoryConfig) =>
    Repository.open(await storageOf(location), config).catch(async (cause: unknown) => {
      throw await explainS3(location, translate(cause, `open ${nameStorage(location)}`), 'read');
    });
  const local = location.kind === 'local' ? new LocalStore(location.path, options) : undefined;
  return new IcechunkBackend(
    await open(READER),
    () => open(WRITER),
    local,
    location.kind === 'local' ? undefined : location,
  );
}

/**
 * Makes a repository, or opens an existing one that holds no cube yet (left by a process that died
 * while creating).
 *
 * @throws {StoreError} of kind `exists` when the place holds anything else.
 */
export async function createIcechunk(
  location: IcechunkLocation,
  { format, splitSide }: RepositorySettings,
  options?: StoreOptions,
): Promise<Backend> {
  const { Repository } = await loadIcechunk();
  const config = splitSide === undefined ? undefined : { manifest: manifestConfig(splitSide) };
  if (location.kind === 'memory') return createInMemory(location.name, config, format);
  const name = nameStorage(location);
  if (location.kind === 'local' && (await checkCreates(location.path, 'local')))
    return openStored(location, options);
  const storage = await storageOf(location);
  const exists = await Repository.exists(storage).catch(async (cause: unknown) => {
    throw await explainS3(location, translate(cause, `look for a cube at ${name}`), 'read');
  });
  if (exists) return openIcechunk(location, options);
  await checkConditionalWrites(location);
  // What differs from Icechunk's defaults is kept in the repository.
  await Repository.create(storage, config, format).catch(async (cause: unknown) => {
    throw await explainS3(location, translate(cause, `create ${name}`), 'write');
  });
  return openStored(location, options);
}

async function createInMemory(
  name: string | undefined,
  config: RepositoryConfig | undefined,
  format: number,
): Promise<Backend> {
  const known = name === undefined ? undefined : inMemory.get(name);
  if (known !== undefined) return new IcechunkBackend(known);
  const { Repository, Storage } = await loadIcechunk();
  const repo = await Repository.create(await Storage.newInMemory(), config, format);
  if (name !== undefined) inMemory.set(name, repo);
  return new IcechunkBackend(repo);
}

async function storageOf(location: StoredLocation): Promise<Storage> {
  if (location.kind !== 'local') return objectStorage(location);
  const { Storage } = await loadIcechunk();
  return Storage.newLocalFilesystem(location.path);
}

const versionAt = (branch: string, snapshotId: string | undefined) =>
  snapshotId === undefined ? { branch } : { snapshotId };

/** An Icechunk repository; every error of the library leaves here as a {@link StoreError}. */
class IcechunkBackend implements Backend {
  constructor(
    private readonly repo: IcechunkRepository,
    /** The same repository for writing; without it `repo` serves for both. */
    private readonly openWriter?: () => Promise<IcechunkRepository>,
    /** Where it is kept on this machine's disk. */
    readonly local?: LocalStore,
    /** Where it is, in an object store. */
    private readonly remote?: ObjectStoreLocation,
    /** What is read and written. */
    private readonly branch = BRANCH,
  ) {}

  get marks(): Marks | undefined {
    if (this.remote === undefined) return undefined;
    return this.repo.specVersion === 1
      ? branchMarks(this.repo, this.branch, () => this.#open())
      : objectMarks(this.remote);
  }

  get versions(): Versions {
    return new IcechunkVersions(this.repo, this.local);
  }

  get branches(): Branches {
    return new IcechunkBranches(this.repo, this.local);
  }

  onBranch(name: string): Backend {
    return new IcechunkBackend(this.repo, this.openWriter, this.local, this.remote, name);
  }

  async readSession(at?: string): Promise<Session> {
    const session = await this.repo
      .readonlySession(versionAt(this.branch, at))
      .catch((cause: unknown) => {
        throw translate(cause, 'read', this.local?.folder);
      });
    const path = this.local?.folder.path;
    return {
      store: storeOf(session, this.local?.folder),
      version: session.snapshotId,
      ...(path === undefined ? {} : { locate: chunkLocator(path, session.snapshotId) }),
    };
  }

  async writeSession(): Promise<WriteSession> {
    const session = await this.#open();
    const key = {};
    this.#sessions.set(key, session);
    return {
      store: storeOf(session, this.local?.folder),
      isTransactional: true,
      key,
      commit: (message, finish, others = []) =>
        this.#commit([session, ...others.map((each) => this.#behind(each))], message, (newest) =>
          finish(storeOf(newest)),
        ),
    };
  }

  async replace(entries: ReadonlyMap<string, Buffer>): Promise<void> {
    await this.#commit([await this.#open()], 'Replace by an empty datacube', async (newest) => {
      await newest.store.clear();
      const store = storeOf(newest);
      for (const [key, value] of entries) await store.set(key, value);
    });
  }

  async history(at?: string): Promise<Commit[]> {
    const snapshots = await this.repo
      .ancestry(versionAt(this.branch, at))
      .catch((cause: unknown) => {
        throw translate(cause, 'list the commits');
      });
    return snapshots.map(({ id, message, writtenAt }) => ({ id, message, writtenAt }));
  }

  /** Whether the clock of this machine is behind that of another that commits here. */
  #isBehind = false;
  #writer: Promise<IcechunkRepository> | undefined;
  /** By the keys of write sessions. */
  readonly #sessions = new WeakMap<object, IcechunkSession>();

  #behind({ key }: WriteSession): IcechunkSession {
    const session = key === undefined ? undefined : this.#sessions.get(key);
    if (session === undefined) throw new Error('Expected a session of this repository.');
    return session;
  }

  async #open(): Promise<IcechunkSession> {
    this.#writer ??= this.openWriter?.() ?? Promise.resolve(this.repo);
    this.local?.folder.check();
    const writer = await this.#writer.catch((error: unknown) => {
      this.#writer = undefined;
      throw error;
    });
    return writer.writableSession(this.branch).catch((cause: unknown) => {
      throw translate(cause, 'write', this.local?.folder);
    });
  }

  /**
   * The chunks in the sessions `chunks` are brought up to date with the branch, joined by what `finish` writes to
   * a session of its own, and committed. When another commit comes first, `finish` runs anew on the
   * newest state: a ledger chunk that two processes change can so be written by both, one after the
   * other, where a rebase of it would be refused.
   */
  async #commit(
    chunks: readonly IcechunkSession[],
    message: string,
    finish: (newest: IcechunkSession) => Promise<void>,
  ): Promise<string> {
    const { local } = this;
    const began = performance.now();
    for (;;) {
      const tried = performance.now();
      try {
        if (local === undefined) return await this.#commitOnce(chunks, message, finish);
        return await local.lock.with((lease) => this.#commitOnce(chunks, message, finish, lease));
      } catch (cause) {
        if (isClockBehind(cause)) this.#isBehind = true;
        const isLost = cause instanceof LostLease || isLostRace(cause) || isClockBehind(cause);
        if (!isLost || performance.now() - began >= LONGEST_RACE_MS)
          throw await this.#explain(translate(cause, 'commit'));
      }
      await sleep(Math.min(performance.now() - tried, MAX_DELAY_MS) * Math.random());
    }
  }

  /** A rebase looks for what was committed since, and finds no way from a commit that the branch has left. */
  async #explainReset(from: string, cause: unknown): Promise<never> {
    const ancestry = await this.repo.ancestry({ branch: this.branch }).catch(() => undefined);
    if (ancestry === undefined || ancestry.some(({ id }) => id === from)) throw cause;
    throw new StoreError(
      'conflict',
      'Expected the cube to go on from the commit this run began with but it was reset to an older one meanwhile. What was committed before is in its history; run again to go on from where the cube is now.',
      { cause },
    );
  }

  async #explain(error: StoreError): Promise<unknown> {
    return this.remote === undefined ? error : explainS3(this.remote, error, 'write');
  }

  async #commitOnce(
    chunks: readonly IcechunkSession[],
    message: string,
    finish: (newest: IcechunkSession) => Promise<void>,
    lease?: Lease,
  ): Promise<string> {
    const newest = await this.#bringUpToDate(chunks);
    await finish(newest);
    for (const each of chunks) await newest.merge(each);
    // Icechunk refuses to commit nothing.
    if (!newest.hasUncommittedChanges) return newest.snapshotId;
    const { local } = this;
    const parent = newest.snapshotId;
    // With the lock: else the others, whose clock is ahead, would commit again meanwhile.
    if (this.#isBehind) await waitForClock(this.repo, parent);
    if (local === undefined || lease === undefined) return newest.commit(message);
    // In format 2 this changes a file that all writers share.
    await lease.check();
    const snapshot = await newest.flush(message);
    await moveBranch(this.repo, { branch: this.branch, snapshot, parent }, local, lease);
    return snapshot;
  }

  /** Rebases `chunks` onto the newest snapshot, and gives one more session of that snapshot. */
  async #bringUpToDate(chunks: readonly IcechunkSession[]): Promise<IcechunkSession> {
    for (;;) {
      // The first round may take long, after many commits; the next ones meet few, and catch up.
      for (const each of chunks)
        await each.rebase().catch((cause: unknown) => this.#explainReset(each.snapshotId, cause));
      const newest = await this.#open();
      if (chunks.every(({ snapshotId }) => snapshotId === newest.snapshotId)) return newest;
    }
  }
}

/**
 * Icechunk reports a missing node as an error, other missing keys as null. "object not found" is
 * something else: a chunk that was committed and whose bytes are gone.
 */
function isMissingNode(cause: unknown): boolean {
  return /node not found/i.test(String(cause));
}

function storeOf({ store }: IcechunkSession, folder?: StoreFolder): CubeStore {
  return {
    get: (key) =>
      store.get(key).catch((cause: unknown) => {
        if (isMissingNode(cause)) return null;
        throw translate(cause, `read ${key}`, folder);
      }),
    getRange: (key, range) =>
      store.getRange(key, range).catch((cause: unknown) => {
        if (isMissingNode(cause)) return null;
        throw translate(cause, `read ${key}`, folder);
      }),
    set: async (key, value) => {
      // Icechunk would make the folder anew, wherever that is by now.
      folder?.check();
      await store.set(key, value).catch((cause: unknown) => {
        throw translate(cause, `write ${key}`, folder);
      });
    },
    // What is not committed is never seen.
    discard: async () => {},
    holds: (key) =>
      store.getRange(key, { offset: 0, length: 1 }).then(
        (bytes) => bytes !== null,
        (cause: unknown) => {
          if (isMissingNode(cause)) return false;
          throw translate(cause, `read ${key}`, folder);
        },
      ),
    remove: (key) =>
      store.delete(key).catch((cause: unknown) => {
        throw translate(cause, `remove ${key}`, folder);
      }),
    list: (path) =>
      store.listDir(path).catch((cause: unknown) => {
        throw translate(cause, `list ${path === '' ? 'the cube' : path}`, folder);
      }),
  };
}
