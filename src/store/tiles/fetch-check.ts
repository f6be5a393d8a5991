import type { TileIndex } from '../../grid/tiling.js';
import { readDocument } from '../metadata/documents.js';
import type { KeyValueStore } from '../session.js';
import { FETCHES_PATH, FetchRecords, fetchesKey } from './fetch-records.js';

/** Whether the record of fetches can be read: each of its chunks is looked at once, and none is kept. */
export class FetchCheck {
  readonly #seen = new Set<string>();
  readonly damaged: { readonly key: string; readonly message: string }[] = [];
  #isThere: Promise<boolean | undefined> | undefined;

  constructor(private readonly store: KeyValueStore) {}

  /** Reads the chunk with the tile's record, unless it was read. Never throws: see {@link damaged}. */
  async look(index: TileIndex): Promise<void> {
    const key = fetchesKey(index);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#isThere ??= this.#try(
      `${FETCHES_PATH}/zarr.json`,
      async () => (await readDocument(this.store, FETCHES_PATH)) !== undefined,
    );
    // Records of their own, which keep no other chunk.
    if (await this.#isThere) await this.#try(key, () => new FetchRecords(this.store).get(index));
  }

  /** @returns what was read; `undefined` where it is damaged */
  async #try<T>(key: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.damaged.push({ key, message: `cannot be read: ${why}` });
      return undefined;
    }
  }
}
