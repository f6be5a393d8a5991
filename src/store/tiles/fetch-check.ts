import type { TileIndex } from '../../grid/tiling.js';
import type { KeyValueStore } from '../session.js';
import { FETCHES_PATH, fetchesKey, readFetches } from './fetch-records.js';

/** Whether the record of fetches can be read: each of its chunks is looked at once, and none is kept. */
export class FetchCheck {
  readonly #seen = new Set<string>();
  readonly damaged: { readonly key: string; readonly message: string }[] = [];
  #isThere: Promise<boolean> | undefined;

  constructor(private readonly store: KeyValueStore) {}

  /** Reads the chunk with the tile's record, unless it was read. Never throws: see {@link damaged}. */
  async look(index: TileIndex): Promise<void> {
    const key = fetchesKey(index);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#isThere ??= this.#try(`${FETCHES_PATH}/zarr.json`, () => readFetches(this.store));
    if (await this.#isThere) await this.#try(key, () => readFetches(this.store, key));
  }

  /** @returns whether it is there, and whole */
  async #try(key: string, read: () => Promise<boolean>): Promise<boolean> {
    try {
      return await read();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.damaged.push({ key, message: `cannot be read: ${why}` });
      return false;
    }
  }
}
