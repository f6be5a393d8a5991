import type { CheckedPlan } from './plan.js';

/** Turns away pixel requests above so many in any stretch of time; those turned away do not count. */
export class RateGate {
  /** When the last requests came that were let in, oldest first: as many as the limit at the most. */
  readonly #entered: number[] = [];

  /** @param now milliseconds of a clock that never goes back */
  constructor(
    private readonly rate: CheckedPlan['rate'],
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** False when there were as many already. */
  enter(): boolean {
    if (this.rate === undefined) return true;
    const { limit, seconds } = this.rate;
    const now = this.now();
    const [oldest = 0] = this.#entered;
    if (this.#entered.length === limit) {
      if (now - oldest < seconds * 1000) return false;
      this.#entered.shift();
    }
    this.#entered.push(now);
    return true;
  }
}
