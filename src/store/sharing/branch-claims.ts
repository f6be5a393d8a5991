import { type TileIndex, tileId } from '../../grid/tiling.js';
import type { Marks } from '../session.js';
import type { ClaimAnswer, TileClaims } from './claims.js';
import type { NewestLedger } from './newest-ledger.js';
import type { LeaseTimes } from './sharing-folder.js';

/** A request each: less often than in a folder. */
export const REMOTE_LEASE_TIMES: LeaseTimes = { beat: 10_000, lease: 60_000, confirm: 60_000 };

const CLAIM = 'geocubes.claim.';
const RUN = 'geocubes.run.';

interface Run {
  /** The snapshot that stands for this run: what its claims lead to. */
  readonly id: string;
  /** Another one, between which and its own the run's mark goes to and fro as long as it lives. */
  readonly other: string;
}

/**
 * The claims of one run in an object store: a branch for each tile under way, which Icechunk makes by a conditional
 * put, so that exactly one run gets it, with the credentials it has. Branches lead to a snapshot that stands for the
 * run; the run's own branch is moved as a heartbeat. Beats are timed by the clock of whoever asks.
 */
export class BranchClaims implements TileClaims {
  readonly #held = new Set<string>();
  readonly #beats = new Map<string, { readonly at: string; readonly since: number }>();
  #run: Promise<Run> | undefined;
  #heart: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #isAtOther = false;

  constructor(
    private readonly marks: Marks,
    private readonly newest: NewestLedger,
    private readonly times: LeaseTimes = REMOTE_LEASE_TIMES,
  ) {}

  async claim(index: TileIndex): Promise<ClaimAnswer> {
    const id = tileId(index);
    const { id: run } = await this.#begin();
    if (!(await this.#take(id, run))) return 'busy';
    this.#held.add(id);
    // After the claim: before, its owner could commit and give it up between the two questions.
    if (!(await this.newest.isLoaded(index))) return 'ours';
    await this.release(id);
    return 'loaded';
  }

  async release(id: string): Promise<void> {
    if (!this.#held.delete(id)) return;
    const run = await this.#run;
    // A run that slept may have lost the tile to another, whose claim this is then.
    if (run !== undefined && (await this.marks.find(CLAIM + id)) === run.id)
      await this.marks.remove(CLAIM + id);
  }

  async close(): Promise<void> {
    const run = await this.#run;
    if (run === undefined) return;
    clearInterval(this.#heart);
    await this.#beating;
    for (const id of [...this.#held]) await this.release(id);
    await this.#sweep();
    await this.marks.remove(RUN + run.id);
  }

  #begin(): Promise<Run> {
    this.#run ??= this.#start().catch((error: unknown) => {
      this.#run = undefined;
      throw error;
    });
    return this.#run;
  }

  async #start(): Promise<Run> {
    const run = await this.marks.mint();
    await this.marks.create(RUN + run.id, run.id);
    this.#heart = setInterval(() => {
      this.#beating = this.#beating.then(() => this.#beat(run).catch(() => {}));
    }, this.times.beat);
    this.#heart.unref();
    return run;
  }

  async #beat({ id, other }: Run): Promise<void> {
    const [from, to] = this.#isAtOther ? [other, id] : [id, other];
    if (!(await this.marks.move(RUN + id, to, from))) await this.marks.create(RUN + id, to);
    this.#isAtOther = !this.#isAtOther;
    // Whoever looks at all the others with each beat knows of one that is gone when a lease is over.
    for (const owner of await this.#others()) await this.#isGone(owner);
  }

  async #take(id: string, run: string): Promise<boolean> {
    for (let tries = 0; tries < 3; tries++) {
      if (await this.marks.create(CLAIM + id, run)) return true;
      const owner = await this.marks.find(CLAIM + id);
      if (owner === undefined) continue;
      if (owner === run) return !this.#held.has(id);
      if (!(await this.#isGone(owner))) return false;
      // At once, from its owner to this run: of several that see a dead owner, one gets it.
      if (await this.marks.move(CLAIM + id, run, owner)) return true;
    }
    return false;
  }

  async #isGone(owner: string): Promise<boolean> {
    const at = await this.marks.find(RUN + owner);
    if (at === undefined) return true;
    const now = performance.now();
    const known = this.#beats.get(owner);
    if (known?.at !== at) {
      this.#beats.set(owner, { at, since: now });
      return false;
    }
    return now - known.since >= this.times.lease;
  }

  /** Removes what runs have left that are gone. */
  async #sweep(): Promise<void> {
    const gone = new Set<string>();
    for (const owner of await this.#others()) if (await this.#isGone(owner)) gone.add(owner);
    for (const name of await this.marks.list()) {
      if (!name.startsWith(CLAIM)) continue;
      const owner = await this.marks.find(name);
      if (owner !== undefined && (gone.has(owner) || (await this.#isGone(owner))))
        await this.marks.remove(name);
    }
    for (const owner of gone) await this.marks.remove(RUN + owner);
  }

  async #others(): Promise<string[]> {
    const own = (await this.#run)?.id;
    return (await this.marks.list())
      .filter((name) => name.startsWith(RUN))
      .map((name) => name.slice(RUN.length))
      .filter((owner) => owner !== own);
  }
}
