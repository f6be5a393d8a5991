import { EDGE, type SourceView } from './resampler.js';

/** Told of each valid source pixel under a footprint, in row-major order. */
type Visit = (value: number, weight: number) => void;

/**
 * Visits what a target pixel covers: the rectangle between its upper left and lower right corner, as for
 * GDAL; across the seam of a map of the whole earth it goes the short way round. The weight of a source
 * pixel is how much of it is covered, at most 1.
 */
export function footprintOf(
  { pixels, isGap, window, extent, turn = Number.POSITIVE_INFINITY }: SourceView,
  visit: Visit,
): (x: number, y: number, x2: number, y2: number) => void {
  const rows = new Span(extent.row, extent.height);
  const columns = new Span(extent.col, extent.width);
  const visitAll = () => {
    for (let j = rows.first; j < rows.end; j++) {
      const rowWeight = rows.weight(j);
      let at = (j - window.row) * window.width + columns.first - window.col;
      for (let i = columns.first; i < columns.end; i++, at++)
        if (isGap === undefined || isGap[at] !== 1)
          visit(pixels[at] as number, columns.weight(i) * rowWeight);
    }
  };
  return (x, y, x2, y2) => {
    if (!Number.isFinite(x + y + x2 + y2)) return;
    const [left, right] = x < x2 ? [x, x2] : [x2, x];
    rows.set(y, y2);
    if (right - left > turn / 2) {
      columns.set(right, left + turn);
      visitAll();
      columns.set(right - turn, left);
    } else columns.set(left, right);
    visitAll();
  };
}

/** The pixels along one axis between two positions, cut to the raster. */
class Span {
  first = 0;
  end = 0;
  private low = 0;
  private high = 0;
  private readonly limit: number;

  constructor(
    private readonly start: number,
    length: number,
  ) {
    this.limit = start + length;
  }

  set(one: number, other: number): void {
    const [low, high] = one < other ? [one, other] : [other, one];
    this.low = Math.max(low, this.start);
    this.high = Math.min(high, this.limit);
    this.first = Math.floor(this.low + EDGE);
    this.end = Math.min(Math.ceil(this.high - EDGE), this.limit);
    // A target pixel without extent along this axis still lies in a pixel.
    if (this.first === this.end && low >= this.start && high < this.limit) this.end++;
  }

  /** How much of pixel `index` is covered; hardly any, rather than nothing, where there is no extent. */
  weight(index: number): number {
    const covered = Math.min(index + 1, this.high) - Math.max(index, this.low);
    return Math.max(covered, Number.EPSILON);
  }
}
