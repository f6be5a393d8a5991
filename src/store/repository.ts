import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import type { Repository as IcechunkRepository, Session } from '@earthmover/icechunk';
import { StoreError } from '../errors.js';
import { loadIcechunk } from './icechunk.js';
import { withLock } from './lock-file.js';
import type { StorageLocation } from './storage-url.js';

/** The branch cubes live on. */
const BRANCH = 'main';

/** Format 1 is what both icechunk 1.x (which smart-geocubes uses) and 2.x read. */
export const DEFAULT_ICECHUNK_FORMAT = 1;

/** One Icechunk repository; every error of the library leaves here as a {@link StoreError}. */
export class Repository {
  private constructor(
    readonly location: StorageLocation,
    private readonly repo: IcechunkRepository,
  ) {}

  /** @throws {StoreError} of kind `not-a-cube` when there is no repository. */
  static async open(location: StorageLocation): Promise<Repository> {
    if (location.kind === 'memory')
      throw new StoreError(
        'not-a-cube',
        'Expected a cube at memory: but a new process has none there. Create it first.',
      );
    if (!existsSync(location.path))
      throw new StoreError(
        'not-a-cube',
        `Expected a cube at ${location.path} but there is nothing. Make one with "geocubes create".`,
      );
    await refuseFile(location.path);
    const { Repository: Icechunk, Storage } = await loadIcechunk();
    const storage = await Storage.newLocalFilesystem(location.path);
    const repo = await Icechunk.open(storage).catch((cause: unknown) => {
      throw translate(cause, `open ${location.path}`);
    });
    return new Repository(location, repo);
  }

  /**
   * Makes a repository, or opens an existing one that holds no cube yet (left by a process that died
   * while creating).
   *
   * @throws {StoreError} of kind `exists` when the folder holds anything else.
   */
  static async create(location: StorageLocation, format: number): Promise<Repository> {
    const { Repository: Icechunk, Storage } = await loadIcechunk();
    if (location.kind === 'memory') {
      return new Repository(
        location,
        await Icechunk.create(await Storage.newInMemory(), undefined, format),
      );
    }
    await refuseFile(location.path);
    const storage = await Storage.newLocalFilesystem(location.path);
    if (await Icechunk.exists(storage)) return Repository.open(location);
    const entries = await readdir(location.path).catch(() => []);
    if (entries.length > 0)
      throw new StoreError(
        'exists',
        `Expected an empty or new folder for the cube but ${location.path} holds other files. Choose another folder.`,
      );
    const repo = await Icechunk.create(storage, undefined, format).catch((cause: unknown) => {
      throw translate(cause, `create ${location.path}`);
    });
    return new Repository(location, repo);
  }

  async readSession(): Promise<Session> {
    return this.repo.readonlySession({ branch: BRANCH }).catch((cause: unknown) => {
      throw translate(cause, 'read');
    });
  }

  async writeSession(): Promise<Session> {
    return this.repo.writableSession(BRANCH).catch((cause: unknown) => {
      throw translate(cause, 'write');
    });
  }

  /**
   * Brings `session` up to date with the branch, lets `finish` add what depends on the newest state,
   * and commits. On a local file system no other process commits meanwhile.
   *
   * @returns the id of the snapshot.
   * @throws {StoreError} of kind `conflict` when another writer changed the same chunks.
   */
  async commit(session: Session, message: string, finish: () => Promise<void>): Promise<string> {
    return this.#exclusively(async () => {
      try {
        await session.rebase();
        await finish();
        return await session.commit(message);
      } catch (cause) {
        throw cause instanceof StoreError ? cause : translate(cause, 'commit');
      }
    });
  }

  async history(): Promise<{ id: string; message: string; writtenAt: string }[]> {
    const snapshots = await this.repo.ancestry({ branch: BRANCH });
    return snapshots.map(({ id, message, writtenAt }) => ({ id, message, writtenAt }));
  }

  #exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.location.kind === 'local' ? withLock(`${this.location.path}.lock`, task) : task();
  }
}

async function refuseFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) {
    throw new StoreError(
      'not-a-cube',
      `Expected a folder for the cube but ${path} is a file. Choose another place.`,
    );
  }
}

/** The binding throws plain errors; what happened is in the first words of the message. */
export function translate(cause: unknown, action: string): StoreError {
  const message = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
  if (/repository doesn't exist/.test(message)) {
    return new StoreError(
      'not-a-cube',
      `Expected an Icechunk repository but there is none (while trying to ${action}). Make one with "geocubes create".`,
      { cause },
    );
  }
  if (/clean prefixes/.test(message)) {
    return new StoreError(
      'exists',
      `Expected an empty place for the cube but something is there (while trying to ${action}).`,
      { cause },
    );
  }
  if (/branch update conflict|cannot rebase/.test(message)) {
    return new StoreError(
      'conflict',
      'Expected to be the only writer of these tiles but another process committed the same ones. Run again: tiles that are loaded are skipped.',
      { cause },
    );
  }
  return new StoreError('io', `Expected the store to ${action} but received: ${message}`, {
    cause,
  });
}
