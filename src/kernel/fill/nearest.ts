import type { Shape } from '../../grid/geobox.js';
import type { PixelArray } from '../../raster/dtype.js';
import type { Workspace } from '../workspace.js';
import type { GapList } from './gaps.js';

/** The gaps of a band, as a list and as a raster. */
export interface BandGaps {
  /** Indices into the band, ascending. */
  readonly gaps: Int32Array;
  /** 1 at each gap, 0 elsewhere. */
  readonly isGap: Uint8Array;
}

/**
 * Where each gap gets its value from: the nearest valid pixel, by Euclidean distance between pixel centres,
 * up to `maxDistance` pixels away (`null`: any distance). This is what
 * `scipy.interpolate.griddata(method="nearest")` computes; where several valid pixels are equally
 * near, any of them is right.
 *
 * Most gaps are a few pixels wide: they are searched ring by ring, which costs nothing where there is
 * no gap. For pixels deep inside wide gaps the rest is an exact distance transform in two passes: first
 * the nearest valid row within each column, then, for rows that hold such pixels, the lower envelope of
 * the columns' parabolas (Felzenszwalb and Huttenlocher, 2012, "Distance transforms of sampled functions").
 *
 * @returns for each gap the index of its source, or {@link NONE}; in the workspace, until the next call
 */
export function nearestSources(
  { gaps, isGap }: BandGaps,
  shape: Shape,
  maxDistance: number | null,
  workspace: Pick<Workspace, 'array'>,
): Int32Array {
  const limit = maxDistance === null ? Number.POSITIVE_INFINITY : maxDistance * maxDistance;
  const { width } = shape;
  const sources = workspace.array('nearest sources', 'int32', gaps.length);
  let columns: Envelope | undefined;
  /** Places of gaps in the list. */
  const deep: number[] = [];
  for (let k = 0; k < gaps.length; k++) {
    const gap = gaps[k] as number;
    // What lies beside a deep pixel is deep too, or nearly: searching its rings would be in vain.
    const isBesideDeep = deep[deep.length - 1] === k - 1 && gaps[k - 1] === gap - 1;
    const source = isBesideDeep ? UNDECIDED : nearestInRings(isGap, gap, shape, limit);
    if (source === UNDECIDED) deep.push(k);
    else sources[k] = source;
    if (deep.length === 0) continue;
    const next = gaps[k + 1];
    const row = Math.floor(gap / width);
    if (next !== undefined && next < (row + 1) * width) continue;
    columns ??= new Envelope(nearestRowInColumn(isGap, shape, workspace), width);
    columns.nearestOf(deep, gaps, row, limit, sources);
    deep.length = 0;
  }
  return sources;
}

/**
 * Gives each gap the value of its source, in place. A source is a valid pixel, so no filled one is ever the
 * source of another. Adds the gaps without one to `left`.
 */
export function copySources(
  pixels: PixelArray,
  gaps: Int32Array,
  sources: Int32Array,
  left: GapList,
): void {
  for (let k = 0; k < gaps.length; k++) {
    const [gap, source] = [gaps[k] as number, sources[k] as number];
    if (source === NONE) left.add(gap);
    else pixels[gap] = pixels[source] as number;
  }
}

/** No valid pixel lies within the limit. */
export const NONE = -1;

/** The nearest valid pixel lies beyond the rings that are searched. */
const UNDECIDED = -2;

/** Rings searched around a pixel; the last one has 8 times as many pixels as this. */
const RINGS = 6;

/**
 * Index of the valid pixel nearest to pixel `at`. Ring `r` holds the pixels whose larger offset is `r`:
 * none of them is nearer than `r`, so the search ends when the best is as near as the next ring.
 */
function nearestInRings(
  isGap: Uint8Array,
  at: number,
  { height, width }: Shape,
  limit: number,
): number {
  const row = Math.floor(at / width);
  const col = at - row * width;
  // Beside most gaps lies a valid pixel, and nothing is nearer.
  if (limit >= 1) {
    if (row > 0 && isGap[at - width] === 0) return at - width;
    if (col > 0 && isGap[at - 1] === 0) return at - 1;
    if (col < width - 1 && isGap[at + 1] === 0) return at + 1;
    if (row < height - 1 && isGap[at + width] === 0) return at + width;
  }
  let best = limit;
  let source = NONE;
  for (let ring = 1; ring <= RINGS; ring++) {
    // An equally near one further out would be no better; with none found, the limit itself still counts.
    if (source === NONE ? ring * ring > limit : ring * ring >= best) return source;
    const top = Math.max(row - ring, 0);
    const bottom = Math.min(row + ring, height - 1);
    for (let y = top; y <= bottom; y++) {
      // Whole rows above and below, and the two ends of the rows between.
      const step = y === row - ring || y === row + ring ? 1 : 2 * ring;
      for (let x = col - ring; x <= col + ring; x += step) {
        if (x < 0 || x >= width || isGap[y * width + x] === 1) continue;
        const distance = (x - col) * (x - col) + (y - row) * (y - row);
        if (distance < best || (distance === best && source === NONE)) {
          best = distance;
          source = y * width + x;
        }
      }
    }
  }
  const next = RINGS + 1;
  return source !== NONE && best <= next * next
    ? source
    : source === NONE && next * next > limit
      ? NONE
      : UNDECIDED;
}

/** For each pixel the row of the nearest valid pixel of its column, or -1. */
function nearestRowInColumn(
  isGap: Uint8Array,
  { height, width }: Shape,
  workspace: Pick<Workspace, 'array'>,
): Int32Array {
  const nearest = workspace.array('nearest row', 'int32', height * width);
  const last = new Int32Array(width).fill(-1);
  for (let row = 0, i = 0; row < height; row++) {
    for (let col = 0; col < width; col++, i++) {
      if (isGap[i] === 0) last[col] = row;
      nearest[i] = last[col] as number;
    }
  }
  last.fill(-1);
  for (let row = height - 1; row >= 0; row--) {
    for (let col = 0, i = row * width; col < width; col++, i++) {
      if (isGap[i] === 0) last[col] = row;
      const below = last[col] as number;
      const above = nearest[i] as number;
      if (below !== -1 && (above === -1 || below - row < row - above)) nearest[i] = below;
    }
  }
  return nearest;
}

/**
 * The nearest valid pixels of one row's pixels. The valid pixel nearest to a place within each column
 * gives a parabola of squared distances along the row; the lowest of them at a pixel is the nearest.
 */
class Envelope {
  /** Columns whose parabolas are the lowest somewhere, from left to right. */
  readonly #columns: Int32Array;
  /** From where on each of them is the lowest. */
  readonly #starts: Float64Array;

  constructor(
    private readonly nearestRow: Int32Array,
    private readonly width: number,
  ) {
    this.#columns = new Int32Array(width);
    this.#starts = new Float64Array(width);
  }

  /** @param places in the list of gaps of those of one row, ascending; their sources are written there. */
  nearestOf(
    places: readonly number[],
    gaps: Int32Array,
    row: number,
    limit: number,
    sources: Int32Array,
  ): void {
    const count = this.#build(row);
    const start = row * this.width;
    let k = 0;
    for (const place of places) {
      const col = (gaps[place] as number) - start;
      while (k + 1 < count && (this.#starts[k + 1] as number) < col) k++;
      const at = this.#columns[k] as number;
      const near = count === 0 ? NONE : (this.nearestRow[start + at] as number);
      const distance = (col - at) * (col - at) + (row - near) * (row - near);
      sources[place] = near !== NONE && distance <= limit ? near * this.width + at : NONE;
    }
  }

  /** Finds the envelope of a row; returns how many parabolas it has. */
  #build(row: number): number {
    const columns = this.#columns;
    const starts = this.#starts;
    const start = row * this.width;
    let count = 0;
    for (let col = 0; col < this.width; col++) {
      const near = this.nearestRow[start + col] as number;
      if (near === NONE) continue;
      const height = (row - near) * (row - near) + col * col;
      let from = Number.NEGATIVE_INFINITY;
      while (count > 0) {
        const other = columns[count - 1] as number;
        const rows = row - (this.nearestRow[start + other] as number);
        from = (height - (rows * rows + other * other)) / (2 * (col - other));
        if (from > (starts[count - 1] as number)) break;
        count--;
        from = Number.NEGATIVE_INFINITY;
      }
      columns[count] = col;
      starts[count] = from;
      count++;
    }
    return count;
  }
}
