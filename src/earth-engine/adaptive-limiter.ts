import { setTimeout as sleep } from 'node:timers/promises';
import { checkOptions } from '../arguments.js';
import { AbortedError, expected } from '../errors.js';
import type { QuotaShare } from './quota-share.js';

/** Within what bounds the number of requests under way is learnt. */
export interface LimiterOptions {
  /** Requests in flight at the start. Default 8. */
  readonly start?: number;
  /** Never fewer in flight than this. Default 1. */
  readonly floor?: number;
  /** Never more in flight than this. Default 40, the service's quota for a project. */
  readonly ceiling?: number;
  /** Requests started in a second at the most. Default 100, the service's quota for a project. */
  readonly perSecond?: number;
  /** What others leave to this process, where somebody shares out the quota; it goes beside what is learnt. */
  readonly share?: QuotaShare | undefined;
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
 * How many rounds of healthy replies pass before one more place than was once too many is tried: one
 * at first, and twice as many each time a refusal comes at the same concurrency as the one before, so
 * that a firm limit is tested rarely (one refusal in some hundred and fifty replies). Refusals that
 * come at changing concurrency say nothing of a limit, and the rounds are one again.
 */
const MOST_ROUNDS_BEFORE_PROBE = 16;

/** Refusals this close to each other, as a share, came at the same concurrency. */
const SAME_LIMIT = 0.1;

/** A round is one reply for each place, but at least so many, where places are few. */
const SMALLEST_ROUND = 10;

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
  #roundsBeforeProbe = 1;
  /** The concurrency at which the last refusal came. */
  #refusedBefore = 0;
  /** More places are in use than were known to pass. */
  #isProbing = false;
  /** Requests that started before this were under way when the limit last shrank: their refusals are no news. */
  #shrunkAt = 0;
  #starts = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #floor: number;
  readonly #ceiling: number;
  readonly #spacingMs: number;
  #nextStartAt = 0;
  readonly #share: QuotaShare | undefined;

  constructor(options: LimiterOptions = {}) {
    checkOptions(options, 'the limiter', {
      start: 'number',
      floor: 'number',
      ceiling: 'number',
      perSecond: 'number',
      share: 'object',
    });
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
    if (!(start >= 1)) throw expected('a number from 1 on', 'the concurrency to start with', start);
    if (!(perSecond > 0)) throw expected('a positive number', 'the requests per second', perSecond);
    this.#floor = floor;
    this.#ceiling = ceiling;
    this.#spacingMs = 1000 / perSecond;
    this.#limit = Math.min(Math.max(start, floor), ceiling);
    this.#share = options.share;
    this.#share?.onChange(() => this.#admit());
  }

  /** Requests that may be in flight now. */
  get limit(): number {
    return Math.min(Math.floor(this.#limit), this.#share?.places ?? Number.POSITIVE_INFINITY);
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
      await this.#share?.start(signal);
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
      this.#tellShare();
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
        this.#tellShare();
        reject(new AbortedError('The request was stopped while waiting for its turn.'));
      };
      this.#waiting.push(enter);
      this.#tellShare();
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #admit(): void {
    while (this.#inFlight < this.limit) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#inFlight++;
      next();
    }
    this.#tellShare();
  }

  #tellShare(): void {
    const wanted = Math.min(this.#inFlight + this.#waiting.length, Math.floor(this.#limit));
    this.#share?.use(this.#inFlight, Math.max(wanted, this.#inFlight));
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
    const refused = Math.min(Math.floor(this.#limit), this.#inFlight);
    const isFirm = Math.abs(refused - this.#refusedBefore) <= refused * SAME_LIMIT;
    this.#roundsBeforeProbe = isFirm
      ? Math.min(this.#roundsBeforeProbe * 2, MOST_ROUNDS_BEFORE_PROBE)
      : 1;
    this.#refusedBefore = refused;
    this.#known = Math.max(refused - 1, this.#floor);
    this.#limit = Math.max(Math.min(this.#limit, this.#known) * SHRINK, this.#floor);
    this.#healthySinceChange = 0;
    this.#probeStep = 1;
    this.#isProbing = false;
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
    const round = Math.max(this.limit, SMALLEST_ROUND);
    if (this.#isProbing) {
      if (this.#healthySinceChange < round) return;
      this.#isProbing = false;
      this.#probeStep *= 2;
    } else if (this.#healthySinceChange < round * this.#roundsBeforeProbe) return;
    if (target >= this.#ceiling) return;
    this.#known += this.#probeStep;
    this.#isProbing = true;
    this.#healthySinceChange = 0;
    this.#limit = Math.min(this.#limit + 1, this.#known, this.#ceiling);
  }
}
