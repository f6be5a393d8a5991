/**
 * The end of a tile's way: chunks and ledger come in with a session, a snapshot that every reader sees goes out. Its
 * kinds are `icechunk/` and `directory/`.
 */

import { StoreError } from '../errors.js';
import { createPlainZarr, openPlainZarr } from './directory/plain-zarr.js';
import type { LocalStore, StoreOptions } from './durability/local-store.js';
import { createIcechunk, openIcechunk } from './icechunk/backend.js';
import { type PatienceOptions, patient } from './remote/patience.js';
import type {
  Backend,
  Branches,
  Commit,
  Finish,
  Marks,
  RepositorySettings,
  Session,
  Versions,
  WriteSession,
} from './session.js';
import { nameStorage, PLACES, type StorageLocation } from './storage-url.js';

/** Format 1 is what both icechunk 1.x (which smart-geocubes uses) and 2.x read. */
export const DEFAULT_ICECHUNK_FORMAT = 1;

/** The place a cube is kept in, whatever its kind; all its errors are {@link StoreError}s. */
export class Repository {
  private constructor(
    readonly location: StorageLocation,
    private readonly backend: Backend,
    /** The state that is read, where it is an older one; then nothing can be written. */
    readonly asOf?: Commit,
    /** The branch that is read and written, where it is not the one that cubes live on. */
    readonly branch?: string,
  ) {}

  /** @throws {StoreError} of kind `not-a-cube` when there is no repository. */
  static async open(location: StorageLocation, options?: StoreOptions): Promise<Repository> {
    return new Repository(location, await openBackend(location, options));
  }

  /**
   * Makes a repository, or opens an existing one that holds no cube yet (left by a process that died
   * while creating).
   *
   * @throws {StoreError} of kind `exists` when the place holds anything else.
   */
  static async create(
    location: StorageLocation,
    settings: RepositorySettings,
    options?: StoreOptions,
  ): Promise<Repository> {
    return new Repository(location, await createBackend(location, settings, options));
  }

  /** What the cube is kept with on this machine's disk; absent elsewhere. */
  get local(): LocalStore | undefined {
    return this.backend.local;
  }

  /** The same place, for whoever waits while an object store is away; itself elsewhere. */
  patient(options: PatienceOptions): Repository {
    return PLACES[this.location.kind].mayBeAway
      ? new Repository(
          this.location,
          patient(this.backend, this.location, options),
          this.asOf,
          this.branch,
        )
      : this;
  }

  /** What processes of several machines share an object store by; absent elsewhere, and in Icechunk's format 2. */
  get marks(): Marks | undefined {
    return this.backend.marks;
  }

  /** Older states, and names for them. @throws {StoreError} of kind `io` for a plain Zarr directory, which keeps none. */
  get versions(): Versions {
    const { versions } = this.backend;
    if (versions !== undefined) return versions;
    throw new StoreError(
      'io',
      `Expected a cube that keeps older states but ${nameStorage(this.location)} is a plain Zarr directory, which has the newest alone. Cubes in Icechunk repositories (without ".zarr") keep them.`,
    );
  }

  /** Lines of commits beside the newest state. @throws {StoreError} of kind `io` for a plain Zarr directory, which has none. */
  get branches(): Branches {
    const { branches } = this.backend;
    if (branches !== undefined) return branches;
    throw new StoreError(
      'io',
      `Expected a cube that can have branches but ${nameStorage(this.location)} is a plain Zarr directory, whose readers see each tile as it comes. Cubes in Icechunk repositories (without ".zarr") can have them.`,
    );
  }

  /** The same place on a branch, which is there. @throws {InvalidInputError} when there is no such one. */
  async onBranch(name: string): Promise<Repository> {
    await this.branches.check(name);
    return new Repository(
      this.location,
      this.backend.onBranch?.(name) ?? this.backend,
      undefined,
      name,
    );
  }

  /** The same place in an older state, for reading. @throws {InvalidInputError} when there is no such one. */
  async at(version: string): Promise<Repository> {
    return new Repository(this.location, this.backend, await this.versions.find(version));
  }

  readSession(): Promise<Session> {
    return this.backend.readSession(this.asOf?.id);
  }

  /** @throws {StoreError} of kind `io` for an older state. */
  async writeSession(): Promise<WriteSession> {
    if (this.asOf === undefined) return this.backend.writeSession();
    throw new StoreError(
      'io',
      'Expected the newest state of the cube to write to but it was opened as of an older one.',
    );
  }

  /**
   * Commits what was written to `session`, after `finish` has added what depends on the newest state.
   * In local folders no other process commits meanwhile; elsewhere `finish` runs anew when another
   * commit came first.
   *
   * @param others sessions that are committed with it
   * @returns the id of the snapshot; empty for a plain Zarr directory, which keeps none.
   * @throws {StoreError} of kind `conflict` when another writer changed the same chunks.
   */
  commit(
    session: WriteSession,
    message: string,
    finish: Finish,
    others: readonly WriteSession[] = [],
  ): Promise<string> {
    return session.commit(message, finish, others);
  }

  /**
   * Puts another cube in the place of the one that is there, so that no reader sees a mixture. The
   * history of an Icechunk repository keeps the old one. A plain Zarr directory does not, and for a moment holds neither.
   *
   * @param entries all of the new cube, by key.
   * @throws {StoreError} of kind `exists` when a plain directory holds other files beside the cube.
   */
  replace(entries: ReadonlyMap<string, Buffer>): Promise<void> {
    return this.backend.replace(entries);
  }

  /** The commits, newest first; none for a plain Zarr directory. */
  history(): Promise<Commit[]> {
    return this.backend.history(this.asOf?.id);
  }
}

function openBackend(location: StorageLocation, options?: StoreOptions): Promise<Backend> {
  switch (location.kind) {
    case 'zarr':
      return openPlainZarr(location.path, options);
    case 'local':
    case 'memory':
    case 's3':
    case 'gs':
    case 'az':
      return openIcechunk(location, options);
  }
}

function createBackend(
  location: StorageLocation,
  settings: RepositorySettings,
  options?: StoreOptions,
): Promise<Backend> {
  switch (location.kind) {
    case 'zarr':
      return createPlainZarr(location.path, options);
    case 'local':
    case 'memory':
    case 's3':
    case 'gs':
    case 'az':
      return createIcechunk(location, settings, options);
  }
}
