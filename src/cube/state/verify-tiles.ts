import type { Dataset } from '../../dataset/dataset.js';
import { AbortedError } from '../../errors.js';
import { type TileIndex, tileId } from '../../grid/tiling.js';
import type { Pool } from '../../pool/pool.js';
import { chunkKey } from '../../store/metadata/zarr-metadata.js';
import type { Session } from '../../store/session.js';
import type { CheckChunk } from '../../store/tiles/chunk-check.js';
import { type Ledger, type LedgerEntry, TileState } from '../../store/tiles/ledger.js';
import { chunkCheckers } from './chunk-checkers.js';
import type { DamagedCompanion } from './companions.js';

/** What is wrong with a tile. */
export type DamageKind =
  /** The ledger says loaded, but a chunk is not there, or its bytes are not. */
  | 'missing'
  /** A chunk cannot be decoded, or not to the pixels of a chunk. */
  | 'unreadable'
  /** A chunk is there that the ledger does not know of. */
  | 'unknown-chunk';

/** A tile that does not verify, and why. */
export interface DamagedTile {
  readonly id: string;
  readonly index: TileIndex;
  readonly kind: DamageKind;
  /** What the ledger says of the tile. */
  readonly state: TileState;
  /** Bands whose chunks are meant. Of a missing chunk it may not be known which band it was. */
  readonly bands: readonly string[];
  /** One line for people. */
  readonly message: string;
}

/** What {@link Cube.verify} found. */
export interface VerifyReport {
  /** Whether only the presence of chunks was checked. */
  readonly quick: boolean;
  readonly tiles: number;
  readonly loaded: number;
  readonly empty: number;
  readonly notLoaded: number;
  /** Chunks that were found, and their bytes where they were read. */
  readonly chunks: number;
  readonly bytes: number;
  readonly damaged: number;
  readonly byKind: Readonly<Record<DamageKind, number>>;
  /** Tiles that were reopened, so that the next ingest fetches them. */
  readonly repaired: number;
  /** Chunks of overviews that were found, of all levels that hold something of the tiles. */
  readonly levelChunks: number;
  /** What is damaged beside the tiles: files of the newest commit, coordinates, the record of fetches, overviews. */
  readonly companions: readonly DamagedCompanion[];
  /** How many of these were mended. */
  readonly companionsMended: number;
  /** Where overviews were mended: tiles of the cube that they do not hold as they are, until the next pass. */
  readonly overviewsStale?: number;
}

export interface Checkup {
  readonly session: Session;
  readonly ledger: Ledger;
  readonly dataset: Dataset;
  readonly tiles: Iterable<TileIndex>;
  /** Only whether chunks are there; of each at most a byte is read. */
  readonly quick: boolean;
  /** Decodes chunks in its threads. Default: this thread. */
  readonly pool?: Pool | undefined;
  readonly onDamage: (tile: DamagedTile) => void;
  readonly onTile?: ((checked: number) => void) | undefined;
  /** Looks at what else there is of each tile. */
  readonly beside: (index: TileIndex) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** Tiles looked at together: their reads wait for one another no longer than that. */
const TOGETHER = 16;

/**
 * Looks at each tile's chunks and at what the ledger says of them, in order.
 * @throws {StoreError | AbortedError}
 */
export async function verifyTiles(
  checkup: Checkup,
): Promise<Omit<VerifyReport, 'levelChunks' | 'repaired' | 'companions' | 'companionsMended'>> {
  const { session, dataset, quick, ledger, signal } = checkup;
  const names = quick ? [] : dataset.bands.map(({ name }) => name);
  const checkers = await chunkCheckers(session, names, checkup.pool);
  const count = { tiles: 0, loaded: 0, empty: 0, notLoaded: 0, chunks: 0, bytes: 0, damaged: 0 };
  const byKind = { missing: 0, unreadable: 0, 'unknown-chunk': 0 };
  for (const group of inGroups(checkup.tiles, TOGETHER)) {
    if (signal?.aborted) throw new AbortedError('The check was stopped; nothing was changed.');
    const entries: LedgerEntry[] = [];
    // Not together: a ledger remembers the chunk that it read last.
    for (const index of group) {
      entries.push(await ledger.entry(index));
      await checkup.beside(index);
    }
    const found = await Promise.all(
      group.map((index, i) => lookAt(index, entries[i]?.state, session, dataset, checkers)),
    );
    for (const [i, index] of group.entries()) {
      const [entry, chunks] = [entries[i], found[i]];
      if (entry === undefined || chunks === undefined) continue;
      count.tiles++;
      count[STATE_COUNTS[entry.state]]++;
      count.chunks += chunks.filter(({ isThere }) => isThere).length;
      for (const { bytes } of chunks) count.bytes += bytes;
      const damage = judge(index, entry, chunks);
      if (damage === undefined) continue;
      count.damaged++;
      byKind[damage.kind]++;
      checkup.onDamage(damage);
    }
    checkup.onTile?.(count.tiles);
  }
  return { quick, ...count, byKind };
}

const STATE_COUNTS = ['notLoaded', 'loaded', 'empty'] as const;

interface FoundChunk {
  readonly band: string;
  readonly isThere: boolean;
  readonly bytes: number;
  /** Known, but its bytes are not where they should be. */
  readonly lost?: string;
  readonly problem?: string;
}

async function lookAt(
  index: TileIndex,
  state: TileState | undefined,
  { store }: Session,
  { bands }: Dataset,
  checkers: ReadonlyMap<string, CheckChunk>,
): Promise<FoundChunk[]> {
  const found: FoundChunk[] = [];
  for (const { name: band } of bands) {
    const key = chunkKey(band, index);
    const check = checkers.get(band);
    try {
      if (state !== TileState.loaded || check === undefined) {
        found.push({ band, isThere: await store.holds(key), bytes: 0 });
        continue;
      }
      const bytes = (await store.get(key)) ?? undefined;
      const problem = bytes === undefined ? undefined : await check(index, bytes);
      found.push({
        band,
        isThere: bytes !== undefined,
        bytes: bytes?.byteLength ?? 0,
        ...(problem === undefined ? {} : { problem }),
      });
    } catch (error) {
      const lost = error instanceof Error ? error.message : String(error);
      found.push({ band, isThere: true, bytes: 0, lost });
    }
  }
  return found;
}

function judge(
  index: TileIndex,
  { state, absentBands }: LedgerEntry,
  chunks: readonly FoundChunk[],
): DamagedTile | undefined {
  const there = chunks.filter(({ isThere }) => isThere);
  const lost = chunks.filter((chunk) => chunk.lost !== undefined);
  const broken = chunks.filter(({ problem }) => problem !== undefined);
  const tell = (kind: DamageKind, which: readonly FoundChunk[], what: string): DamagedTile => {
    const bands = which.map(({ band }) => band);
    return { id: tileId(index), index, kind, state, bands, message: what };
  };
  if (state !== TileState.loaded) {
    if (there.length === 0) return undefined;
    const words = state === TileState.empty ? 'loaded and empty' : 'not loaded';
    return tell('unknown-chunk', there, `is ${words} but has ${countWords(there.length)}`);
  }
  const [firstLost, firstBroken] = [lost[0], broken[0]];
  if (firstLost !== undefined)
    return tell('missing', lost, `${countWords(lost.length)} cannot be read: ${firstLost.lost}`);
  if (firstBroken !== undefined)
    return tell(
      'unreadable',
      broken,
      `${countWords(broken.length)} of it ${broken.length === 1 ? 'is' : 'are'} damaged: ${firstBroken.band}: ${firstBroken.problem}`,
    );
  if (absentBands === 'unknown') return undefined;
  const expected = chunks.length - absentBands;
  if (there.length === expected) return undefined;
  if (there.length > expected)
    return tell(
      'unknown-chunk',
      there,
      `has ${countWords(there.length)} but was loaded with ${expected}`,
    );
  const absent = chunks.filter(({ isThere }) => !isThere);
  return tell(
    'missing',
    absent,
    `has ${there.length} of the ${expected} chunks it was loaded with`,
  );
}

function countWords(chunks: number): string {
  return chunks === 1 ? 'a chunk' : `${chunks} chunks`;
}

function* inGroups<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let group: T[] = [];
  for (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
