import type { TileIndex } from '../../grid/tiling.js';
import type { Repository } from '../repository.js';
import { DoneTiles } from '../tiles/done-tiles.js';

/** What is committed at this moment, or was a short time ago. */
export class NewestLedger {
  #known: { readonly ledger: DoneTiles; readonly version: string | undefined } | undefined;
  #read: { readonly at: number; readonly ledger: Promise<DoneTiles> } | undefined;

  /**
   * @param maxAgeMs how old an answer may be
   * @param refreshBefore of a refresh: as of {@link DoneTiles}, and so counts as loaded what it need not do
   */
  constructor(
    private readonly repository: Pick<Repository, 'readSession'>,
    private readonly maxAgeMs: number,
    private readonly refreshBefore?: number | undefined,
  ) {}

  async isLoaded(index: TileIndex): Promise<boolean> {
    const now = performance.now();
    // Whoever asks while it is being read waits for the same, and is answered in the order of asking.
    if (this.#read === undefined || now - this.#read.at >= this.maxAgeMs)
      this.#read = { at: now, ledger: this.#newest() };
    return (await this.#read.ledger).isDone(index);
  }

  async #newest(): Promise<DoneTiles> {
    const { store, version } = await this.repository.readSession();
    if (version === undefined || this.#known?.version !== version)
      this.#known = { ledger: new DoneTiles(store, this.refreshBefore), version };
    return this.#known.ledger;
  }
}
