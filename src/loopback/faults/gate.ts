import type { CheckedPlan } from './plan.js';

/** Counts pixel requests being answered, and turns away those above the limit of the moment. */
export class Gate {
  #inFlight = 0;
  #most = 0;

  constructor(private readonly concurrency: CheckedPlan['concurrency']) {}

  /** The most requests that were being answered at the same time. */
  get most(): number {
    return this.#most;
  }

  hasPlace(pixelsBefore: number): boolean {
    return this.#inFlight < this.#limit(pixelsBefore);
  }

  enter(): void {
    this.#inFlight += 1;
    this.#most = Math.max(this.#most, this.#inFlight);
  }

  leave(): void {
    this.#inFlight -= 1;
  }

  #limit(pixelsBefore: number): number {
    if (this.concurrency === undefined) return Number.POSITIVE_INFINITY;
    const { limit, changes } = this.concurrency;
    return changes
      .filter(({ afterRequests }) => pixelsBefore >= afterRequests)
      .reduce(
        (latest, change) => (change.afterRequests >= latest.afterRequests ? change : latest),
        {
          afterRequests: 0,
          limit,
        },
      ).limit;
  }
}
