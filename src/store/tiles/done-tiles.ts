import type { TileIndex } from '../../grid/tiling.js';
import type { KeyValueStore } from '../session.js';
import { FetchRecords } from './fetch-records.js';
import { Ledger, TileState } from './ledger.js';

/**
 * What a run need not do: tiles that are loaded; of a refresh, those that were fetched since it began, and those that are
 * not loaded, which it leaves alone.
 */
export class DoneTiles {
  readonly #records: FetchRecords;

  /**
   * @param refreshBefore of a refresh: tiles fetched before this (milliseconds since 1970) are to be fetched again
   * @param ledger of the same store, or one that knows more
   */
  constructor(
    store: KeyValueStore,
    private readonly refreshBefore?: number | undefined,
    private readonly ledger = new Ledger(store),
  ) {
    this.#records = new FetchRecords(store);
  }

  async isDone(index: TileIndex): Promise<boolean> {
    const isLoaded = (await this.ledger.get(index)) !== TileState.notLoaded;
    if (this.refreshBefore === undefined) return isLoaded;
    return !isLoaded || (await this.#records.fetchedAt(index)) >= this.refreshBefore;
  }
}
