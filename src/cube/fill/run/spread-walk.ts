import type { PlannedTile } from '../../../tile.js';
import type { IngestPlan } from '../plan.js';

/** Stretches that are kept apart at the most: by then others are everywhere. */
const MOST_STRETCHES = 64;

/** Tiles of a plan from one position to another. */
interface Stretch {
  from: number;
  to: number;
}

/**
 * The tiles of a plan in its order, until another process is met: then from the middle of the longest stretch that is
 * left. Several that begin with the same tile so spread over the region, each among neighbours of its own, in place of
 * asking for the same tile one after the other all the way.
 */
export class SpreadWalk {
  /** The first is walked. */
  readonly #stretches: Stretch[];
  #tiles: Generator<PlannedTile>;
  #jumps = 0;

  constructor(private readonly plan: Pick<IngestPlan, 'pending' | 'plannedTiles'>) {
    this.#stretches = [{ from: 0, to: plan.pending }];
    this.#tiles = plan.plannedTiles();
  }

  /** How often it has jumped: where a tile comes from, for {@link leave}. */
  get jumps(): number {
    return this.#jumps;
  }

  next(): PlannedTile | undefined {
    for (;;) {
      const [stretch] = this.#stretches;
      if (stretch === undefined) return undefined;
      const tile = stretch.from < stretch.to ? this.#tiles.next().value : undefined;
      if (tile !== undefined) {
        stretch.from++;
        return tile;
      }
      this.#stretches.shift();
      this.#begin();
    }
  }

  /** @param jumps of the moment when a tile was got that turned out to be another's: one meeting is one jump */
  leave(jumps: number): void {
    if (jumps !== this.#jumps || this.#stretches.length >= MOST_STRETCHES) return;
    const [first] = this.#stretches;
    if (first === undefined) return;
    const longest = this.#stretches.reduce((most, each) => (size(each) > size(most) ? each : most));
    if (size(longest) < 2) return;
    const middle = longest.from + Math.floor(size(longest) / 2);
    this.#stretches.unshift({ from: middle, to: longest.to });
    longest.to = middle;
    this.#jumps++;
    this.#begin();
  }

  #begin(): void {
    const [stretch] = this.#stretches;
    if (stretch !== undefined) this.#tiles = this.plan.plannedTiles(stretch.from, stretch.to);
  }
}

function size({ from, to }: Stretch): number {
  return to - from;
}
