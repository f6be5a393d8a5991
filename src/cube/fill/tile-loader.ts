import { AbortedError, type ErrorRecord, fromRecord, toRecord } from '../../errors.js';
import { type TileIndex, tileId } from '../../grid/tiling.js';
import type { OnEvent } from '../../observe/events.js';
import type { IngestSummary } from '../../observe/summary.js';
import type { Pool } from '../../pool/pool.js';
import type { TileSource } from '../../tile.js';

/** With what missing tiles are fetched. */
export interface FetchMeans {
  readonly source: TileSource;
  readonly pool: Pool;
}

/** Fetches and commits tiles that are not loaded yet; those that fail are listed in the summary. */
export type RunTiles = (
  tiles: readonly TileIndex[],
  options: FetchMeans & { readonly onEvent: OnEvent; readonly signal: AbortSignal },
) => Promise<IngestSummary>;

/** A tile somebody waits for. */
interface Claim {
  readonly index: TileIndex;
  readonly means: FetchMeans;
  /** Settles when the tile is committed, or has failed; never rejects. */
  readonly done: Promise<ErrorRecord | undefined>;
  readonly settle: (failure: ErrorRecord | undefined) => void;
  waiters: number;
}

/**
 * Fetches what loads need and a cube lacks, each tile once however many loads want it at the same time.
 *
 * Runs follow one another, so that memory stays bounded as in one ingest: while one is under way, what
 * further loads lack gathers for the next.
 */
export class TileLoader {
  readonly #claims = new Map<string, Claim>();
  #queue: Claim[] = [];
  #isRunning = false;
  #current: { readonly claims: readonly Claim[]; readonly stop: AbortController } | undefined;

  constructor(private readonly run: RunTiles) {}

  /**
   * Resolves when every one of the tiles is committed.
   *
   * @throws the failure of the first tile that failed for good, after the others are done;
   * {@link AbortedError} at once, and the tiles are still fetched when another load waits for them.
   */
  async ensure(
    tiles: readonly TileIndex[],
    means: FetchMeans,
    signal?: AbortSignal,
  ): Promise<void> {
    if (signal?.aborted) throw stopped();
    const claims = tiles.map((index) => this.#claim(index, means));
    let leave: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      leave = () => reject(stopped());
      signal?.addEventListener('abort', leave, { once: true });
    });
    try {
      const failures = await Promise.race([Promise.all(claims.map(({ done }) => done)), aborted]);
      const failure = failures.find((record) => record !== undefined);
      if (failure !== undefined) throw fromRecord(failure);
    } finally {
      if (leave !== undefined) signal?.removeEventListener('abort', leave);
      for (const claim of claims) claim.waiters--;
      this.#stopIfUnwanted();
    }
  }

  #claim(index: TileIndex, means: FetchMeans): Claim {
    const id = tileId(index);
    const known = this.#claims.get(id);
    if (known !== undefined) {
      known.waiters++;
      return known;
    }
    let settle: Claim['settle'] = () => {};
    const done = new Promise<ErrorRecord | undefined>((resolve) => {
      settle = resolve;
    });
    const claim: Claim = { index, means, done, settle, waiters: 1 };
    this.#claims.set(id, claim);
    this.#queue.push(claim);
    if (!this.#isRunning) {
      this.#isRunning = true;
      // Loads that start together make one run.
      setImmediate(() => void this.#runAll());
    }
    return claim;
  }

  async #runAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const [first] = this.#queue;
      const { means } = first as Claim;
      const isAlike = ({ means: other }: Claim) =>
        other.source === means.source && other.pool === means.pool;
      const batch = this.#queue.filter((claim) => isAlike(claim) && claim.waiters > 0);
      const unwanted = this.#queue.filter(({ waiters }) => waiters === 0);
      this.#queue = this.#queue.filter((claim) => !batch.includes(claim) && claim.waiters > 0);
      for (const claim of unwanted) this.#settle(claim, undefined);
      if (batch.length > 0) await this.#runBatch(batch, means);
    }
    this.#isRunning = false;
  }

  async #runBatch(batch: readonly Claim[], means: FetchMeans): Promise<void> {
    const stop = new AbortController();
    this.#current = { claims: batch, stop };
    const byId = new Map(batch.map((claim) => [tileId(claim.index), claim]));
    try {
      const { failed } = await this.run(
        batch.map(({ index }) => index),
        {
          ...means,
          signal: stop.signal,
          onEvent: (event) => {
            if (event.type !== 'committed') return;
            for (const id of event.tiles) this.#settle(byId.get(id), undefined);
          },
        },
      );
      for (const { id, error } of failed) this.#settle(byId.get(id), error);
      for (const claim of batch) this.#settle(claim, undefined);
    } catch (error) {
      for (const claim of batch) this.#settle(claim, toRecord(error));
    } finally {
      this.#current = undefined;
    }
  }

  #settle(claim: Claim | undefined, failure: ErrorRecord | undefined): void {
    if (claim === undefined) return;
    claim.settle(failure);
    const id = tileId(claim.index);
    if (this.#claims.get(id) === claim) this.#claims.delete(id);
  }

  /** A run whose every load has gone away ends; what it has finished is committed. */
  #stopIfUnwanted(): void {
    const { claims, stop } = this.#current ?? {};
    if (claims === undefined || claims.some(({ waiters }) => waiters > 0)) return;
    // Who comes now must not wait for a run that is ending.
    for (const { index } of claims) this.#claims.delete(tileId(index));
    stop?.abort();
  }
}

function stopped(): AbortedError {
  return new AbortedError('The load was stopped; tiles that were finished are committed.');
}
