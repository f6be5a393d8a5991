/**
 * The stores of shards brought together in one cube: their encoded chunks are copied as they are, with what ledger and
 * fetches say of each tile, in commits of bounded size. Whoever is killed on the way has lost what was not committed,
 * and goes on from there.
 */
import { widestType } from '../../dataset/band-types.js';
import { AbortedError, expected, StoreError } from '../../errors.js';
import { type TileIndex, tileId } from '../../grid/tiling.js';
import { bytesOf } from '../../raster/dtype.js';
import { packingOf, settlePacking } from '../../store/metadata/band-packing.js';
import { readDocument } from '../../store/metadata/documents.js';
import { chunkKey } from '../../store/metadata/zarr-metadata.js';
import type { CubeStore, Session } from '../../store/session.js';
import { refuseSeveralHosts } from '../../store/sharing/several-hosts.js';
import {
  readLedger,
  updateLedger,
  writeLoadedLists,
} from '../../store/smart-geocubes/loaded-list.js';
import { nameStorage } from '../../store/storage-url.js';
import { type CheckChunk, frameChecker } from '../../store/tiles/chunk-check.js';
import { Committer } from '../../store/tiles/committer.js';
import { FetchRecords } from '../../store/tiles/fetch-records.js';
import { type LedgerEntry, TileState } from '../../store/tiles/ledger.js';
import type { BandPacking } from '../../tile.js';
import { inLanes } from '../fill/run/lanes.js';
import { openCube } from '../open.js';
import { checkExtendable, ledgerOf, type OpenedCube } from '../opened-cube.js';
import { isCreated } from '../state/existence.js';
import { ownStoreOf } from './own-store.js';
import { checkMergeable } from './same-cube.js';
import { checkShardCount } from './shard.js';

/** How `Cube.merge` copies. */
export interface MergeOptions {
  /** Tiles in one commit. Default: 128, or what is copied in ten seconds. */
  readonly groupSize?: number;
  /** Told of each store when it is done. */
  readonly onStore?: (store: MergedStore) => void;
  /** Told of each tile that cannot be copied. */
  readonly onDamage?: (tile: UncopiedTile) => void;
  readonly signal?: AbortSignal;
}

/** What was copied from one store. */
export interface MergedStore {
  /** Its path or URL. */
  readonly storage: string;
  /** Tiles that it has, of which some were copied and others were in the cube already: those stayed as they were. */
  readonly tiles: number;
  readonly copied: number;
  readonly alreadyThere: number;
  /** Tiles of it that are damaged, and were not copied. */
  readonly damaged: number;
  /** Of the chunks that were copied. */
  readonly bytes: number;
}

/** What was copied from all of them. */
export interface MergeReport extends Omit<MergedStore, 'storage' | 'tiles'> {
  readonly stores: readonly MergedStore[];
  /** Damaged tiles of which no other store had a whole one: the cube lacks them. */
  readonly lost: number;
  /** Stores of shards that are not there, because they never began, or were merged and removed. */
  readonly absent: readonly string[];
}

/** A tile that was not copied, and why. */
export interface UncopiedTile {
  readonly storage: string;
  readonly id: string;
  /** One line for people. */
  readonly message: string;
}

const GROUP_SIZE = 128;
const GROUP_MS = 10_000;

/** Tiles read at a time: files are read faster by several than by one, and no faster by many. */
const LANES = 4;

/** Tiles whose pixels take more are copied chunk by chunk, and one at a time. */
const LARGEST_WHOLE = 256 * 1024 ** 2;

/**
 * As `Cube.merge`.
 * @param largestWhole bytes of a tile's pixels, beyond which it is copied chunk by chunk
 */
export async function mergeStores(
  cube: OpenedCube,
  which: readonly string[] | { readonly shards: number },
  options: MergeOptions = {},
  largestWhole = LARGEST_WHOLE,
): Promise<MergeReport> {
  checkExtendable(cube);
  const { there: storages, absent } = Array.isArray(which)
    ? { there: namesOf(which), absent: [] }
    : await ownStoresOf(cube, (which as { readonly shards: number }).shards);
  const { repository, dataset, codec } = cube;
  const sources: OpenedCube[] = [];
  for (const storage of storages) {
    const source = await openCube(storage);
    const place = nameStorage(source.repository.location);
    if (place === nameStorage(repository.location))
      throw expected('other stores than the cube itself', 'what to merge', place);
    await checkMergeable(cube, source);
    sources.push(source);
  }
  await refuseSeveralHosts(repository, { isOneOfSeveral: false });
  for (const source of sources) await settlePacking(repository, dataset, await packingsOf(source));
  await updateLedger(repository, dataset, codec);
  const stores: MergedStore[] = [];
  const left = new Map<string, TileIndex>();
  try {
    for (const source of sources) {
      stores.push(await new StoreCopy(cube, source, left, options, largestWhole).run());
      const [last] = stores.slice(-1);
      if (last !== undefined) options.onStore?.(last);
    }
  } finally {
    await writeLoadedLists(repository, dataset).catch((error: unknown) => {
      // Why the merge ended matters more than a list that its next run can write.
      if (stores.length === sources.length) throw error;
    });
  }
  const sum = (field: 'copied' | 'alreadyThere' | 'damaged' | 'bytes') =>
    stores.reduce((total, each) => total + each[field], 0);
  const ledger = await ledgerOf(cube);
  let lost = 0;
  for (const index of left.values()) if ((await ledger.get(index)) === TileState.notLoaded) lost++;
  return {
    stores,
    absent,
    lost,
    copied: sum('copied'),
    alreadyThere: sum('alreadyThere'),
    damaged: sum('damaged'),
    bytes: sum('bytes'),
  };
}

/** @throws {InvalidInputError} */
function namesOf(which: readonly unknown[]): string[] {
  if (which.length === 0) throw expected('stores', 'what to merge', 'none');
  return which.map((storage) => {
    if (typeof storage !== 'string') throw expected('a path or URL', 'a store to merge', storage);
    return storage;
  });
}

/** Those of all shards, where each has one of its own. */
async function ownStoresOf({ repository }: OpenedCube, count: number) {
  checkShardCount(count);
  const [there, absent]: [string[], string[]] = [[], []];
  for (let index = 0; index < count; index++) {
    const location = ownStoreOf(repository.location, { index, count });
    ((await isCreated(location)) ? there : absent).push(nameStorage(location));
  }
  return { there, absent };
}

/** What a first import has entered of its files, in a store that was filled by one. */
async function packingsOf({ repository, dataset }: OpenedCube): Promise<BandPacking[]> {
  const { store } = await repository.readSession();
  const packings: BandPacking[] = [];
  for (const { name } of dataset.bands)
    packings.push(packingOf((await readDocument(store, name))?.attributes));
  return packings;
}

interface TileToCopy {
  readonly index: TileIndex;
  readonly entry: LedgerEntry;
}

/** The copy of one store's tiles, as they are when it begins. */
class StoreCopy {
  readonly #storage: string;
  #tiles = 0;
  #copied = 0;
  #alreadyThere = 0;
  #damaged = 0;
  #bytes = 0;

  constructor(
    private readonly cube: OpenedCube,
    private readonly source: OpenedCube,
    /** Tiles that were not copied, by their ids: of all stores. */
    private readonly left: Map<string, TileIndex>,
    private readonly options: MergeOptions,
    private readonly largestWhole: number,
  ) {
    this.#storage = nameStorage(source.repository.location);
  }

  async run(): Promise<MergedStore> {
    const { signal, groupSize = GROUP_SIZE } = this.options;
    const session = await this.source.repository.readSession();
    const checkers = new Map<string, CheckChunk>();
    for (const { name } of this.source.dataset.bands)
      checkers.set(name, await frameChecker(session, name));
    const committer = new Committer(this.cube.repository, this.cube.dataset, {
      groupSize,
      maxDelayMs: GROUP_MS,
      onCommit: (tiles) => {
        this.#copied += tiles.length;
      },
      onLoadedElsewhere: (ids) => {
        this.#alreadyThere += ids.length;
      },
    });
    const copier = { session, checkers, committer, records: new FetchRecords(session.store) };
    const tiles = this.#missing(session);
    const stop = new AbortController();
    const isStopped = () => stop.signal.aborted || signal?.aborted === true;
    const copy = this.#isLarge() ? this.#copyLarge : this.#copyWhole;
    const failure = await inLanes(this.#isLarge() ? 1 : LANES, stop, async () => {
      for (;;) {
        const next = isStopped() ? undefined : await tiles.next();
        if (next === undefined || next.done) return;
        await copy.call(this, next.value, copier);
      }
    });
    await tiles.return(undefined);
    // What was copied before counts, whatever came then.
    await committer.flush().catch((error: unknown) => {
      throw failure ?? error;
    });
    if (failure !== undefined) throw this.#explain(failure);
    if (signal?.aborted)
      throw new AbortedError(
        'The merge was stopped; what was copied is committed, and a rerun goes on from there.',
      );
    return {
      storage: this.#storage,
      tiles: this.#tiles,
      copied: this.#copied,
      alreadyThere: this.#alreadyThere,
      damaged: this.#damaged,
      bytes: this.#bytes,
    };
  }

  /** The store's tiles that the cube lacks. Both ledgers are asked here alone, one tile after the other. */
  async *#missing({ store }: Session): AsyncGenerator<TileToCopy> {
    const { dataset, grid, timeAxis } = this.source;
    const ledger = await readLedger(store, dataset);
    const known = await ledgerOf(this.cube);
    for await (const index of ledger.loaded(grid, timeAxis?.length)) {
      this.#tiles++;
      if ((known.peek(index) ?? (await known.get(index))) === TileState.notLoaded)
        yield { index, entry: await ledger.entry(index) };
      else this.#alreadyThere++;
    }
  }

  #isLarge(): boolean {
    const { dataset, grid } = this.cube;
    const pixels = grid.chunk.height * grid.chunk.width * dataset.bands.length;
    return pixels * bytesOf(widestType(dataset)) > this.largestWhole;
  }

  /** A tile whose chunks lie in memory together: all are looked at before the first is written. */
  async #copyWhole({ index, entry }: TileToCopy, copier: Copier): Promise<void> {
    const chunks: { readonly band: number; readonly bytes?: Uint8Array }[] = [];
    const isEmpty = entry.state === TileState.empty;
    for (const [band, { name }] of this.source.dataset.bands.entries()) {
      const bytes = isEmpty ? undefined : await readChunk(copier, name, index);
      if (bytes instanceof Problem) return this.#leave(index, bytes.message);
      chunks.push(bytes === undefined ? { band } : { band, bytes });
    }
    const there = chunks.filter(({ bytes }) => bytes !== undefined).length;
    const problem = isEmpty ? undefined : countProblem(entry, there, chunks.length);
    if (problem !== undefined) return this.#leave(index, problem);
    const record = await copier.records.get(index);
    await copier.committer.copy({
      ...{ id: tileId(index), index, isEmpty, chunks, record },
      absent: entry.absentBands,
    });
    for (const { bytes } of chunks) this.#bytes += bytes?.byteLength ?? 0;
  }

  /** One whose chunks are many, or large: each is written before the next is read, and all are dropped where one is damaged. */
  async #copyLarge(tile: TileToCopy, copier: Copier): Promise<void> {
    const { index, entry } = tile;
    if (entry.state === TileState.empty) return this.#copyWhole(tile, copier);
    const record = await copier.records.get(index);
    const from = { absent: entry.absentBands, record };
    const open = await copier.committer.open({ id: tileId(index), index }, Date.now(), from);
    let [there, copied] = [0, 0];
    let problem: string | undefined;
    for (const [band, { name }] of this.source.dataset.bands.entries()) {
      const bytes = await readChunk(copier, name, index);
      if (bytes instanceof Problem) problem = bytes.message;
      if (bytes instanceof Problem) break;
      await open.add([bytes === undefined ? { band } : { band, bytes }]);
      if (bytes !== undefined) there++;
      copied += bytes?.byteLength ?? 0;
    }
    problem ??= countProblem(entry, there, this.source.dataset.bands.length);
    if (problem !== undefined) {
      await open.drop();
      return this.#leave(index, problem);
    }
    await open.end();
    this.#bytes += copied;
  }

  #leave(index: TileIndex, message: string): void {
    this.#damaged++;
    this.left.set(tileId(index), index);
    this.options.onDamage?.({ storage: this.#storage, id: tileId(index), message });
  }

  /** Which of the stores it was. */
  #explain(failure: unknown): unknown {
    if (!(failure instanceof StoreError) || failure.message.includes(this.#storage)) return failure;
    const { kind, message } = failure;
    return new StoreError(kind, `${message} (while copying from ${this.#storage})`, {
      cause: failure,
    });
  }
}

interface Copier {
  readonly session: { readonly store: CubeStore };
  readonly checkers: ReadonlyMap<string, CheckChunk>;
  readonly committer: Committer;
  readonly records: FetchRecords;
}

/** What is wrong with a chunk. */
class Problem {
  constructor(readonly message: string) {}
}

/** `undefined` where the tile has none of the band. */
async function readChunk(
  { session, checkers }: Copier,
  band: string,
  index: TileIndex,
): Promise<Uint8Array | undefined | Problem> {
  try {
    const bytes = (await session.store.get(chunkKey(band, index))) ?? undefined;
    const problem = bytes === undefined ? undefined : await checkers.get(band)?.(index, bytes);
    return problem === undefined ? bytes : new Problem(`a chunk is damaged: ${band}: ${problem}`);
  } catch (error) {
    // Where the store is away, or lets nobody in, nothing is known of the chunk.
    if (!(error instanceof StoreError && LOST.test(error.message))) throw error;
    return new Problem(`a chunk cannot be read: ${band}: ${error.message}`);
  }
}

/** Committed, and its bytes are gone, or are on a part of the disk that cannot be read. */
const LOST = /object not found|\bEIO\b|os error 5\b/i;

function countProblem(
  { absentBands }: LedgerEntry,
  there: number,
  bands: number,
): string | undefined {
  if (absentBands === 'unknown') return undefined;
  const wanted = bands - absentBands;
  return there === wanted
    ? undefined
    : `it has ${there === 1 ? 'one chunk' : `${there} chunks`} but was loaded with ${wanted} of them`;
}
