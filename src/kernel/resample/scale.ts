import type { Shape } from '../../grid/geobox.js';
import type { Window } from '../../grid/window.js';
import type { Positions } from './positions.js';

/**
 * Pixels on a side of the squares of a target grid within which kernels are of one width. GDAL measures it
 * for each window that it warps, so that tiles and files showed; here the squares are the grid's own.
 */
const SQUARE = 4096;

/** With hardly larger target pixels, GDAL resamples as with equal ones. */
const NEARLY_ONE = 0.95;

/** Rows and columns of points that are looked at. */
const POINTS = 21;

/** By how much GDAL's measure may differ from the mean of the places themselves, to be taken. */
const LIKELY = 1.1;

/** The parts of a window that lie in one square each. */
export function* squaresOf(
  window: Window,
  grid: Shape,
): Generator<{ part: Window; square: Window }> {
  for (const [row, height, square, tall] of stretches(window.row, window.height, grid.height))
    for (const [col, width, left, wide] of stretches(window.col, window.width, grid.width))
      yield {
        part: { row, col, height, width },
        square: { row: square, col: left, height: tall, width: wide },
      };
}

/** Squares of about equal size, so that none is a sliver; what lies outside of the grid belongs to the nearest. */
function* stretches(start: number, length: number, whole: number) {
  const count = Math.max(Math.round(whole / SQUARE), 1);
  const edge = (k: number) => Math.round((k * whole) / count);
  for (let k = 0; k < count; k++) {
    const from = k === 0 ? start : Math.max(edge(k), start);
    const to = k === count - 1 ? start + length : Math.min(edge(k + 1), start + length);
    if (to > from) yield [from, to - from, edge(k), edge(k + 1) - edge(k)] as const;
  }
}

/**
 * Target pixels to a source pixel along x and y in a square of the target's grid; 1 where they are about
 * equal or more. A whole number of source pixels to a target pixel, nearly, is taken for that. The number is
 * GDAL's for the square as a whole, had the source no end: the square's pixels by the extent of their places.
 * Where that is no measure (turned grids, slivers, places without an image) it is the mean of the places.
 */
export function scaleOf(
  { row, col, height, width }: Window,
  positions: Positions,
  turn: number | undefined,
): readonly [x: number, y: number] {
  const across = new Axis(width, turn);
  const down = new Axis(height, undefined);
  const at = (x: number, y: number) => {
    const [xs, ys] = [new Float64Array(1), new Float64Array(1)];
    positions.fill(row + y, col + x, xs, ys);
    return [xs[0] as number, ys[0] as number] as const;
  };
  [across.middle, down.middle] = at(width / 2, height / 2);
  for (let j = 0; j < POINTS; j++)
    for (let i = 0; i < POINTS; i++) {
      const [x, y] = [(i * width) / (POINTS - 1), (j * height) / (POINTS - 1)];
      const place = at(x, y);
      const right = at(x + (2 * i < POINTS ? 1 : -1), y);
      const below = at(x, y + (2 * j < POINTS ? 1 : -1));
      across.add(place[0], right[0], below[0]);
      down.add(place[1], right[1], below[1]);
    }
  return [across.scale, down.scale];
}

/** What is found along one axis of the source. */
class Axis {
  middle = Number.NaN;
  private low = Number.POSITIVE_INFINITY;
  private high = Number.NEGATIVE_INFINITY;
  private isWhole = true;
  private steps = 0;
  private sum = 0;

  constructor(
    private readonly pixels: number,
    private readonly turn: number | undefined,
  ) {}

  add(place: number, right: number, below: number): void {
    if (!Number.isFinite(place)) {
      this.isWhole = false;
      return;
    }
    // Across the seam of a map of the earth, x is counted on from the middle.
    const from = Number.isFinite(this.middle) ? this.middle : place;
    const counted = from + this.#short(place - from);
    if (counted < this.low) this.low = counted;
    if (counted > this.high) this.high = counted;
    const step = Math.hypot(this.#short(right - place), this.#short(below - place));
    if (!Number.isFinite(step)) return;
    this.steps++;
    this.sum += step;
  }

  get scale(): number {
    const mean = this.steps / this.sum;
    const extent = this.pixels / (this.high - this.low);
    const isLikely = this.isWhole && extent < mean * LIKELY && extent > mean / LIKELY;
    const exact = isLikely ? extent : mean;
    if (!(exact > 0 && exact < NEARLY_ONE)) return 1;
    const whole = Math.round(1 / exact);
    return Math.abs(1 / exact - whole) < 0.05 ? 1 / whole : exact;
  }

  /** The short way round. */
  #short(distance: number): number {
    const { turn } = this;
    return turn === undefined ? distance : distance - turn * Math.round(distance / turn);
  }
}
