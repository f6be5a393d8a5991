/**
 * Encoded tiles come in, committed ones go out, in groups: chunks are written at once, and the ledger with the commit.
 * Where they go is the end of a tile's way: `store/repository.ts`.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Dataset } from '../../dataset/dataset.js';
import type { Origin } from '../../dataset/origin.js';
import { StoreError } from '../../errors.js';
import type { TileIndex } from '../../grid/tiling.js';
import type { CommittedTile, EncodedChunk, EncodedTile } from '../../tile.js';
import { readDocument } from '../metadata/documents.js';
import { chunkKey } from '../metadata/zarr-metadata.js';
import type { Repository } from '../repository.js';
import type { CubeStore, Finish, WriteSession } from '../session.js';
import { CommitPace, type PaceOptions } from './commit-pace.js';
import { DoneTiles } from './done-tiles.js';
import { type FetchRecord, FetchRecords } from './fetch-records.js';
import { Ledger, TileState } from './ledger.js';
import { removeIfThere } from './reopen-tiles.js';

export interface CommitterOptions extends PaceOptions {
  /** @param lostRaces how often another process's commit came first, and this one was tried again */
  readonly onCommit?: (
    tiles: readonly CommittedTile[],
    milliseconds: number,
    lostRaces: number,
  ) => void;
  /** What the tiles are made of: noted of each with its commit. Default: nothing is. */
  readonly origin?: Origin | undefined;
  /** When that was changed last, as its service told: noted with it. */
  readonly sourceUpdatedAt?: (() => number | undefined) | undefined;
  /**
   * Of a refresh, whose tiles take the place of those that are there: what was fetched before this, in milliseconds
   * since 1970, is. Not for places without transactions, where readers would see parts of both.
   */
  readonly refreshBefore?: number | undefined;
  /** Told of tiles that were written here, and that another process has committed before. */
  readonly onLoadedElsewhere?: (ids: readonly string[]) => void;
}

/** What another store knows of a tile that is copied from it. */
export interface CopiedFrom {
  /** Bands of a loaded tile that have no chunk. */
  readonly absent: number | 'unknown';
  /** Absent where it is not known when and of what the tile was fetched. */
  readonly record?: FetchRecord | undefined;
}

/** A tile as another store has it: empty, or with its chunks. */
export interface CopiedTile extends CopiedFrom, Pick<EncodedTile, 'id' | 'index' | 'isEmpty'> {
  readonly chunks: readonly Pick<EncodedChunk, 'band' | 'bytes'>[];
}

/** What a commit has to know of a tile whose chunks are written; their bytes may be large, and are not kept. */
interface WrittenTile extends Pick<EncodedTile, 'id' | 'index' | 'isEmpty'> {
  readonly bands: readonly number[];
  /** Bands whose chunk holds the fill value alone, and was not written. */
  readonly absent: number | 'unknown';
  /** When its fetch began: milliseconds since 1970. */
  readonly begunAt: number;
  /** Of a tile that is copied: what is noted of it in place of that. */
  readonly copy?: CopiedFrom | undefined;
  /** Where its chunks are, until they are committed. */
  readonly session: WriteSession;
}

/** Tiles that are committed together. */
interface Group {
  /** Of tiles that come whole. */
  session: WriteSession | undefined;
  readonly tiles: WrittenTile[];
  /** The tile whose chunks are being written. */
  begun?: WrittenTile;
  readonly begunAt: number;
  timer: NodeJS.Timeout | undefined;
}

/** A tile whose chunks come one after another. It is there when it is ended and its group committed, and not before. */
export interface OpenTile {
  /** Resolves when the chunks are written, so that their memory is free. A band's may come again, and replaces the one before. */
  add(
    chunks: readonly (Pick<EncodedChunk, 'band' | 'bytes'> & Partial<EncodedChunk>)[],
  ): Promise<void>;
  /** Adds the tile, whose chunks are all written, to the group that is committed next. */
  end(): Promise<void>;
  /** Forgets the tile and what was written of it. */
  drop(): Promise<void>;
}

/** A tile that is open, in a session of its own: others are committed meanwhile. */
interface Opened {
  readonly session: WriteSession;
  readonly tile: Pick<EncodedTile, 'id' | 'index'>;
  readonly begunAt: number;
  readonly copy: CopiedFrom | undefined;
  /** By band: what its chunk holds. The last one counts. */
  readonly chunks: Map<number, { readonly isAbsent: boolean; readonly isEmpty: boolean }>;
}

/**
 * The one writer of a process: takes encoded tiles, writes their chunks at once (so that their memory
 * is free) and commits them in groups, ledger and chunks together. Calls are served one after another.
 */
export class Committer {
  #group: Group | undefined;
  readonly #opened = new Set<Opened>();
  #queue: Promise<void> = Promise.resolve();
  #failure: unknown;
  readonly #pace: CommitPace;

  constructor(
    private readonly repository: Repository,
    private readonly dataset: Dataset,
    private readonly options: CommitterOptions = {},
  ) {
    this.#pace = new CommitPace(options);
  }

  /**
   * Resolves when the tile's chunks are written; {@link CommitterOptions.onCommit} tells when they count.
   * @param begunAt when its fetch began: milliseconds since 1970
   */
  add(tile: EncodedTile, begunAt = Date.now()): Promise<void> {
    const absent = tile.chunks.filter(({ bytes }) => bytes === undefined).length;
    return this.#addWhole({ ...tile, absent }, begunAt);
  }

  /** As {@link add}, for a tile of another store: with what that knows of it. */
  copy(tile: CopiedTile): Promise<void> {
    return this.#addWhole(tile, Date.now(), tile);
  }

  #addWhole(tile: CopiedTile, begunAt: number, copy?: CopiedFrom): Promise<void> {
    return this.#enqueue(async () => {
      const group = this.#startGroup();
      group.session ??= await this.repository.writeSession();
      const { id, index, isEmpty, absent, chunks } = tile;
      const bands = chunks.map(({ band }) => band);
      const written = { session: group.session, id, index, isEmpty, absent, begunAt, bands, copy };
      group.begun = written;
      await this.#writeChunks(group.session, index, chunks);
      delete group.begun;
      await this.#addToGroup(written);
    });
  }

  /**
   * Begins a tile that is too large to lie in memory whole: its chunks are written as they come, to a session of
   * its own, which is committed with the others of a group when the tile is ended.
   *
   * @param copy of a loaded tile of another store: what that knows of it
   */
  open(
    tile: Pick<EncodedTile, 'id' | 'index'>,
    begunAt = Date.now(),
    copy?: CopiedFrom,
  ): Promise<OpenTile> {
    return this.#enqueue(async () => {
      const session = await this.repository.writeSession();
      const opened: Opened = { session, tile, begunAt, copy, chunks: new Map() };
      this.#opened.add(opened);
      return {
        add: (chunks) => this.#enqueue(() => this.#addTo(opened, chunks)),
        end: () => this.#enqueue(() => this.#end(opened)),
        drop: () => this.#drop(opened),
      };
    });
  }

  /** Commits what is waiting. */
  flush(): Promise<void> {
    return this.#enqueue(() => this.#commitGroup());
  }

  async #addTo(opened: Opened, chunks: Parameters<OpenTile['add']>[0]): Promise<void> {
    const { session, tile } = opened;
    for (const { band, bytes, counts } of chunks) {
      const before = opened.chunks.get(band);
      // Noted before it is written: what is withdrawn may be there in part.
      opened.chunks.set(band, { isAbsent: bytes === undefined, isEmpty: counts?.valid === 0 });
      if (bytes === undefined && before?.isAbsent === false)
        await session.store.remove(this.#keyOf(band, tile.index));
    }
    await this.#writeChunks(session, tile.index, chunks);
  }

  async #end(opened: Opened): Promise<void> {
    this.#opened.delete(opened);
    await this.#addToGroup(writtenOf(opened));
  }

  /** Waits for its turn, like all that writes; what a failure has withdrawn is gone already. */
  #drop(opened: Opened): Promise<void> {
    this.#queue = this.#queue.then(async () => {
      if (this.#opened.delete(opened)) await this.#withdraw([writtenOf(opened)]);
    });
    return this.#queue;
  }

  async #writeChunks(
    { store }: WriteSession,
    index: TileIndex,
    chunks: CopiedTile['chunks'],
  ): Promise<void> {
    for (const { band, bytes } of chunks) {
      const key = this.#keyOf(band, index);
      if (bytes === undefined) await this.#leaveOut(store, key);
      else await store.set(key, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    }
  }

  /** What has no chunk has none, whatever was there before. */
  #leaveOut(store: CubeStore, key: string): Promise<void> {
    return this.options.refreshBefore === undefined
      ? store.discard(key)
      : removeIfThere(store, key);
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(() => {
      if (this.#failure !== undefined) throw this.#failure;
      return task();
    });
    this.#queue = run.then(
      () => {},
      async (error: unknown) => {
        // After a failed commit nothing more may be written: the session is spent, and the caller must know.
        this.#failure ??= error;
        const [group, opened] = [this.#group, [...this.#opened]];
        this.#group = undefined;
        this.#opened.clear();
        if (group !== undefined) {
          clearTimeout(group.timer);
          const { tiles, begun } = group;
          await this.#withdraw(begun === undefined ? tiles : [...tiles, begun]);
        }
        await this.#withdraw(opened.map(writtenOf));
      },
    );
    return run;
  }

  #startGroup(): Group {
    this.#group ??= {
      session: undefined,
      tiles: [],
      begunAt: performance.now(),
      timer: undefined,
    };
    return this.#group;
  }

  /** Commits the group now where it is due, and else when it will be. */
  async #addToGroup(tile: WrittenTile): Promise<void> {
    const group = this.#startGroup();
    group.tiles.push(tile);
    const waitMs = this.#pace.dueAt(group.tiles.length, group.begunAt) - performance.now();
    if (waitMs <= 0) return this.#commitGroup();
    clearTimeout(group.timer);
    // Its failure is kept in #failure, and the next call tells.
    group.timer = setTimeout(() => void this.flush().catch(() => {}), waitMs);
  }

  async #commitGroup(): Promise<void> {
    const group = this.#group;
    if (group === undefined || group.tiles.length === 0) return;
    clearTimeout(group.timer);
    await this.#commit(group.tiles);
    this.#group = undefined;
  }

  async #commit(written: readonly WrittenTile[]): Promise<void> {
    const started = performance.now();
    let tiles = written;
    let tries = 0;
    let snapshot: string | undefined;
    while (snapshot === undefined && tiles.length > 0) {
      try {
        snapshot = await this.#commitOnce(tiles, () => tries++);
      } catch (error) {
        if (!(error instanceof StoreError && error.kind === 'conflict')) throw error;
        const rest = await this.#onNewest(tiles);
        // The conflict is about something else.
        if (rest === undefined) throw error;
        tiles = rest;
      }
    }
    const now = performance.now();
    this.#pace.ended(now, now - started);
    // Nothing was written, or another process had all of it.
    if (snapshot === undefined) return;
    const committed = snapshot;
    this.options.onCommit?.(
      tiles.map(({ id }) => ({ state: 'committed', id, snapshot: committed })),
      now - started,
      Math.max(tries - 1, 0),
    );
  }

  #commitOnce(tiles: readonly WrittenTile[], onTry: () => void): Promise<string> {
    const [first, ...others] = new Set(tiles.map(({ session }) => session));
    if (first === undefined) throw new Error('Expected tiles to commit but received none.');
    const finish: Finish = async (newest) => {
      onTry();
      const ledger = new Ledger(newest);
      for (const { index, isEmpty, absent } of tiles) {
        if (isEmpty) await ledger.set(index, TileState.empty);
        else await ledger.set(index, TileState.loaded, absent);
      }
      await ledger.flush();
      await this.#noteFetches(newest, tiles);
    };
    return this.repository.commit(first, messageOf(tiles), finish, others);
  }

  /** One time for all of a commit's own: so many different ones would take more room than the ledger. */
  async #noteFetches(newest: CubeStore, tiles: readonly WrittenTile[]): Promise<void> {
    const { origin, sourceUpdatedAt } = this.options;
    const records = new FetchRecords(newest);
    const fetched = tiles.filter(({ copy }) => copy === undefined);
    if (origin !== undefined && fetched.length > 0)
      await records.set(
        fetched.map(({ index }) => index),
        {
          ...{ fetchedAt: Math.min(...fetched.map(({ begunAt }) => begunAt)), origin },
          sourceUpdatedAt: sourceUpdatedAt?.(),
        },
      );
    for (const { index, copy } of tiles)
      if (copy?.record !== undefined) await records.set([index], copy.record);
    await records.flush();
  }

  /**
   * Icechunk refuses a commit of chunks that another one has changed, or whose arrays have become longer. The tiles of
   * that other one are left as they are, and the rest goes to a session of its own: two processes that fill one region
   * without claims, as in an object store, do each other no harm, nor does one that extends the time axis.
   *
   * @returns `undefined` where it was neither.
   */
  async #onNewest(tiles: readonly WrittenTile[]): Promise<readonly WrittenTile[] | undefined> {
    const fresh = await this.repository.writeSession();
    const done = new DoneTiles(fresh.store, this.options.refreshBefore);
    const rest: WrittenTile[] = [];
    const elsewhere: string[] = [];
    for (const tile of tiles) {
      if (await done.isDone(tile.index)) elsewhere.push(tile.id);
      else rest.push(tile);
    }
    if (elsewhere.length === 0 && !(await this.#areLonger(tiles, fresh.store))) return undefined;
    for (const tile of rest) {
      for (const key of this.#keysOf(tile)) {
        const bytes = (await tile.session.store.get(key)) ?? undefined;
        if (bytes !== undefined) await fresh.store.set(key, Buffer.from(bytes));
        else await this.#leaveOut(fresh.store, key);
      }
    }
    if (elsewhere.length > 0) this.options.onLoadedElsewhere?.(elsewhere);
    return rest.map((tile) => ({ ...tile, session: fresh }));
  }

  /** Whether the arrays have become longer than one of the sessions has them. */
  async #areLonger(tiles: readonly WrittenTile[], now: CubeStore): Promise<boolean> {
    const band = this.dataset.bands[0]?.name ?? '';
    for (const session of new Set(tiles.map((tile) => tile.session)))
      if (await isLonger(band, now, session.store)) return true;
    return false;
  }

  /**
   * Removes chunks that no commit will make count, where they would be seen: beside a ledger that does not
   * know them they look like damage, and on a full disk they take the room. Whatever cannot be removed is
   * written anew by the next run.
   */
  async #withdraw(all: readonly WrittenTile[]): Promise<void> {
    const tiles = all.filter(({ session }) => !session.isTransactional);
    if (tiles.length === 0) return;
    try {
      // A commit that failed may have written some of its ledger.
      const ledger = new Ledger((await this.repository.readSession()).store);
      for (const tile of tiles) {
        if ((await ledger.get(tile.index)) !== TileState.notLoaded) continue;
        for (const key of this.#keysOf(tile)) await tile.session.store.discard(key);
      }
    } catch {
      // Why the commit failed matters more.
    }
  }

  #keysOf({ bands, index }: WrittenTile): string[] {
    return bands.map((band) => this.#keyOf(band, index));
  }

  #keyOf(band: number, index: TileIndex): string {
    return chunkKey(this.dataset.bands[band]?.name ?? '', index);
  }
}

/** Whether an array has become longer in its first dimension, and is else what it was. */
async function isLonger(path: string, now: CubeStore, before: CubeStore): Promise<boolean> {
  const [longer, shorter] = [await readDocument(now, path), await readDocument(before, path)];
  if (longer === undefined || shorter === undefined) return false;
  const [steps = 0, ...shape] = longer.shape as number[];
  const [fewer = 0] = shorter.shape as number[];
  return steps > fewer && isDeepStrictEqual({ ...longer, shape: [fewer, ...shape] }, shorter);
}

function writtenOf({ session, tile: { id, index }, begunAt, copy, chunks }: Opened): WrittenTile {
  const each = [...chunks.values()];
  return {
    ...{ session, id, index, begunAt, copy, bands: [...chunks.keys()] },
    absent: copy?.absent ?? each.filter(({ isAbsent }) => isAbsent).length,
    isEmpty: copy === undefined && each.every(({ isEmpty }) => isEmpty),
  };
}

function messageOf(tiles: readonly WrittenTile[]): string {
  const [first] = tiles;
  return tiles.length === 1
    ? `Write tile ${first?.id}`
    : `Write ${tiles.length} tiles from ${first?.id}`;
}
