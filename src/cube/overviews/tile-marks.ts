/** Whether the overviews hold a tile as it is: what the ledger and the fetches say of it, beside what was noted then. */
import type { TileIndex } from '../../grid/tiling.js';
import { OVERVIEW_FIELDS, OVERVIEW_TILES_PATH } from '../../store/metadata/overview-documents.js';
import type { KeyValueStore } from '../../store/session.js';
import { FetchRecords } from '../../store/tiles/fetch-records.js';
import { type Ledger, TileState } from '../../store/tiles/ledger.js';
import { TileNumbers } from '../../store/tiles/tile-numbers.js';

/** What tells one content of a tile from another: in the order of the array's fields. */
export type TileMark = readonly [state: number, fetchedAt: number];

export function overviewNumbers(store: KeyValueStore): TileNumbers {
  return new TileNumbers(store, OVERVIEW_TILES_PATH, async () => OVERVIEW_FIELDS, {
    tell: 'what the overviews hold of',
    without: 'without it these tiles count as not being in them',
  });
}

/** Tiles of a store at one moment. */
export class TileMarks {
  readonly #fetches: FetchRecords;
  readonly #noted: TileNumbers;

  constructor(
    store: KeyValueStore,
    private readonly ledger: Ledger,
  ) {
    this.#fetches = new FetchRecords(store);
    this.#noted = overviewNumbers(store);
  }

  /** Of the tile as it is; zeros where it is not loaded. */
  async now(index: TileIndex): Promise<TileMark> {
    const state = await this.ledger.byte(index);
    return state === 0 ? [0, 0] : [state, await this.#fetches.fetchedAt(index)];
  }

  /** Of a tile that was asked for last. */
  isLoaded(index: TileIndex): boolean {
    return (this.ledger.peek(index) ?? TileState.notLoaded) !== TileState.notLoaded;
  }

  /** Whether the overviews hold it so. */
  async isCurrent(index: TileIndex): Promise<boolean> {
    const state =
      this.ledger.peek(index) === TileState.notLoaded ? 0 : await this.ledger.byte(index);
    const noted = this.#noted.peek(index, 0) ?? (await this.#noted.get(index))[0] ?? 0;
    if (state !== noted) return false;
    return state === 0 || (await this.#fetches.fetchedAt(index)) === this.#noted.peek(index, 1);
  }
}
