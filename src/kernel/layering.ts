import type { Window } from '../grid/window.js';
import type { PixelArray } from '../raster/dtype.js';
import type { GapList } from './fill/gaps.js';

const TAKEN = 0;
const OPEN = 1;
/** A gap of the layer at hand, which stays open. */
const HOLE = 2;

/** One band put together from layers that overlap, from the topmost down: each gives what those above left. */
export class Layering {
  #left: number;

  /**
   * @param width of the tile's raster
   * @param state of that raster's length; what it holds does not matter
   */
  constructor(
    private readonly width: number,
    private readonly state: Uint8Array<ArrayBuffer>,
  ) {
    state.fill(OPEN);
    this.#left = state.length;
  }

  get isFull(): boolean {
    return this.#left === 0;
  }

  /**
   * Takes those pixels of a layer that none above it had a value for.
   *
   * @param layer of the raster's shape; it is looked at within `window` alone
   * @param gaps pixels of the layer without a value
   */
  addBelow(layer: PixelArray, gaps: GapList, window: Window, pixels: PixelArray): void {
    const { state, width } = this;
    for (const index of gaps.indices()) if (state[index] === OPEN) state[index] = HOLE;
    for (let row = window.row; row < window.row + window.height; row++) {
      const start = row * width + window.col;
      for (let i = start; i < start + window.width; i++) {
        if (state[i] === OPEN) {
          pixels[i] = layer[i] as number;
          state[i] = TAKEN;
          this.#left--;
        } else if (state[i] === HOLE) state[i] = OPEN;
      }
    }
  }

  /** Adds the pixels that no layer had a value for. */
  addGaps(gaps: GapList): void {
    if (this.isFull) return;
    for (let i = 0; i < this.state.length; i++) if (this.state[i] !== TAKEN) gaps.add(i);
  }
}
