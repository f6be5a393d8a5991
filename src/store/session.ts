/** What a place to keep cubes in offers: the few operations that Icechunk and a plain directory both fill. */

import type { LocalStore } from './durability/local-store.js';

/** Where a chunk lies: in a file, nowhere (it was never written), or where only the store can read it. */
export type Location =
  | { readonly file: string; readonly offset: number; readonly length: number }
  | 'missing'
  | 'elsewhere';

/**
 * Where chunks lie, one answer for each key; `undefined` when that cannot be told.
 *
 * @param isBeside whether the caller has threads that work meanwhile. Default true: what takes a while to start does so
 * for fewer chunks.
 */
export type ChunkLocator = (
  keys: readonly string[],
  isBeside?: boolean,
) => Promise<readonly Location[] | undefined>;

/** The part of a store that the ledger reads and writes. */
export interface KeyValueStore {
  /** The bytes under a Zarr key such as `band/c/0/1`; null or undefined where there are none. */
  get(key: string): Promise<Uint8Array | null | undefined>;
  set(key: string, value: Buffer): Promise<void>;
}

/** A part of what lies under a key: its last bytes, or `length` from `offset` on. */
export type ByteRange =
  | { readonly suffixLength: number }
  | { readonly offset: number; readonly length: number };

export interface CubeStore extends KeyValueStore {
  /** That part of the bytes, less where they end before; null or undefined where there are none under the key. */
  getRange(key: string, range: ByteRange): Promise<Uint8Array | null | undefined>;
  /** Forgets a chunk that an earlier process may have left there. */
  discard(key: string): Promise<void>;
  /**
   * True where there is a chunk whose bytes can be read: one of them is, at most.
   * @throws {StoreError} when the chunk is known but its bytes cannot be read.
   */
  holds(key: string): Promise<boolean>;
  /** Removes a chunk that is there, when the session is committed. */
  remove(key: string): Promise<void>;
  /** Names directly below a group ('' is the root), of nodes at least, in no particular order. */
  list(path: string): Promise<string[]>;
}

/** A view of the cube: with Icechunk as of one snapshot, in a plain directory as it is now. */
export interface Session {
  readonly store: CubeStore;
  /** Where chunks lie on this machine's disk, for stores that are kept there. */
  readonly locate?: ChunkLocator;
  /** The id of the snapshot that is read, where the place keeps any: the same id is the same content. */
  readonly version?: string;
}

/** Adds what depends on the newest state of the cube, such as the ledger. May be called again after a conflict. */
export type Finish = (newest: CubeStore) => Promise<void>;

/** Chunks written here count once committed. A session is spent by its commit. */
export interface WriteSession extends Session {
  /** False where chunks are seen before their commit, so that those which will not be committed must be discarded. */
  readonly isTransactional: boolean;
  /** What whoever made it knows it by; absent where its chunks are in their places when they are written. */
  readonly key?: object;
  /**
   * @param others sessions of the same place whose chunks are committed with this one's, and which are spent as well
   * @returns the id of the snapshot; empty where the place keeps none.
   * @throws {StoreError} of kind `conflict` when another writer changed the same chunks.
   */
  commit(message: string, finish: Finish, others?: readonly WriteSession[]): Promise<string>;
}

/** One state of a cube, as its history has it; `writtenAt` is ISO 8601, in UTC. */
export interface Commit {
  readonly id: string;
  readonly message: string;
  readonly writtenAt: string;
}

/** A name for a commit, which never means another one. */
export interface Tag {
  readonly name: string;
  readonly commit: Commit;
}

/** Older states of a cube, and names for them. */
export interface Versions {
  /**
   * The commit that a tag, an id or a time means: by a time, which may be `2026`, `2026-11`, `2026-11-28` or finer (UTC),
   * the newest one in or before it. Ids are found also where {@link reset} has left them.
   * @throws {InvalidInputError} when there is none.
   */
  find(version: string): Promise<Commit>;
  /** By name. */
  tags(): Promise<Tag[]>;
  /** @throws {InvalidInputError} for a name that cannot be one; {@link StoreError} of kind `exists` for one that is taken, or was. */
  tag(name: string, id: string): Promise<void>;
  /** @throws {InvalidInputError} when there is none of that name. */
  deleteTag(name: string): Promise<void>;
  /**
   * Makes a commit the newest one again; those after it stay until somebody expires them.
   * @returns the one that was the newest.
   * @throws {StoreError} of kind `conflict` when another process committed meanwhile.
   */
  reset(to: Commit): Promise<Commit>;
}

/** What became of a branch that is no more. */
export interface Published {
  /** The id of the newest commit, of the cube now. */
  readonly snapshot: string;
  /** How many commits its readers see since. */
  readonly commits: number;
}

/** Lines of commits beside the one that readers see, each under a name. */
export interface Branches {
  /** Makes one at the newest state, where there is none of that name. @throws {InvalidInputError} for a name that cannot be one. */
  make(name: string): Promise<void>;
  /** @throws {InvalidInputError} when there is none of that name. */
  check(name: string): Promise<void>;
  /**
   * Makes the newest commit of a branch what readers see, at once, and removes the branch.
   * @throws {StoreError} of kind `conflict` when there are commits that the branch lacks, or another process committed meanwhile.
   */
  publish(name: string): Promise<Published>;
}

/** Named marks in a store, each at a snapshot, that are made and moved by one of several at a time. */
export interface Marks {
  /** Two snapshots to mark by: one that stands for whoever asks, and another. */
  mint(): Promise<{ readonly id: string; readonly other: string }>;
  /** @returns false where a mark of that name is there */
  create(name: string, snapshot: string): Promise<boolean>;
  /** @returns false where it is not there, or not at `from` */
  move(name: string, to: string, from: string): Promise<boolean>;
  /** Where a mark is; `undefined` where there is none. */
  find(name: string): Promise<string | undefined>;
  remove(name: string): Promise<void>;
  list(): Promise<string[]>;
}

/** One place that holds a cube. */
export interface Backend {
  /** What it is kept with on this machine's disk; absent elsewhere. */
  readonly local?: LocalStore | undefined;
  /** Where processes of several machines share a store. */
  readonly marks?: Marks | undefined;
  /** Where older states are kept. */
  readonly versions?: Versions | undefined;
  /** Where there may be several lines of commits. */
  readonly branches?: Branches | undefined;
  /** The same place, read and written on a branch. */
  readonly onBranch?: ((name: string) => Backend) | undefined;
  /** @param at the id of a snapshot, where the place keeps any. Default: the newest state. */
  readSession(at?: string): Promise<Session>;
  writeSession(): Promise<WriteSession>;
  /**
   * Puts another cube in the place of the one that is there, at once: no reader sees a mixture.
   *
   * @param entries all of the new cube, by key.
   * @throws {StoreError} of kind `exists` when something is there that is no part of a cube.
   */
  replace(entries: ReadonlyMap<string, Buffer>): Promise<void>;
  /**
   * The commits, newest first; none where the place keeps none.
   * @param at the id of the snapshot to begin with. Default: the newest.
   */
  history(at?: string): Promise<Commit[]>;
}

/** How a new Icechunk repository is laid out; other places have nothing of it. */
export interface RepositorySettings {
  /** Icechunk's own format: 1 or 2. */
  readonly format: number;
  /** Chunks along a side of the square whose references one manifest holds. Default: a band's are in one. */
  readonly splitSide?: number;
}
