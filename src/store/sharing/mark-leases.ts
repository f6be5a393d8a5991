import type { Marks } from '../session.js';
import type { LeaseTimes } from './sharing-folder.js';

const CLAIM = 'geocubes.claim.';
const RUN = 'geocubes.run.';
const GIVEN_UP = 'geocubes.failed.';

/** How the leases of one run are kept. */
export interface MarkLeaseOptions {
  readonly times: LeaseTimes;
  /**
   * Looks at all other runs with each beat: who is gone is then known when a lease is over, and not a lease after
   * somebody first asks. For few runs: each of them is a request.
   */
  readonly watchesAll: boolean;
}

interface Run {
  /** The snapshot that stands for this run: what its claims lead to. */
  readonly id: string;
  /** Another one, between which and its own the run's mark goes to and fro as long as it lives. */
  readonly other: string;
}

/**
 * What one run has taken for itself in an object store: a mark for each thing, which is made by a conditional put, so
 * that exactly one run gets it. Marks lead to a snapshot that stands for the run; the run's own mark is moved as a
 * heartbeat. Beats are timed by the clock of whoever asks: that a mark has not moved for a lease.
 */
export class MarkLeases {
  readonly #held = new Set<string>();
  readonly #beats = new Map<string, { readonly at: string; readonly since: number }>();
  #run: Promise<Run> | undefined;
  #heart: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #isAtOther = false;

  constructor(
    private readonly marks: Marks,
    private readonly options: MarkLeaseOptions,
  ) {}

  /** @returns false where another run has it, which lives */
  async take(name: string): Promise<boolean> {
    const { id: run } = await this.#begin();
    for (let tries = 0; tries < 3; tries++) {
      if (await this.marks.create(CLAIM + name, run)) return this.#hold(name);
      const owner = await this.marks.find(CLAIM + name);
      if (owner === undefined) continue;
      if (owner === run) return !this.#held.has(name) && this.#hold(name);
      if (!(await this.#isGone(owner))) return false;
      // At once, from its owner to this run: of several that see a dead owner, one gets it.
      if (await this.marks.move(CLAIM + name, run, owner)) return this.#hold(name);
    }
    return false;
  }

  async giveBack(name: string): Promise<void> {
    if (!this.#held.delete(name)) return;
    const run = await this.#run;
    // A run that slept may have lost it to another, whose claim this is then.
    if (run !== undefined && (await this.marks.find(CLAIM + name)) === run.id)
      await this.marks.remove(CLAIM + name);
  }

  /** Tells the others that nobody needs to try a thing again. */
  async giveUp(name: string): Promise<void> {
    const { id } = await this.#begin();
    await this.marks.create(GIVEN_UP + name, id);
  }

  async isGivenUp(name: string): Promise<boolean> {
    return (await this.marks.find(GIVEN_UP + name)) !== undefined;
  }

  /** Gives back all that is left, and removes what runs have left that are gone. */
  async close(): Promise<void> {
    const run = await this.#run;
    if (run === undefined) return;
    clearInterval(this.#heart);
    await this.#beating;
    for (const name of [...this.#held]) await this.giveBack(name);
    await this.#sweep();
    await this.marks.remove(RUN + run.id);
  }

  #hold(name: string): true {
    this.#held.add(name);
    return true;
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
    }, this.options.times.beat);
    this.#heart.unref();
    return run;
  }

  async #beat({ id, other }: Run): Promise<void> {
    const [from, to] = this.#isAtOther ? [other, id] : [id, other];
    if (!(await this.marks.move(RUN + id, to, from))) await this.marks.create(RUN + id, to);
    this.#isAtOther = !this.#isAtOther;
    if (this.options.watchesAll)
      for (const owner of await this.#others()) await this.#isGone(owner);
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
    return now - known.since >= this.options.times.lease;
  }

  async #sweep(): Promise<void> {
    const gone = new Set<string>();
    const others = await this.#others();
    for (const owner of others) if (await this.#isGone(owner)) gone.add(owner);
    const isLast = gone.size === others.length;
    for (const name of await this.marks.list()) {
      // Whoever comes later is a run of its own, and may try it.
      if (isLast && name.startsWith(GIVEN_UP)) await this.marks.remove(name);
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
