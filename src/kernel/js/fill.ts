import type { Shape } from '../../grid/geobox.js';
import type { PixelArray } from '../../raster/dtype.js';

/** "No valid row there". */
const NONE = -1;

/**
 * What GDAL's fillNodata computes without smoothing, to the bit: each gap gets the mean of the nearest
 * valid pixel in each of its four quadrants, weighted by 1 / distance. `maxDistance` is in pixels.
 * Returns a raster of the same shape that holds the value of each gap, NaN where it stays one; values at
 * valid pixels mean nothing.
 *
 * Which pixel belongs to which quadrant was found by experiment with GDAL 3.6, and is held by tests:
 * - the upper quadrants include the gap's own row, the lower ones do not
 * - the left quadrants include the gap's own column, the right ones do not, except in the last
 *   column, where the right quadrants see that column too
 * - a column offers one pixel upwards and one downwards, the nearest one
 *
 * Everything but one search for gaps in the mask costs gaps x distance to their edge.
 */
export function fillIdw(
  pixels: PixelArray,
  mask: Uint8Array<ArrayBuffer>,
  { height, width }: Shape,
  maxDistance: number,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(height * width);
  const columns = new GapColumns(mask, height, width);
  const search = new QuadrantSearch(pixels, columns, width, maxDistance);
  for (let gap = mask.indexOf(0); gap !== -1; gap = mask.indexOf(0, gap + 1))
    values[gap] = search.meanAt(Math.floor(gap / width), gap % width);
  return values;
}

/** The nearest valid row above and below each gap, in its column. Holds nothing for valid pixels. */
class GapColumns {
  readonly above: Int32Array;
  readonly below: Int32Array;

  constructor(
    readonly mask: Uint8Array,
    height: number,
    readonly width: number,
  ) {
    const above = new Int32Array(mask.length);
    const below = new Int32Array(mask.length);
    for (let gap = mask.indexOf(0); gap !== -1; gap = mask.indexOf(0, gap + 1)) {
      const next = gap - width;
      if (next < 0) above[gap] = NONE;
      else above[gap] = mask[next] === 0 ? (above[next] as number) : Math.floor(next / width);
    }
    for (let gap = mask.lastIndexOf(0); gap !== -1; gap = lastGapBefore(mask, gap)) {
      const next = gap + width;
      if (next >= height * width) below[gap] = NONE;
      else below[gap] = mask[next] === 0 ? (below[next] as number) : Math.floor(next / width);
    }
    this.above = above;
    this.below = below;
  }
}

/** `lastIndexOf` from -1 would start at the end again. */
function lastGapBefore(mask: Uint8Array, index: number): number {
  return index === 0 ? -1 : mask.lastIndexOf(0, index - 1);
}

/** The search around one gap; its fields are scratch, so that a gap allocates nothing. */
class QuadrantSearch {
  /** Upper left, lower left, upper right, lower right. */
  private readonly distance = new Float64Array(4);
  private readonly source = new Int32Array(4);
  private readonly reach: number;

  constructor(
    private readonly pixels: PixelArray,
    private readonly columns: GapColumns,
    private readonly width: number,
    private readonly maxDistance: number,
  ) {
    this.reach = Math.floor(maxDistance);
  }

  meanAt(row: number, col: number): number {
    const lastCol = this.width - 1;
    this.lookAside(0, row, col, 0, -1, Math.min(col, this.reach));
    if (col === lastCol) this.lookAside(2, row, col, 0, 1, 0);
    else this.lookAside(2, row, col, 1, 1, Math.min(lastCol - col, this.reach));
    return this.mean();
  }

  /**
   * Finds the nearest pixel of quadrant `upper` and of the lower one after it, in the columns from `first`
   * to `last` steps to one side.
   */
  private lookAside(
    upper: 0 | 2,
    row: number,
    col: number,
    first: number,
    direction: 1 | -1,
    last: number,
  ): void {
    const { mask, above, below, width } = this.columns;
    const start = row * width + col;
    const hasRowBelow = start - col + width < mask.length;
    let upperDistance = this.maxDistance + 1;
    let lowerDistance = upperDistance;
    let upperSource = 0;
    let lowerSource = 0;
    for (let step = first; step <= last; step++) {
      // A column further away than what both quadrants hold has nothing nearer.
      if (step >= upperDistance && step >= lowerDistance) break;
      const at = start + direction * step;
      const isGap = mask[at] === 0;
      const up = isGap ? (above[at] as number) : row;
      if (up !== NONE) {
        const squared = step * step + (row - up) * (row - up);
        // The square of the rounded root, as in GDAL: it decides which of two equally near pixels is taken.
        if (squared < upperDistance * upperDistance) {
          upperDistance = Math.sqrt(squared);
          upperSource = at + (up - row) * width;
        }
      }
      const isNextValid = !isGap && hasRowBelow && mask[at + width] !== 0;
      const down = isNextValid ? row + 1 : belowOf(at, isGap, hasRowBelow, below, width);
      if (down !== NONE) {
        const squared = step * step + (down - row) * (down - row);
        if (squared < lowerDistance * lowerDistance) {
          lowerDistance = Math.sqrt(squared);
          lowerSource = at + (down - row) * width;
        }
      }
    }
    this.distance[upper] = upperDistance;
    this.distance[upper + 1] = lowerDistance;
    this.source[upper] = upperSource;
    this.source[upper + 1] = lowerSource;
  }

  private mean(): number {
    let weights = 0;
    let sum = 0;
    for (let quadrant = 0; quadrant < 4; quadrant++) {
      const distance = this.distance[quadrant] as number;
      if (distance > this.maxDistance) continue;
      const weight = 1 / distance;
      weights += weight;
      // GDAL reads every type as float32.
      sum += Math.fround(this.pixels[this.source[quadrant] as number] as number) * weight;
    }
    return weights > 0 ? sum / weights : Number.NaN;
  }
}

/** The nearest valid row below a gap, or below a valid pixel with a gap under it. */
function belowOf(
  at: number,
  isGap: boolean,
  hasRowBelow: boolean,
  below: Int32Array,
  width: number,
): number {
  if (isGap) return below[at] as number;
  return hasRowBelow ? (below[at + width] as number) : NONE;
}
