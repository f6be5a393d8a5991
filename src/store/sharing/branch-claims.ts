import { type TileIndex, tileId } from '../../grid/tiling.js';
import type { Marks } from '../session.js';
import type { ClaimAnswer, TileClaims } from './claims.js';
import { MarkLeases } from './mark-leases.js';
import type { NewestLedger } from './newest-ledger.js';
import type { LeaseTimes } from './sharing-folder.js';

/** A request each: less often than in a folder. */
export const REMOTE_LEASE_TIMES: LeaseTimes = { beat: 10_000, lease: 60_000, confirm: 60_000 };

/** The claims of one run in an object store: a mark for each tile under way. */
export class BranchClaims implements TileClaims {
  readonly isShared = true;
  readonly #leases: MarkLeases;

  constructor(
    marks: Marks,
    private readonly newest: NewestLedger,
    /** What was committed a short time ago: such a tile needs no claim to be told from others. */
    private readonly recent: NewestLedger = newest,
    times: LeaseTimes = REMOTE_LEASE_TIMES,
  ) {
    this.#leases = new MarkLeases(marks, { times, watchesAll: true });
  }

  async claim(index: TileIndex): Promise<ClaimAnswer> {
    const id = tileId(index);
    if (await this.recent.isLoaded(index)) return 'loaded';
    if (!(await this.#leases.take(id))) return 'busy';
    // After the claim: before, its owner could commit and give it up between the two questions.
    if (!(await this.newest.isLoaded(index))) return 'ours';
    await this.release(id);
    return 'loaded';
  }

  release(id: string): Promise<void> {
    return this.#leases.giveBack(id);
  }

  async giveUp(id: string): Promise<void> {
    await this.#leases.giveUp(id).finally(() => this.release(id));
  }

  isGivenUp(id: string): Promise<boolean> {
    return this.#leases.isGivenUp(id);
  }

  close(): Promise<void> {
    return this.#leases.close();
  }
}
