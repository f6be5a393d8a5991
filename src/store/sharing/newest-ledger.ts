import type { TileIndex } from '../../grid/tiling.js';
import type { Repository } from '../repository.js';
import { Ledger, TileState } from '../tiles/ledger.js';

/** What is committed at this moment, or was a short time ago. */
export class NewestLedger {
  #known: { readonly ledger: Ledger; readonly version: string | undefined } | undefined;
  #read: { readonly at: number; readonly ledger: Promise<Ledger> } | undefined;

  /** @param maxAgeMs how old an answer may be */
  constructor(
    private readonly repository: Pick<Repository, 'readSession'>,
    private readonly maxAgeMs: number,
  ) {}

  async isLoaded(index: TileIndex): Promise<boolean> {
    const now = performance.now();
    // Whoever asks while it is being read waits for the same, and is answered in the order of asking.
    if (this.#read === undefined || now - this.#read.at >= this.maxAgeMs)
      this.#read = { at: now, ledger: this.#newest() };
    return (await (await this.#read.ledger).get(index)) !== TileState.notLoaded;
  }

  async #newest(): Promise<Ledger> {
    const { store, version } = await this.repository.readSession();
    if (version === undefined || this.#known?.version !== version)
      this.#known = { ledger: new Ledger(store), version };
    return this.#known.ledger;
  }
}
