import type { Shape } from '../grid/geobox.js';
import type { PixelArray } from '../raster/dtype.js';
import type { Workspace } from './workspace.js';

/** The gaps of a band, as a list and as a raster. */
export interface BandGaps {
  /** Indices into the band, ascending. */
  readonly gaps: Int32Array;
  /** 1 at each gap, 0 elsewhere. */
  readonly isGap: Uint8Array;
}

/**
 * Gives each gap the value of the nearest valid pixel, by Euclidean
 * distance between pixel centres, up to `maxDistance` pixels away (`null`: any distance). This is what
 * `scipy.interpolate.griddata(method="nearest")` computes; where several valid pixels are equally
 * near, any of them is right.
 *
 * Most gaps are a few pixels wide: they are searched ring by ring, which costs nothing where there is
 * no gap. For pixels deep inside wide gaps, the rest is done in two passes after Meijster et al.
 * (2000), "A general algorithm for computing distance transforms in linear time": first the nearest
 * valid row within each column, then for each pixel outward along its row, only as far as a nearer
 * pixel could still lie.
 *
 * Adds the gaps that stay to `left`.
 */
export function fillNearest(
  pixels: PixelArray,
  { gaps, isGap }: BandGaps,
  shape: Shape,
  maxDistance: number | null,
  workspace: Pick<Workspace, 'array' | 'left'>,
): void {
  const limit = maxDistance === null ? Number.POSITIVE_INFINITY : maxDistance * maxDistance;
  // A gap that was filled is still one to the search, so it is never the source of another.
  let nearestRow: Int32Array | undefined;
  for (const gap of gaps) {
    let source = nearestInRings(isGap, gap, shape, limit);
    if (source === UNDECIDED) {
      nearestRow ??= nearestRowInColumn(isGap, shape, workspace);
      source = nearestInRow(nearestRow, gap, shape.width, limit);
    }
    if (source === NONE) workspace.left.add(gap);
    else pixels[gap] = pixels[source] as number;
  }
}

/** No valid pixel lies within the limit. */
const NONE = -1;

/** The nearest valid pixel lies beyond the rings that are searched. */
const UNDECIDED = -2;

/** Rings searched around a pixel; the last one has 8 times as many pixels as this. */
const RINGS = 8;

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

/** Index of the valid pixel nearest to pixel `gap`, or -1 when none lies within the limit (a squared distance). */
function nearestInRow(nearestRow: Int32Array, gap: number, width: number, limit: number): number {
  const row = Math.floor(gap / width);
  const start = row * width;
  const col = gap - start;
  let best = limit;
  let source = NONE;
  const reach = Math.max(col, width - 1 - col);
  for (let step = 0; step <= reach && step * step <= best; step++) {
    for (let at = col - step; at <= col + step; at += Math.max(2 * step, 1)) {
      if (at < 0 || at >= width) continue;
      const near = nearestRow[start + at] as number;
      if (near === -1) continue;
      const distance = step * step + (near - row) * (near - row);
      if (distance < best || (distance === best && source === NONE)) {
        best = distance;
        source = near * width + at;
      }
    }
  }
  return source;
}
