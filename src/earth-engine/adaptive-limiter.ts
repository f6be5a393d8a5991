import { setTimeout as sleep } from 'node:timers/promises';
import { AbortedError, expected } from '../errors.js';

export interface LimiterOptions {
  /** Requests in flight at the start. Default 8. */
  readonly start?: number;
  /** Never fewer in flight than this. Default 1. */
  readonly floor?: number;
  /** Never more in flight than this. Default 40, the service's quota for a project. */
  readonly ceiling?: number;
  /** Requests started in a second at the most. Default 100, the service's quota for a project. */
  readonly perSecond?: number;
}

export const DEFAULT_START = 8;
export const DEFAULT_FLOOR = 1;
export const DEFAULT_CEILING = 40;
export const DEFAULT_PER_SECOND = 100;

/** What became of a request, as far as the limiter is concerned. */
export type Outcome = 'healthy' | 'throttled' | 'other';

/** The factor by which concurrency shrinks when the service says "too many". */
const SHRINK = 0.75;

/**
 * Healthy replies, for each place, before more places than were once too many are tried again. Each
 * try may cost a refusal, so this bounds their share: one in some hundred replies.
 */
const REPLIES_BEFORE_PROBE = 16;

/** And at least so many in all, where places are few. */
const MIN_REPLIES_BEFORE_PROBE = 150;

/**
 * How many requests may be in flight, learnt from the replies.
 *
 * It starts like TCP: concurrency doubles with each round of healthy replies until the first refusal
 * (429). A refusal shrinks it multiplicatively and tells where the limit lies; from there it climbs
 * back quickly to just below that limit, and stays, trying one place more now and then. A try that
 * passes is followed by a larger one, so that a limit that has been raised is found soon.
 *
 * One limiter stands for one project's quota: share it among all sources that use the project.
 */
export class AdaptiveLimiter {
  #limit: number;
  /** Highest concurrency believed to pass; infinite until the first refusal. */
  #known = Number.POSITIVE_INFINITY;
  #inFlight = 0;
  #healthySinceChange = 0;
  #probeStep = 1;
  /** Requests that started before this were under way when the limit last shrank: their refusals are no news. */
  #shrunkAt = 0;
  #starts = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #floor: number;
  readonly #ceiling: number;
  readonly #spacingMs: number;
  #nextStartAt = 0;

  constructor(options: LimiterOptions = {}) {
    const {
      start = DEFAULT_START,
      floor = DEFAULT_FLOOR,
      ceiling = DEFAULT_CEILING,
      perSecond = DEFAULT_PER_SECOND,
    } = options;
    if (!(Number.isInteger(floor) && Number.isInteger(ceiling) && floor >= 1 && floor <= ceiling)) {
      throw expected(
        'whole numbers with 1 <= floor <= ceiling',
        'the concurrency',
        `${floor} to ${ceiling}`,
      );
    }
    if (!(perSecond > 0)) throw expected('a positive number', 'the requests per second', perSecond);
    this.#floor = floor;
    this.#ceiling = ceiling;
    this.#spacingMs = 1000 / perSecond;
    this.#limit = Math.min(Math.max(start, floor), ceiling);
  }

  /** Requests that may be in flight now. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Runs one request when there is a place for it. `task` tells what became of it.
   * @throws {AbortedError} when the signal fires while waiting, and whatever `task` throws.
   */
  async run<T>(
    task: (report: (outcome: Outcome) => void) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    await this.#place(signal);
    const started = ++this.#starts;
    try {
      await this.#spacing(signal);
      return await task((outcome) => this.#learn(outcome, started));
    } finally {
      this.#inFlight--;
      this.#admit();
    }
  }

  async #place(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted)
      throw new AbortedError('The request was stopped while waiting for its turn.');
    if (this.#inFlight < this.limit && this.#waiting.length === 0) {
      this.#inFlight++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        const at = this.#waiting.indexOf(enter);
        if (at !== -1) this.#waiting.splice(at, 1);
        reject(new AbortedError('The request was stopped while waiting for its turn.'));
      };
      this.#waiting.push(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #admit(): void {
    while (this.#inFlight < this.limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#inFlight++;
      next();
    }
  }

  /** Starts are spread evenly: a burst of a hundred in one millisecond is refused as well. */
  async #spacing(signal: AbortSignal | undefined): Promise<void> {
    const now = performance.now();
    const at = Math.max(now, this.#nextStartAt);
    this.#nextStartAt = at + this.#spacingMs;
    if (at - now < 1) return;
    await sleep(at - now, undefined, signal === undefined ? {} : { signal }).catch((cause) => {
      throw new AbortedError('The request was stopped while waiting for its turn.', { cause });
    });
  }

  #learn(outcome: Outcome, started: number): void {
    if (outcome === 'throttled') this.#shrink(started);
    else if (outcome === 'healthy') this.#grow();
    this.#admit();
  }

  #shrink(started: number): void {
    if (started <= this.#shrunkAt) return;
    this.#shrunkAt = this.#starts;
    this.#known = Math.max(Math.min(this.limit, this.#inFlight) - 1, this.#floor);
    this.#limit = Math.max(Math.min(this.#limit, this.#known) * SHRINK, this.#floor);
    this.#healthySinceChange = 0;
    this.#probeStep = 1;
  }

  #grow(): void {
    this.#healthySinceChange++;
    const target = Math.min(this.#known, this.#ceiling);
    if (this.#limit < target) {
      // Before the first refusal a place more for each reply doubles the limit in a round; after it,
      // the way back to the known limit is as short.
      this.#limit = Math.min(this.#limit + 1, target);
      this.#healthySinceChange = 0;
      return;
    }
    if (target >= this.#ceiling) return;
    const patience =
      this.#probeStep > 1
        ? this.limit
        : Math.max(REPLIES_BEFORE_PROBE * this.limit, MIN_REPLIES_BEFORE_PROBE);
    if (this.#healthySinceChange < patience) return;
    this.#known += this.#probeStep;
    this.#probeStep *= 2;
    this.#healthySinceChange = 0;
    this.#limit = Math.min(this.#limit + 1, this.#known, this.#ceiling);
  }
}
