import { gunzipSync, gzipSync } from 'node:zlib';
import { StoreError } from '../../errors.js';
import type { TileIndex } from '../../grid/tiling.js';
import { chunkKey, LEDGER_CHUNK, LEDGER_PATH } from '../metadata/zarr-metadata.js';
import type { KeyValueStore } from '../session.js';

/** What the ledger says of a tile. */
export const TileState = { notLoaded: 0, loaded: 1, empty: 2 } as const;
export type TileState = (typeof TileState)[keyof typeof TileState];

/**
 * What a ledger's byte holds beside the state, in its upper six bits: how many bands of a loaded tile
 * have no chunk, because all of their pixels hold the fill value. A chunk that was lost can so be told
 * from one that never was. The highest number means that it is not known: more bands than fit, or a
 * tile that another program wrote.
 */
const STATE_BITS = 2;
const STATE_MASK = (1 << STATE_BITS) - 1;
const UNKNOWN_ABSENT = 63;

/** All that the ledger knows of a tile. */
export interface LedgerEntry {
  readonly state: TileState;
  /** Bands of a loaded tile that have no chunk. */
  readonly absentBands: number | 'unknown';
}

/**
 * Which tiles are committed: a uint8 array [tile row, tile column], or [time, tile row, tile column] in
 * temporal cubes with a chunk for each time step, in the cube itself, so that it changes in the same
 * commit as the chunks it speaks of.
 *
 * Only chunks that are asked for are read, and kept for the life of the object.
 */
export class Ledger {
  readonly #chunks = new Map<string, Promise<Uint8Array>>();
  readonly #changed = new Set<string>();
  /** The chunk that was read last. */
  #last: { readonly place: ChunkPlace; readonly states: Uint8Array } | undefined;

  constructor(private readonly store: KeyValueStore) {}

  async get(index: TileIndex): Promise<TileState> {
    const chunk = await this.#chunk(keyOf(index));
    this.#last = { place: placeOf(index), states: chunk };
    return stateIn(chunk, index);
  }

  /**
   * The state of a tile in the chunk that was read last, `undefined` where another has to be read. Whoever
   * walks over a grid asks here first: with a promise for each of its tiles a walk takes several times as long.
   */
  peek(index: TileIndex): TileState | undefined {
    return this.#last !== undefined && isPlaceOf(this.#last.place, index)
      ? stateIn(this.#last.states, index)
      : undefined;
  }

  async entry(index: TileIndex): Promise<LedgerEntry> {
    const state = this.peek(index) ?? (await this.get(index));
    const absent = this.#lastByte(index) >> STATE_BITS;
    return { state, absentBands: absent === UNKNOWN_ABSENT ? 'unknown' : absent };
  }

  /** All that is known of a tile as the array holds it, in one number; 0 where it is not loaded. */
  async byte(index: TileIndex): Promise<number> {
    const state = this.peek(index) ?? (await this.get(index));
    return state === TileState.notLoaded ? 0 : this.#lastByte(index);
  }

  /** In the chunk that was read last. */
  #lastByte(index: TileIndex): number {
    return this.#last?.states[offsetOf(index)] ?? 0;
  }

  /**
   * The tiles that are loaded, of one square of the ledger after the other: a square that holds none costs one look, so
   * that a large grid of which little is loaded is soon gone through.
   *
   * @param grid its rows and columns of tiles
   * @param steps of the time axis; `undefined` in cubes without one
   */
  async *loaded(
    { rows, cols }: { readonly rows: number; readonly cols: number },
    steps: number | undefined,
  ): AsyncGenerator<TileIndex> {
    for (let t = 0; t < (steps ?? 1); t++)
      for (let top = 0; top < rows; top += LEDGER_CHUNK)
        for (let left = 0; left < cols; left += LEDGER_CHUNK) {
          const at = (row: number, col: number) =>
            steps === undefined ? { row, col } : { t, row, col };
          const chunk = await this.#chunk(keyOf(at(top, left)));
          if (chunk.every((byte) => (byte & STATE_MASK) === TileState.notLoaded)) continue;
          for (let row = top; row < Math.min(top + LEDGER_CHUNK, rows); row++)
            for (let col = left; col < Math.min(left + LEDGER_CHUNK, cols); col++)
              if (stateIn(chunk, at(row, col)) !== TileState.notLoaded) yield at(row, col);
        }
  }

  /** @param absentBands of a loaded tile: how many of its bands have no chunk */
  async set(
    index: TileIndex,
    state: TileState,
    absentBands: number | 'unknown' = 0,
  ): Promise<void> {
    const key = keyOf(index);
    const absent =
      absentBands === 'unknown' ? UNKNOWN_ABSENT : Math.min(absentBands, UNKNOWN_ABSENT);
    (await this.#chunk(key))[offsetOf(index)] = state | (absent << STATE_BITS);
    this.#changed.add(key);
  }

  /** Writes the changed chunks; they count once the session is committed. */
  async flush(): Promise<void> {
    for (const key of this.#changed) {
      await this.store.set(key, gzipSync(await this.#chunk(key), { level: 1 }));
    }
    this.#changed.clear();
  }

  #chunk(key: string): Promise<Uint8Array> {
    const known = this.#chunks.get(key);
    if (known !== undefined) return known;
    const read = this.store.get(key).then((bytes) => {
      if (bytes === null || bytes === undefined) return new Uint8Array(LEDGER_CHUNK * LEDGER_CHUNK);
      return unpack(key, bytes);
    });
    this.#chunks.set(key, read);
    return read;
  }
}

function unpack(key: string, bytes: Uint8Array): Uint8Array {
  try {
    const states = gunzipSync(bytes);
    if (states.byteLength === LEDGER_CHUNK * LEDGER_CHUNK) return new Uint8Array(states);
  } catch {
    // Said below.
  }
  throw new StoreError(
    'io',
    `Expected the states of ${LEDGER_CHUNK} x ${LEDGER_CHUNK} tiles at ${key} but received other bytes. The ledger is damaged: without that file its tiles count as not loaded, and are fetched again.`,
  );
}

/** Position of a chunk, in chunks. */
type ChunkPlace = TileIndex;

function placeOf({ t, row, col }: TileIndex): ChunkPlace {
  const place = { row: Math.floor(row / LEDGER_CHUNK), col: Math.floor(col / LEDGER_CHUNK) };
  return t === undefined ? place : { t, ...place };
}

function isPlaceOf(place: ChunkPlace, { t, row, col }: TileIndex): boolean {
  return (
    place.t === t &&
    place.row === Math.floor(row / LEDGER_CHUNK) &&
    place.col === Math.floor(col / LEDGER_CHUNK)
  );
}

function keyOf(index: TileIndex): string {
  return chunkKey(LEDGER_PATH, placeOf(index));
}

function stateIn(chunk: Uint8Array, index: TileIndex): TileState {
  return ((chunk[offsetOf(index)] ?? 0) & STATE_MASK) as TileState;
}

function offsetOf({ row, col }: TileIndex): number {
  return (row % LEDGER_CHUNK) * LEDGER_CHUNK + (col % LEDGER_CHUNK);
}
