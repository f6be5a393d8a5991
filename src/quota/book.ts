/**
 * Who holds what of the quota. Knows no sockets: lines come in as values, and what is to be said goes out by a
 * function, so that tests run it by a clock of their own.
 *
 * What is lent to a holder is the most that it may still use: the highest allotment that it has not yet answered
 * with a later one, or what it says is still in use above it. The sum of what is lent never exceeds the quota by
 * what the book has given, so nothing is given twice before it has come back.
 */
import type { Allotment, Amounts, HolderState } from './messages.js';
import { fairShares, weightedShares } from './shares.js';

export interface BookOptions {
  /** Requests under way together. */
  readonly concurrency: number;
  /** Requests begun in any window. */
  readonly rate: number;
  readonly windowMs: number;
  /** After so long without a word, what a holder had comes back. */
  readonly leaseMs: number;
  /** How long some have one more than others, where the quota cannot be divided. */
  readonly turnMs: number;
  /** Milliseconds of a clock that never goes back: other machines' clocks are not asked. */
  readonly now: () => number;
}

export interface NewHolder {
  readonly id: string;
  readonly name: string;
  readonly fallback: Amounts;
  readonly state: HolderState;
}

export type Tell = (allotment: Allotment) => void;

/** What one holder has, for people and tests. */
export interface HolderRecord extends Amounts {
  readonly id: string;
  readonly name: string;
  readonly wanted: number;
  /** The most that it may still use. */
  readonly lent: Amounts;
  /** Whether it can be told anything. */
  readonly isHere: boolean;
}

interface Holder {
  readonly id: string;
  readonly name: string;
  readonly fallback: Amounts;
  tell: Tell | undefined;
  hasLeft: boolean;
  heardAt: number;
  heard: number;
  wanted: number;
  using: Amounts;
  seq: number;
  /** The current one last, and before it those that may not have reached the holder. */
  allotments: (Amounts & { readonly seq: number })[];
}

/** Places that may stay with a holder that has no work for them, while nobody else has. */
const SPARE = 4;

/** More allotments than these are not sent before one of them is answered. */
const MOST_UNANSWERED = 32;

const NOTHING: Amounts = { places: 0, starts: 0 };

export class SlotBook {
  readonly #holders = new Map<string, Holder>();
  readonly #options: BookOptions;
  readonly #openedAt: number;
  #told = 0;

  constructor(options: BookOptions) {
    this.#options = options;
    this.#openedAt = options.now();
  }

  /** Holders whose lease has not ended, and that have not left. */
  get size(): number {
    return [...this.#holders.values()].filter(({ hasLeft }) => !hasLeft).length;
  }

  get holders(): HolderRecord[] {
    return [...this.#holders.values()].map((holder) => ({
      id: holder.id,
      name: holder.name,
      wanted: holder.wanted,
      ...pick(current(holder)),
      lent: lent(holder),
      isHere: holder.tell !== undefined,
    }));
  }

  /** A holder that is new, or comes back: what it says it uses counts as lent. */
  join({ id, name, fallback, state }: NewHolder, tell: Tell): void {
    const before = this.#holders.get(id);
    const using = before === undefined ? state.using : most([state.using, lent(before)]);
    this.#holders.set(id, {
      ...{ id, name, fallback, tell, using, wanted: state.wanted, heard: state.sent },
      hasLeft: false,
      heardAt: this.#options.now(),
      seq: 1,
      allotments: [{ ...NOTHING, seq: 1 }],
    });
    this.#share(id);
  }

  hear(id: string, state: HolderState): void {
    const holder = this.#holders.get(id);
    if (holder === undefined) return;
    holder.heardAt = this.#options.now();
    holder.heard = state.sent;
    holder.wanted = state.wanted;
    if (state.seq >= (holder.allotments[0]?.seq ?? 0) && state.seq <= holder.seq) {
      holder.allotments = holder.allotments.filter(({ seq }) => seq >= state.seq);
      holder.using = state.using;
    }
    this.#share(id);
  }

  /** Of its own will, with nothing under way: its places are free at once, its starts when their window is over. */
  leave(id: string): void {
    const holder = this.#holders.get(id);
    if (holder === undefined) return;
    const { now, leaseMs, windowMs } = this.#options;
    holder.tell = undefined;
    holder.hasLeft = true;
    holder.using = { places: 0, starts: lent(holder).starts };
    holder.allotments = [];
    holder.heardAt = now() - leaseMs + windowMs;
    this.#share();
  }

  /** Its connection is gone. It may come back, and requests of its may be under way: the lease says how long. */
  lose(id: string): void {
    const holder = this.#holders.get(id);
    if (holder !== undefined) holder.tell = undefined;
  }

  /** To be called now and then: leases end, and turns go around. @returns names of those that were given up. */
  tick(): string[] {
    const { now, leaseMs } = this.#options;
    const gone = [...this.#holders.values()].filter(({ heardAt }) => now() - heardAt >= leaseMs);
    for (const { id } of gone) this.#holders.delete(id);
    this.#share();
    return gone.filter(({ hasLeft }) => !hasLeft).map(({ name }) => name);
  }

  /** @param answered is told in any case */
  #share(answered?: string): void {
    const { concurrency, rate, now, turnMs } = this.#options;
    const all = [...this.#holders.values()];
    const here = all.filter(({ tell }) => tell !== undefined);
    const away = all.filter(({ tell }) => tell === undefined).map(lent);
    const turn = Math.floor(now() / turnMs);
    const changed = new Map<Holder, Amounts>();

    const places = Math.max(concurrency - sum(away, 'places'), 0);
    const wants = here.map((holder) => this.#wants(holder));
    const nextPlaces = this.#next(here, 'places', fairShares(wants, places, turn), places, SPARE);
    const starts = Math.max(rate - sum(away, 'starts'), 0);
    const due = weightedShares(nextPlaces, Math.max(places, 1), starts, turn);
    const nextStarts = this.#next(here, 'starts', due, starts, 0);

    for (const [i, holder] of here.entries()) {
      const next = { places: nextPlaces[i] ?? 0, starts: nextStarts[i] ?? 0 };
      const { places: had, starts: begun } = current(holder);
      if (next.places !== had || next.starts !== begun) changed.set(holder, next);
    }
    for (const [holder, next] of changed) holder.allotments.push({ ...next, seq: ++holder.seq });
    // With how many the quota is shared is what each reckons with when there is no server.
    const holders = this.size;
    const isNews = holders !== this.#told;
    this.#told = holders;
    for (const holder of here)
      if (isNews || changed.has(holder) || holder.id === answered) this.#tell(holder, holders);
  }

  /**
   * After a start the book is empty, and holders of a server before it may not have come back yet: for the
   * length of a lease nobody gets more than it takes while there is no server.
   */
  #wants({ wanted, fallback }: Holder): number {
    const { now, leaseMs } = this.#options;
    return now() - this.#openedAt < leaseMs ? Math.min(wanted, fallback.places) : wanted;
  }

  /** What each gets now, on the way to what is due to it: what others still use is given when it is back. */
  #next(
    here: readonly Holder[],
    kind: keyof Amounts,
    due: readonly number[],
    total: number,
    spare: number,
  ): number[] {
    const free = total - here.reduce((all, holder) => all + lent(holder)[kind], 0);
    const lacking = here.reduce(
      (all, holder, i) => all + Math.max((due[i] ?? 0) - lent(holder)[kind], 0),
      0,
    );
    let left = Math.max(free, 0);
    return here.map((holder, i) => {
      const had = current(holder)[kind];
      if (holder.allotments.length > MOST_UNANSWERED) return had;
      const target = due[i] ?? 0;
      if (target <= had) return lacking > free ? target : Math.min(had, target + spare);
      // What is lent to it anyway costs nobody anything.
      const own = Math.max(Math.min(target, lent(holder)[kind]), had);
      const more = Math.min(target - own, left);
      left -= more;
      return own + more;
    });
  }

  #tell(holder: Holder, holders: number): void {
    const { leaseMs, windowMs } = this.#options;
    const { seq, heard } = holder;
    holder.tell?.({
      type: 'allotment',
      ...pick(current(holder)),
      ...{ seq, heard, leaseMs, windowMs, holders },
    });
  }
}

function current({ allotments }: Holder): Amounts {
  return allotments.at(-1) ?? NOTHING;
}

function lent({ allotments, using }: Holder): Amounts {
  return most([...allotments, using]);
}

function most(amounts: readonly Amounts[]): Amounts {
  return {
    places: Math.max(...amounts.map(({ places }) => places)),
    starts: Math.max(...amounts.map(({ starts }) => starts)),
  };
}

function pick({ places, starts }: Amounts): Amounts {
  return { places, starts };
}

function sum(amounts: readonly Amounts[], kind: keyof Amounts): number {
  return amounts.reduce((all, each) => all + each[kind], 0);
}
