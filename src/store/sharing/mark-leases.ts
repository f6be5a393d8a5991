import type { Marks } from '../session.js';
import { pause, type SettleOptions } from './settle.js';
import type { LeaseTimes } from './sharing-folder.js';

const CLAIM = 'geocubes.claim.';
const RUN = 'geocubes.run.';
const GIVEN_UP = 'geocubes.failed.';

/** How the leases of one run are kept. */
export interface MarkLeaseOptions {
  readonly times: LeaseTimes;
  /**
   * Looks at all other runs with each beat: who is gone is then known when a lease is over, and not a lease after
   * somebody first asks. For few runs: each of them is a request. Others are looked at from when somebody asks.
   */
  readonly watchesAll: boolean;
}

interface Run {
  /** The snapshot that stands for this run: what its claims lead to. */
  readonly id: string;
  /** Another one, between which and its own the run's mark goes to and fro as long as it lives. */
  readonly other: string;
}

/** What is known of another run. */
interface Beat {
  /** Where its mark is; `undefined` where it has none. */
  readonly at: string | undefined;
  /** Since when, by this process's clock. */
  readonly since: number;
  /** When somebody last asked whether it is gone. */
  asked: number;
}

/**
 * What one run has taken for itself in an object store: a mark for each thing, which is made by a conditional put, so
 * that exactly one run gets it. Marks lead to a snapshot that stands for the run; the run's own mark is moved as a
 * heartbeat. Beats are timed by the clock of whoever asks: that a mark has not moved for a lease. A mark goes between
 * two places, so whoever looks less often than it moves sees it unmoved: runs that were asked about are looked at with
 * each beat.
 */
export class MarkLeases {
  readonly #held = new Set<string>();
  readonly #beats = new Map<string, Beat>();
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
    await this.#sweep(run);
    clearInterval(this.#heart);
    await this.#beating;
    for (const name of [...this.#held]) await this.giveBack(name);
    await this.marks.remove(RUN + run.id);
  }

  /**
   * Removes what runs have left that are gone, and waits for a lease where that cannot be told sooner; then closes.
   * What a run has that lives is left.
   *
   * @returns how many runs there are that live, or may.
   */
  async settle({ signal, onWait }: SettleOptions = {}): Promise<number> {
    if ((await this.#owners()).size === 0) {
      for (const name of await this.marks.list())
        if (name.startsWith(GIVEN_UP)) await this.marks.remove(name);
      return 0;
    }
    const run = await this.#begin();
    let living = await this.#sweep(run);
    const first = new Map(living.map((owner) => [owner, this.#beats.get(owner)?.since]));
    const { beat, lease } = this.options.times;
    if (living.length > 0) onWait?.(living.length, lease);
    const isKnown = (owner: string) =>
      first.has(owner) && first.get(owner) !== this.#beats.get(owner)?.since;
    // Those that come meanwhile are watched as long, and no others.
    const until = performance.now() + 2 * lease;
    while (!living.every(isKnown) && performance.now() < until && !signal?.aborted) {
      await pause(beat, signal);
      living = await this.#sweep(run);
      for (const owner of living)
        if (!first.has(owner)) first.set(owner, this.#beats.get(owner)?.since);
    }
    await this.close();
    return living.length;
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
    const { watchesAll, times } = this.options;
    if (watchesAll) for (const owner of await this.#runs()) await this.#isGone(owner);
    else
      for (const [owner, { asked }] of this.#beats)
        if (performance.now() - asked < 2 * times.lease) await this.#look(owner);
        else this.#beats.delete(owner);
  }

  /** Whether a run is gone: its mark, or that it has none, was seen unchanged for a lease. */
  async #isGone(owner: string): Promise<boolean> {
    const { since, now } = await this.#look(owner);
    const known = this.#beats.get(owner);
    if (known !== undefined) known.asked = now;
    return now - since >= this.options.times.lease;
  }

  async #look(owner: string): Promise<{ readonly since: number; readonly now: number }> {
    const at = await this.marks.find(RUN + owner);
    const now = performance.now();
    const known = this.#beats.get(owner);
    if (known !== undefined && known.at === at) return { since: known.since, now };
    this.#beats.set(owner, { at, since: now, asked: known?.asked ?? now });
    return { since: now, now };
  }

  /**
   * Removes what runs have left that are gone. Each mark is moved first, from where it was seen: one whose owner has
   * moved it since, or that another run has taken over, is not removed.
   *
   * @returns the runs that live, or may.
   */
  async #sweep({ id }: Run): Promise<string[]> {
    const living: string[] = [];
    const gone = new Set<string>();
    for (const owner of await this.#owners()) {
      const isGone = await this.#isGone(owner);
      const at = this.#beats.get(owner)?.at;
      // A sleeper that wakes at this moment has moved its mark, and lives.
      if (isGone && (at === undefined || (await this.marks.move(RUN + owner, id, at))))
        gone.add(owner);
      else living.push(owner);
    }
    const isLast = living.length === 0;
    if (gone.size === 0 && !isLast) return living;
    for (const name of await this.marks.list()) {
      // Whoever comes later is a run of its own, and may try it.
      if (isLast && name.startsWith(GIVEN_UP)) await this.marks.remove(name);
      const owner = name.startsWith(CLAIM) ? await this.marks.find(name) : undefined;
      if (owner !== undefined && gone.has(owner) && (await this.marks.move(name, id, owner)))
        await this.marks.remove(name);
    }
    for (const owner of gone) {
      await this.marks.remove(RUN + owner);
      this.#beats.delete(owner);
    }
    return living;
  }

  /** All other runs that have a mark of their own. */
  async #runs(): Promise<string[]> {
    const own = (await this.#run)?.id;
    return (await this.marks.list())
      .filter((name) => name.startsWith(RUN))
      .map((name) => name.slice(RUN.length))
      .filter((owner) => owner !== own);
  }

  /** Those, and the ones of which there are only claims. */
  async #owners(): Promise<Set<string>> {
    const owners = new Set(await this.#runs());
    for (const name of await this.marks.list()) {
      const owner = name.startsWith(CLAIM) ? await this.marks.find(name) : undefined;
      if (owner !== undefined) owners.add(owner);
    }
    const own = (await this.#run)?.id;
    if (own !== undefined) owners.delete(own);
    return owners;
  }
}
