import type { TileIndex } from '../../grid/tiling.js';

/**
 * Many tiles in little memory: runs of tiles that follow one another in a row-major walk, time step by
 * time step. A region that is loaded in no place or in one costs a few bytes for each of its rows of
 * tiles; every second tile of a grid, 16 bytes for each.
 */
export class TileRuns {
  /** First tile of each run and the one after its last, as numbers of the walk, in turn. */
  #edges = new Float64Array(64);
  #length = 0;
  #count = 0;

  /** @param rows of tiles of the grid, and columns */
  constructor(
    private readonly rows: number,
    private readonly cols: number,
  ) {}

  get count(): number {
    return this.#count;
  }

  /** Tiles are given back in the order in which they are added. */
  add({ t, row, col }: TileIndex): void {
    const { rows, cols } = this;
    // Without a time axis the walk begins at -rows, so that no step is mistaken for none.
    const number = ((t ?? -1) * rows + row) * cols + col;
    this.#count++;
    if (this.#length > 0 && this.#edges[this.#length - 1] === number) {
      this.#edges[this.#length - 1] = number + 1;
      return;
    }
    if (this.#length === this.#edges.length) {
      const longer = new Float64Array(this.#length * 2);
      longer.set(this.#edges);
      this.#edges = longer;
    }
    this.#edges[this.#length] = number;
    this.#edges[this.#length + 1] = number + 1;
    this.#length += 2;
  }

  [Symbol.iterator](): Generator<TileIndex> {
    return this.between(0, this.#count);
  }

  /** Those from one place in the order to another, which is no longer among them. */
  *between(from: number, to: number): Generator<TileIndex> {
    const { rows, cols } = this;
    const perStep = rows * cols;
    /** Of the run's first tile. */
    let place = 0;
    for (let i = 0; i < this.#length && place < to; i += 2) {
      const [first = 0, last = 0] = [this.#edges[i], this.#edges[i + 1]];
      const end = Math.min(last, first + to - place);
      for (let number = first + Math.max(from - place, 0); number < end; number++) {
        const t = Math.floor(number / perStep);
        const within = number - t * perStep;
        const row = Math.floor(within / cols);
        const col = within - row * cols;
        yield t < 0 ? { row, col } : { t, row, col };
      }
      place += last - first;
    }
  }
}
