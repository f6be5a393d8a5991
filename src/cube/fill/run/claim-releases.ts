import type { TileClaims } from '../../../store/sharing/tile-claims.js';

/** Gives up the claims of tiles that are done, in the background. */
export class ClaimReleases {
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly claims: TileClaims) {}

  add(ids: readonly string[]): void {
    // A claim that cannot be removed goes out of date by itself.
    const all = ids.map((id) => this.claims.release(id).catch(() => {}));
    this.#last = Promise.all([this.#last, ...all]);
  }

  /** A tile that failed for good: other shards do not try it again. */
  giveUp(id: string): void {
    // Where that cannot be told, they do.
    this.#last = Promise.all([this.#last, this.claims.giveUp(id).catch(() => {})]);
  }

  /** Gives up what is left, too. */
  async done(): Promise<void> {
    await this.#last;
    await this.claims.close().catch(() => {});
  }
}
