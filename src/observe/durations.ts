import { ThinnedList } from './thinned-list.js';

/** How long a stage took. Count, sum and maximum are of all pieces of work. */
export interface DurationStatistics {
  readonly count: number;
  readonly totalMs: number;
  /** Nearest rank; of an evenly thinned sample of {@link DURATIONS_KEPT} where there were more. */
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

export const DURATIONS_KEPT = 4096;

/** Collects the durations of one stage in bounded memory. */
export class Durations {
  #count = 0;
  #totalMs = 0;
  #maxMs = 0;
  readonly #kept = new ThinnedList<number>(DURATIONS_KEPT, (earlier) => earlier);

  add(ms: number): void {
    this.#count++;
    this.#totalMs += ms;
    this.#maxMs = Math.max(this.#maxMs, ms);
    this.#kept.add(ms);
  }

  statistics(): DurationStatistics {
    const sorted = this.#kept.items().sort((one, other) => one - other);
    return {
      count: this.#count,
      totalMs: this.#totalMs,
      medianMs: nearestRank(sorted, 0.5),
      p95Ms: nearestRank(sorted, 0.95),
      maxMs: this.#maxMs,
    };
  }
}

/**
 * The smallest value that a share of all values does not exceed (the nearest-rank percentile); 0 of none.
 * @param sorted ascending.
 * @param share from 0 to 1.
 */
export function nearestRank(sorted: readonly number[], share: number): number {
  return sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? 0;
}
