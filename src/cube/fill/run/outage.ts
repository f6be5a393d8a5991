import { setTimeout as sleep } from 'node:timers/promises';
import { AbortedError, type ErrorRecord, fromRecord, withoutStack } from '../../../errors.js';
import { now } from '../../../machine/clock.js';
import type { OnEvent } from '../../../observe/events.js';
import type { FailedTile, PlannedTile } from '../../../tile.js';

/** What an outage is waited out with. */
export interface OutageOptions {
  /** Milliseconds that the service may be away before the run ends. */
  readonly maxOutageMs: number;
  readonly onEvent: OnEvent;
  /** Takes one tile through its stages: whether that works tells whether the service is back. */
  readonly attempt: (tile: PlannedTile) => Promise<FailedTile | undefined>;
  /** Takes tiles that are to be fetched after all. */
  readonly putBack: (tiles: readonly PlannedTile[]) => void;
  /** Takes tiles that failed for good. */
  readonly fail: (tile: PlannedTile, failure: FailedTile) => void;
  readonly signal: AbortSignal;
}

/**
 * How long a service may be away before an ingest ends, in milliseconds: an hour. Networks and quotas of a minute
 * come back within it, and a run over night goes on.
 */
export const DEFAULT_MAX_OUTAGE_MS = 3_600_000;

/** Tiles lost in a row to a service that refuses or does not answer, before it is taken to be away. */
const LOST_IN_A_ROW = 10;

/**
 * Tiles that got the same useless reply again and again, before any succeeded, until all are taken to: as many as
 * for outages, lest a list of a few odd tiles keep others from being tried.
 */
const FIRST_IN_VAIN = 10;

/** A quota of the day is waited for by whoever would wait for a day. */
const DAY_MS = 86_400_000;

/** The wait before the first look whether the service is back; it doubles from look to look. */
const FIRST_DELAY_MS = 2_000;
const MAX_DELAY_MS = 60_000;

interface Lost {
  readonly tile: PlannedTile;
  readonly failure: FailedTile;
  /** Tiles that had been lost by then, this one included. */
  readonly number: number;
}

/**
 * Tells an outage from bad luck. A service that is down or out of quota would fail every remaining tile,
 * each after all its tries: the run waits instead, tries one tile now and then, and goes on with all of
 * them when the service is back. A tile that is lost while later ones succeed has failed. One that gets the
 * same useless reply each time has failed too, and nothing is waited for; where that is so from the first tile
 * on, the run ends.
 */
export class Outage {
  #lost: Lost[] = [];
  #count = 0;
  #end: Promise<void> | undefined;
  /** Tiles in vain before the first that succeeded; `undefined` after it. */
  #inVain: number | undefined = 0;
  /** Why the wait was given up: it concerns whoever asks later, too. */
  #gaveUp: { readonly error: unknown } | undefined;

  constructor(private readonly options: OutageOptions) {}

  /**
   * Resolves when tiles may be fetched: at once, unless the service is away.
   * @returns how many tiles had been lost by then: {@link note} asks for it.
   * @throws {EarthEngineError} when it did not come back in time; {@link AbortedError}.
   */
  async over(): Promise<number> {
    await this.#end;
    if (this.#gaveUp !== undefined) throw this.#gaveUp.error;
    return this.#count;
  }

  /**
   * Takes how a tile ended.
   * @param lostBefore what {@link over} said before the tile was begun. One that was asked for earlier than
   * another was lost says nothing of that one: its pixels may have come just before the service went away.
   * @throws {EarthEngineError} or whatever else the tile failed with, where it concerns every tile.
   */
  note(tile: PlannedTile, failure: FailedTile | undefined, lostBefore: number): void {
    if (failure === undefined) this.#inVain = undefined;
    if (failure?.isRepeated) {
      this.#failInVain(tile, failure);
      return;
    }
    if (failure === undefined || !isOutage(failure.error)) {
      if (failure !== undefined) this.options.fail(tile, failure);
      if (this.#end !== undefined) return;
      // The service answers: what was lost before was bad luck.
      this.#settle(({ number }) => number <= lostBefore);
      return;
    }
    this.options.onEvent({ type: 'postponed', at: now(), tile: tile.id });
    this.#lost.push({ tile, failure, number: ++this.#count });
    if (this.#lost.length < LOST_IN_A_ROW || this.#end !== undefined) return;
    this.#end = this.#waitOut()
      .catch((error: unknown) => {
        this.#gaveUp = { error };
      })
      .finally(() => {
        this.#end = undefined;
      });
  }

  /** What is lost has failed. */
  settle(): void {
    this.#settle(() => true);
  }

  #settle(hasFailed: (lost: Lost) => boolean): void {
    const failed = this.#lost.filter(hasFailed);
    this.#lost = this.#lost.filter((lost) => !failed.includes(lost));
    for (const { tile, failure } of failed) this.options.fail(tile, failure);
  }

  /** Whether the service is there cannot be told from such a reply: it may be somebody else's. */
  #failInVain(tile: PlannedTile, failure: FailedTile): void {
    this.options.fail(tile, failure);
    if (this.#inVain === undefined || ++this.#inVain < FIRST_IN_VAIN) return;
    const { error } = failure;
    const message = `${error.message} So it was with all of the first ${this.#inVain} tiles, and the run ends.`;
    throw fromRecord({ ...error, message });
  }

  async #waitOut(): Promise<void> {
    const { maxOutageMs, onEvent, attempt, putBack, signal } = this.options;
    const began = now();
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
      const [{ tile }] = this.#lost as [Lost, ...Lost[]];
      // The service's last word.
      const { failure } = this.#lost.at(-1) as Lost;
      const lastsMs = now() - began;
      if (lastsMs + delayMs > maxOutageMs) {
        this.settle();
        throw fromRecord(failure.error);
      }
      const [error, endsAt] = [withoutStack(failure.error), began + maxOutageMs];
      onEvent({ type: 'waiting', at: now(), error, delayMs, endsAt });
      await sleep(delayMs, undefined, { signal }).catch((cause: unknown) => {
        throw new AbortedError('The wait for the service was stopped.', { cause });
      });
      const again = await attempt(tile);
      if (again !== undefined && isOutage(again.error)) {
        onEvent({ type: 'postponed', at: now(), tile: tile.id });
        // Another one is next: what the service refuses for good would keep all the others waiting.
        this.#lost.push({ tile, failure: again, number: ++this.#count });
        this.#lost.shift();
        continue;
      }
      this.#lost.shift();
      if (again === undefined) this.#inVain = undefined;
      else if (again.isRepeated) this.#failInVain(tile, again);
      else this.options.fail(tile, again);
      putBack(this.#lost.splice(0).map(({ tile: lost }) => lost));
      return;
    }
  }
}

function isOutage({ tag, kind }: ErrorRecord): boolean {
  return tag === 'earth-engine' && (kind === 'quota' || kind === 'transient');
}

/** Whether an error is of a quota that nobody waits for: it comes back on another day, and the wait is shorter. */
export function outlastsWait({ tag, kind, reason }: ErrorRecord, maxOutageMs: number): boolean {
  return tag === 'earth-engine' && kind === 'quota' && reason === 'daily' && maxOutageMs < DAY_MS;
}
