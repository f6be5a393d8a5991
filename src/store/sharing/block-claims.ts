import { parseTileId, type TileIndex } from '../../grid/tiling.js';
import type { Marks } from '../session.js';
import type { ClaimAnswer, TileClaims } from './claims.js';
import { MarkLeases } from './mark-leases.js';
import type { NewestLedger } from './newest-ledger.js';
import type { LeaseTimes } from './sharing-folder.js';

/** Beats are requests, of each of what may be a hundred shards. */
const BLOCK_LEASE_TIMES: LeaseTimes = { beat: 15_000, lease: 60_000, confirm: 60_000 };

/** Between looks at a block that another shard has: at first, and at the most, each twice the one before. */
const FIRST_LOOK_MS = 2_000;
const LONGEST_LOOK_MS = 30_000;

/** With what blocks are claimed. */
export interface BlockClaimOptions {
  /** The name of the block in which a tile lies: the same for all who share the region. */
  readonly blockIdOf: (index: TileIndex) => string;
  /** What was committed a short time ago. */
  readonly recent: NewestLedger;
  /** Remembers what is committed when it is first asked. */
  readonly ledgerNow: () => NewestLedger;
  readonly times?: LeaseTimes | undefined;
}

interface Block {
  /** What is committed of it right after it was taken: since then nobody but this run fills its tiles. `undefined`: another has it. */
  readonly taken: Promise<NewestLedger | undefined>;
  /** Tiles of it that are under way, or asked for. */
  underWay: number;
}

/**
 * The claims of one shard in an object store: a mark for each block of tiles, so that a shard asks a few times a minute
 * whatever the size of its tiles. A block is held from its first tile until the next block is begun and all of its
 * tiles are done.
 */
export class BlockClaims implements TileClaims {
  readonly isShared = true;
  readonly #leases: MarkLeases;
  readonly #blocks = new Map<string, Block>();
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #busy = new Map<string, { readonly until: number; readonly waitMs: number }>();
  #current: string | undefined;

  constructor(
    marks: Marks,
    private readonly options: BlockClaimOptions,
  ) {
    const { times = BLOCK_LEASE_TIMES } = options;
    this.#leases = new MarkLeases(marks, { times, watchesAll: false });
  }

  async claim(index: TileIndex): Promise<ClaimAnswer> {
    const id = this.options.blockIdOf(index);
    const last = this.#current;
    this.#current = id;
    // Also where this one turns out to be another's: who waits for others must hold nothing that they wait for.
    if (last !== undefined && last !== id) await this.#leave(last);
    if (!this.#blocks.has(id)) {
      if (await this.options.recent.isLoaded(index)) return 'loaded';
      if (performance.now() < (this.#busy.get(id)?.until ?? 0)) return 'busy';
    }
    const block = this.#enter(id);
    try {
      const ledger = await block.taken;
      if (ledger !== undefined && !(await ledger.isLoaded(index))) return 'ours';
      await this.#done(id, block);
      return ledger === undefined ? 'busy' : 'loaded';
    } catch (error) {
      await this.#done(id, block).catch(() => {});
      throw error;
    }
  }

  async release(tile: string): Promise<void> {
    const id = this.options.blockIdOf(parseTileId(tile));
    const block = this.#blocks.get(id);
    if (block !== undefined && block.underWay > 0) await this.#done(id, block);
  }

  /** By a mark of its own: its block goes on. Before the block is given back, so that whoever takes it sees it. */
  async giveUp(tile: string): Promise<void> {
    await this.#leases.giveUp(tile).finally(() => this.release(tile));
  }

  isGivenUp(tile: string): Promise<boolean> {
    return this.#leases.isGivenUp(tile);
  }

  close(): Promise<void> {
    return this.#leases.close();
  }

  /** Counts one tile more of a block, which is taken where it is not held yet. */
  #enter(id: string): Block {
    let block = this.#blocks.get(id);
    if (block === undefined) {
      // What is being given back is gone only when the store says so.
      const left = this.#leaving.get(id) ?? Promise.resolve();
      block = { taken: left.then(() => this.#take(id)), underWay: 0 };
      this.#blocks.set(id, block);
    }
    block.underWay++;
    return block;
  }

  async #take(id: string): Promise<NewestLedger | undefined> {
    if (await this.#leases.take(id)) {
      this.#busy.delete(id);
      return this.options.ledgerNow();
    }
    const last = this.#busy.get(id)?.waitMs;
    const waitMs = last === undefined ? FIRST_LOOK_MS : Math.min(2 * last, LONGEST_LOOK_MS);
    // Not all at the same moment.
    this.#busy.set(id, { waitMs, until: performance.now() + waitMs * (0.5 + Math.random()) });
    return undefined;
  }

  async #done(id: string, block: Block): Promise<void> {
    block.underWay--;
    if (id !== this.#current || (await block.taken.catch(() => undefined)) === undefined)
      await this.#leave(id);
  }

  /** Gives a block back of which nothing is under way. */
  async #leave(id: string): Promise<void> {
    const block = this.#blocks.get(id);
    if (block === undefined || block.underWay > 0) return;
    this.#blocks.delete(id);
    const leaving = this.#leases.giveBack(id);
    this.#leaving.set(id, leaving);
    await leaving.finally(() => {
      if (this.#leaving.get(id) === leaving) this.#leaving.delete(id);
    });
  }
}
