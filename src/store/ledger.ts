import { gunzipSync, gzipSync } from 'node:zlib';
import type { TileIndex } from '../grid/tiling.js';
import type { KeyValueStore } from './session.js';
import { LEDGER_CHUNK, LEDGER_PATH } from './zarr-metadata.js';

/** What the ledger says of a tile. */
export const TileState = { notLoaded: 0, loaded: 1, empty: 2 } as const;
export type TileState = (typeof TileState)[keyof typeof TileState];

/**
 * Which tiles are committed: a uint8 array [tile row, tile column] in the cube itself, so that it
 * changes in the same commit as the chunks it speaks of.
 *
 * Only chunks that are asked for are read, and kept for the life of the object.
 */
export class Ledger {
  readonly #chunks = new Map<string, Promise<Uint8Array>>();
  readonly #changed = new Set<string>();

  constructor(private readonly store: KeyValueStore) {}

  async get(index: TileIndex): Promise<TileState> {
    const chunk = await this.#chunk(keyOf(index));
    return (chunk[offsetOf(index)] ?? TileState.notLoaded) as TileState;
  }

  async set(index: TileIndex, state: TileState): Promise<void> {
    const key = keyOf(index);
    (await this.#chunk(key))[offsetOf(index)] = state;
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
      return new Uint8Array(gunzipSync(bytes));
    });
    this.#chunks.set(key, read);
    return read;
  }
}

function keyOf({ row, col }: TileIndex): string {
  return `${LEDGER_PATH}/c/${Math.floor(row / LEDGER_CHUNK)}/${Math.floor(col / LEDGER_CHUNK)}`;
}

function offsetOf({ row, col }: TileIndex): number {
  return (row % LEDGER_CHUNK) * LEDGER_CHUNK + (col % LEDGER_CHUNK);
}
