import type { Shape } from '../grid/geobox.js';
import type { PixelArray } from '../raster/dtype.js';

/**
 * Gives each pixel that `mask` calls invalid the value of the nearest valid pixel, by Euclidean
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
 * Sets `mask` to 1 where a pixel was filled. Returns how many were.
 */
export function fillNearest(
  pixels: PixelArray,
  mask: Uint8Array,
  shape: Shape,
  maxDistance: number | null,
): number {
  const limit = maxDistance === null ? Number.POSITIVE_INFINITY : maxDistance * maxDistance;
  const filled: number[] = [];
  const deep: number[] = [];
  for (let i = mask.indexOf(0); i !== -1; i = mask.indexOf(0, i + 1)) {
    const source = nearestInRings(mask, i, shape, limit);
    if (source === UNDECIDED) deep.push(i);
    else if (source !== NONE) {
      pixels[i] = pixels[source] as number;
      filled.push(i);
    }
  }
  if (deep.length > 0) {
    const nearestRow = nearestRowInColumn(mask, shape.height, shape.width);
    for (const i of deep) {
      const source = nearestInRow(
        nearestRow,
        Math.floor(i / shape.width),
        i % shape.width,
        shape.width,
        limit,
      );
      if (source === NONE) continue;
      pixels[i] = pixels[source] as number;
      filled.push(i);
    }
  }
  // Only now, so that a filled pixel is never the source of another.
  for (const index of filled) mask[index] = 1;
  return filled.length;
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
  mask: Uint8Array,
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
        if (x < 0 || x >= width || mask[y * width + x] === 0) continue;
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
function nearestRowInColumn(mask: Uint8Array, height: number, width: number): Int32Array {
  const nearest = new Int32Array(height * width);
  const last = new Int32Array(width).fill(-1);
  for (let row = 0, i = 0; row < height; row++) {
    for (let col = 0; col < width; col++, i++) {
      if (mask[i] !== 0) last[col] = row;
      nearest[i] = last[col] as number;
    }
  }
  last.fill(-1);
  for (let row = height - 1; row >= 0; row--) {
    for (let col = 0, i = row * width; col < width; col++, i++) {
      if (mask[i] !== 0) last[col] = row;
      const below = last[col] as number;
      const above = nearest[i] as number;
      if (below !== -1 && (above === -1 || below - row < row - above)) nearest[i] = below;
    }
  }
  return nearest;
}

/** Index of the valid pixel nearest to (row, col), or -1 when none lies within the limit (a squared distance). */
function nearestInRow(
  nearestRow: Int32Array,
  row: number,
  col: number,
  width: number,
  limit: number,
): number {
  const start = row * width;
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
