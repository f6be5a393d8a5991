import type { Shape } from '../grid/geobox.js';
import type { PixelArray } from '../raster/dtype.js';

/**
 * Gives each pixel that `mask` calls invalid the value of the nearest valid pixel, by Euclidean
 * distance between pixel centres, up to `maxDistance` pixels away (`null`: any distance). This is what
 * `scipy.interpolate.griddata(method="nearest")` computes; where several valid pixels are equally
 * near, any of them is right.
 *
 * Two passes after Meijster et al. (2000), "A general algorithm for computing distance transforms in
 * linear time": first the nearest valid row within each column, then for each gap outward along its
 * row, only as far as a nearer pixel could still lie. The second pass costs gaps x distance, so few
 * small gaps cost little.
 *
 * Sets `mask` to 1 where a pixel was filled. Returns how many were.
 */
export function fillNearest(
  pixels: PixelArray,
  mask: Uint8Array,
  { height, width }: Shape,
  maxDistance: number | null,
): number {
  const nearestRow = nearestRowInColumn(mask, height, width);
  const limit = maxDistance === null ? Number.POSITIVE_INFINITY : maxDistance * maxDistance;
  const filled: number[] = [];
  for (let row = 0; row < height; row++) {
    const start = row * width;
    for (let col = 0; col < width; col++) {
      if (mask[start + col] !== 0) continue;
      const source = nearestInRow(nearestRow, row, col, width, limit);
      if (source === -1) continue;
      pixels[start + col] = pixels[source] as number;
      filled.push(start + col);
    }
  }
  // Only now, so that a filled pixel is never the source of another.
  for (const index of filled) mask[index] = 1;
  return filled.length;
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
  let source = -1;
  const reach = Math.max(col, width - 1 - col);
  for (let step = 0; step <= reach && step * step <= best; step++) {
    for (const at of step === 0 ? [col] : [col - step, col + step]) {
      if (at < 0 || at >= width) continue;
      const near = nearestRow[start + at] as number;
      if (near === -1) continue;
      const distance = step * step + (near - row) * (near - row);
      if (distance < best || (distance === best && source === -1)) {
        best = distance;
        source = near * width + at;
      }
    }
  }
  return source;
}
