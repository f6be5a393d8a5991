/**
 * When a group of tiles is committed. A commit writes a snapshot and a manifest of each band anew, whatever the number
 * of its tiles, and among many writers it is tried again and again: so one is made no oftener than what it takes
 * allows, and groups grow where cubes are large, stores are far, or writers are many. Arithmetic alone.
 */

export interface PaceOptions {
  /** Tiles in one commit. Default: {@link DEFAULT_GROUP_SIZE}, and more where commits take long. */
  readonly groupSize?: number | undefined;
  /** Milliseconds from the first tile of a group to its commit, at the most. Default: {@link DEFAULT_MAX_DELAY_MS}, and more where commits take long. */
  readonly maxDelayMs?: number | undefined;
}

export const DEFAULT_GROUP_SIZE = 16;
export const DEFAULT_MAX_DELAY_MS = 10_000;

/** The part of the time that commits may take of a writer's. */
const SHARE = 0.05;

/** What a process that is killed may lose of finished work, whatever a commit takes. */
const LONGEST_REST_MS = 300_000;

/** Of so many commits the one in the middle counts: one that waited for a store that was away says nothing of the next. */
const REMEMBERED = 3;

export class CommitPace {
  readonly #groupSize: number;
  readonly #maxDelayMs: number;
  /** Whoever says how often is taken at his word. */
  readonly #isFixed: boolean;
  #last: number[] = [];
  #endedAt = Number.NEGATIVE_INFINITY;

  constructor({ groupSize, maxDelayMs }: PaceOptions = {}) {
    this.#isFixed = groupSize !== undefined || maxDelayMs !== undefined;
    this.#groupSize = groupSize ?? DEFAULT_GROUP_SIZE;
    this.#maxDelayMs = maxDelayMs ?? DEFAULT_MAX_DELAY_MS;
  }

  /**
   * When a group is due, in milliseconds of the clock that is handed in.
   *
   * @param tiles in it
   * @param begunAt when its first tile was written
   */
  dueAt(tiles: number, begunAt: number): number {
    const rested = this.#endedAt + this.#restMs;
    return Math.max(rested, tiles >= this.#groupSize ? begunAt : begunAt + this.#maxDelayMs);
  }

  /** A commit has ended at `now`, and taken so long, with all of its tries. */
  ended(now: number, ms: number): void {
    this.#endedAt = now;
    this.#last = [...this.#last, ms].slice(-REMEMBERED);
  }

  get #restMs(): number {
    if (this.#isFixed || this.#last.length === 0) return 0;
    const sorted = [...this.#last].sort((a, b) => a - b);
    const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
    return Math.min(middle * (1 / SHARE - 1), LONGEST_REST_MS);
  }
}
