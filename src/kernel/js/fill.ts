import type { Shape } from '../../grid/geobox.js';
import type { PixelArray } from '../../raster/dtype.js';

/** "No valid row within reach" in the arrays of rows below. */
const NONE = -1;

/**
 * What GDAL's fillNodata computes without smoothing: each gap gets the mean of the nearest valid pixel
 * of each of its four quadrants, weighted by 1 / distance. `maxDistance` is in pixels. Returns float32
 * values of the same shape; NaN where a gap stays. Values at valid pixels are the pixels themselves.
 *
 * Which pixel belongs to which quadrant was found by experiment against GDAL 3.6 and is held by tests:
 * - the upper quadrants include the gap's own row, the lower ones do not
 * - the left quadrants include the gap's own column, the right ones do not, except in the last
 *   column, where the right quadrants see that column itself
 * - a column offers one pixel upwards and one downwards, the nearest one
 *
 * The search goes outward column by column and ends where no nearer pixel can lie, so it costs
 * gaps x distance to their edge.
 */
export function fillIdw(
  pixels: PixelArray,
  mask: Uint8Array<ArrayBuffer>,
  { height, width }: Shape,
  maxDistance: number,
): Float32Array<ArrayBuffer> {
  const values = Float32Array.from(pixels as Float32Array);
  const above = rowsAbove(mask, height, width, maxDistance);
  const below = new Int32Array(width).fill(NONE);
  const search = new QuadrantSearch(values, above, below, width, maxDistance);
  for (let row = height - 1; row >= 0; row--) {
    const start = row * width;
    // Gaps of this row read `below` as the rows beneath left it.
    const line = mask.subarray(start, start + width);
    for (let col = line.indexOf(0); col !== -1; col = line.indexOf(0, col + 1))
      values[start + col] = search.meanAt(row, col);
    for (let col = 0; col < width; col++) {
      if (line[col] !== 0) below[col] = row;
      else if ((below[col] as number) - row >= maxDistance) below[col] = NONE;
    }
  }
  return values;
}

/** For each pixel the row of the nearest valid pixel at or above it in its column, within reach. */
function rowsAbove(
  mask: Uint8Array,
  height: number,
  width: number,
  maxDistance: number,
): Int32Array {
  const above = new Int32Array(height * width);
  const last = new Int32Array(width).fill(NONE);
  for (let row = 0, i = 0; row < height; row++) {
    for (let col = 0; col < width; col++, i++) {
      if (mask[i] !== 0) last[col] = row;
      const found = last[col] as number;
      above[i] = found !== NONE && row - found <= maxDistance ? found : NONE;
    }
  }
  return above;
}

/** The search around one gap; its fields are scratch, so that a gap allocates nothing. */
class QuadrantSearch {
  /** Upper left, lower left, upper right, lower right. */
  private readonly distance = new Float64Array(4);
  private readonly source = new Int32Array(4);

  constructor(
    private readonly values: Float32Array,
    private readonly above: Int32Array,
    private readonly below: Int32Array,
    private readonly width: number,
    private readonly maxDistance: number,
  ) {}

  meanAt(row: number, col: number): number {
    const { distance, above, below, width } = this;
    distance.fill(this.maxDistance + 1);
    const start = row * width;
    const lastCol = width - 1;
    this.offer(0, above[start + col] as number, row, col, 0);
    this.offer(1, below[col] as number, row, col, 0);
    const reach = Math.floor(this.maxDistance);
    for (let step = 1; step <= reach; step++) {
      const left = col - step;
      const isLeftOpen =
        left >= 0 && (step < (distance[0] as number) || step < (distance[1] as number));
      if (isLeftOpen) {
        this.offer(0, above[start + left] as number, row, left, step);
        this.offer(1, below[left] as number, row, left, step);
      }
      const right = col === lastCol && step === 1 ? col : col + step;
      const isRightOpen =
        right <= lastCol && (step < (distance[2] as number) || step < (distance[3] as number));
      if (isRightOpen) {
        this.offer(2, above[start + right] as number, row, right, right - col);
        this.offer(3, below[right] as number, row, right, right - col);
      }
      if (!isLeftOpen && !isRightOpen) break;
    }
    return this.mean();
  }

  /** Takes the pixel at (`sourceRow`, `sourceCol`) for the quadrant where it is nearer than the one it has. */
  private offer(
    quadrant: 0 | 1 | 2 | 3,
    sourceRow: number,
    row: number,
    sourceCol: number,
    columns: number,
  ): void {
    if (sourceRow === NONE) return;
    const rows = sourceRow - row;
    const squared = columns * columns + rows * rows;
    const held = this.distance[quadrant] as number;
    // The square of the rounded root, as in GDAL: it decides which of two equally near pixels is taken.
    if (squared >= held * held) return;
    this.distance[quadrant] = Math.sqrt(squared);
    this.source[quadrant] = sourceRow * this.width + sourceCol;
  }

  private mean(): number {
    let weights = 0;
    let sum = 0;
    for (let quadrant = 0; quadrant < 4; quadrant++) {
      const distance = this.distance[quadrant] as number;
      if (distance > this.maxDistance) continue;
      const weight = 1 / distance;
      weights += weight;
      sum += (this.values[this.source[quadrant] as number] as number) * weight;
    }
    return weights > 0 ? sum / weights : Number.NaN;
  }
}
