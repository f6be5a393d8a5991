import type { Shape } from '../../grid/geobox.js';
import type { PixelArray } from '../../raster/dtype.js';
import type { Workspace } from '../workspace.js';
import type { BandGaps } from './nearest.js';

/** "No valid pixel there": further away than any chunk is high. */
const NONE = 0xffff;

/**
 * What GDAL's fillNodata computes without smoothing, to the bit: each gap gets the mean of the nearest
 * valid pixel in each of its four quadrants, weighted by 1 / distance. `maxDistance` is in pixels. What
 * is stored is `toPixel` of that mean, a float32 as in GDAL. Adds the gaps that stay to `left`.
 *
 * Not GDAL's own function, because that one works on a float32 copy of a whole raster and searches it
 * line by line: this costs gaps x distance to their edge. A test holds it to GDAL's.
 *
 * Which pixel belongs to which quadrant was found by experiment with GDAL 3.6, and is held by tests:
 * - the upper quadrants include the gap's own row, the lower ones do not
 * - the left quadrants include the gap's own column, the right ones do not, except in the last
 *   column, where the right quadrants see that column too
 * - a column offers one pixel upwards and one downwards, the nearest one
 */
export function fillIdw(
  pixels: PixelArray,
  { gaps, isGap }: BandGaps,
  shape: Shape,
  maxDistance: number,
  toPixel: (mean: number) => number,
  workspace: Pick<Workspace, 'array' | 'left'>,
): void {
  const columns = gapColumns(gaps, isGap, shape, workspace);
  const search = new QuadrantSearch(pixels, columns, shape, maxDistance);
  const far = new EmptyColumns(columns, shape, maxDistance);
  for (const gap of gaps) {
    const mean = far.surround(gap) ? Number.NaN : search.meanAt(gap);
    // In place: sources are valid pixels, which stay as they are.
    if (Number.isNaN(mean)) workspace.left.add(gap);
    else pixels[gap] = toPixel(Math.fround(mean));
  }
}

/** How many rows above and below each gap the nearest valid pixel of its column is. Holds nothing for valid pixels. */
interface GapColumns {
  readonly isGap: Uint8Array;
  readonly above: Uint16Array;
  readonly below: Uint16Array;
}

function gapColumns(
  gaps: Int32Array,
  isGap: Uint8Array,
  { width }: Shape,
  workspace: Pick<Workspace, 'array'>,
): GapColumns {
  const above = workspace.array('rows to the valid pixel above', 'uint16', isGap.length);
  const below = workspace.array('rows to the valid pixel below', 'uint16', isGap.length);
  const step = (rows: Uint16Array, gap: number, next: number) => {
    if (next < 0 || next >= isGap.length) rows[gap] = NONE;
    else if (isGap[next] === 0) rows[gap] = 1;
    else rows[gap] = rows[next] === NONE ? NONE : (rows[next] as number) + 1;
  };
  for (let k = 0; k < gaps.length; k++) {
    const gap = gaps[k] as number;
    step(above, gap, gap - width);
  }
  for (let k = gaps.length - 1; k >= 0; k--) {
    const gap = gaps[k] as number;
    step(below, gap, gap + width);
  }
  return { isGap, above, below };
}

/**
 * Knows gaps around which no column has a valid pixel within the distance, without looking at each
 * column again for each gap: most of an open sea is of these.
 */
class EmptyColumns {
  #row = -1;
  /** The run of columns found empty in this row; `#end` is the first after it, not looked at or not empty. */
  #from = 0;
  #end = 0;

  constructor(
    private readonly columns: GapColumns,
    private readonly shape: Shape,
    private readonly maxDistance: number,
  ) {}

  surround(gap: number): boolean {
    const { width } = this.shape;
    const row = Math.floor(gap / width);
    const col = gap - row * width;
    const reach = Math.floor(this.maxDistance);
    const first = Math.max(col - reach, 0);
    const last = Math.min(col + reach, width - 1);
    if (row !== this.#row || first < this.#from || first > this.#end) {
      this.#row = row;
      this.#from = first;
      this.#end = first;
    }
    while (this.#end <= last && this.#isEmpty(row * width + this.#end)) this.#end++;
    return this.#end > last;
  }

  #isEmpty(at: number): boolean {
    const { isGap, above, below } = this.columns;
    const distance = this.maxDistance;
    return isGap[at] === 1 && (above[at] as number) > distance && (below[at] as number) > distance;
  }
}

/** The search around one gap; its fields are scratch, so that a gap allocates nothing. */
class QuadrantSearch {
  /** Upper left, lower left, upper right, lower right. */
  private readonly distance = new Float64Array(4);
  private readonly source = new Int32Array(4);
  private readonly reach: number;
  private readonly width: number;

  constructor(
    private readonly pixels: PixelArray,
    private readonly columns: GapColumns,
    { width }: Shape,
    private readonly maxDistance: number,
  ) {
    this.reach = Math.floor(maxDistance);
    this.width = width;
  }

  /** The mean at a gap; NaN where no pixel is in reach. */
  meanAt(gap: number): number {
    const lastCol = this.width - 1;
    const col = gap % this.width;
    const hasRowBelow = gap - col + this.width < this.columns.isGap.length;
    this.lookAside(0, gap, hasRowBelow, 0, -1, Math.min(col, this.reach));
    if (col === lastCol) this.lookAside(2, gap, hasRowBelow, 0, 1, 0);
    else this.lookAside(2, gap, hasRowBelow, 1, 1, Math.min(lastCol - col, this.reach));
    return this.mean();
  }

  /**
   * Finds the nearest pixel of quadrant `upper` and of the lower one after it, in the columns from `first`
   * to `last` steps to one side.
   */
  private lookAside(
    upper: 0 | 2,
    gap: number,
    hasRowBelow: boolean,
    first: number,
    direction: 1 | -1,
    last: number,
  ): void {
    const { isGap, above, below } = this.columns;
    const { width } = this;
    let upperDistance = this.maxDistance + 1;
    let lowerDistance = upperDistance;
    let upperSource = 0;
    let lowerSource = 0;
    for (let step = first; step <= last; step++) {
      // A column further away than what both quadrants hold has nothing nearer.
      if (step >= upperDistance && step >= lowerDistance) break;
      const at = gap + direction * step;
      const gapHere = isGap[at] === 1;
      const up = gapHere ? (above[at] as number) : 0;
      if (up !== NONE) {
        const squared = step * step + up * up;
        // The square of the rounded root, as in GDAL: it decides which of two equally near pixels is taken.
        if (squared < upperDistance * upperDistance) {
          upperDistance = Math.sqrt(squared);
          upperSource = at - up * width;
        }
      }
      let down: number = NONE;
      if (gapHere) down = below[at] as number;
      else if (hasRowBelow) {
        const under = at + width;
        if (isGap[under] === 0) down = 1;
        else if (below[under] !== NONE) down = (below[under] as number) + 1;
      }
      if (down !== NONE) {
        const squared = step * step + down * down;
        if (squared < lowerDistance * lowerDistance) {
          lowerDistance = Math.sqrt(squared);
          lowerSource = at + down * width;
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
