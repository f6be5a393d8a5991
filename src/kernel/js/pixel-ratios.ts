import type { GeoBox } from '../../grid/geobox.js';
import type { SourceCoordinates } from './source-coordinates.js';

/** With hardly larger target pixels, GDAL resamples as with equal ones. */
const NEARLY_ONE = 0.95;

/** Rows of positions that are looked at. */
const ROWS = 20;

/**
 * Target pixels to a source pixel along x and y, on average over the target; 1 where they are about
 * equal or more. A whole number of source pixels to a target pixel, nearly, is taken for that.
 */
export function pixelRatios(
  source: GeoBox,
  target: GeoBox,
  coordinates: SourceCoordinates,
): [x: number, y: number] {
  const { height, width } = target;
  const xs = new Float64Array(width + 1);
  const ys = new Float64Array(width + 1);
  // Across the antimeridian, x is counted on from the middle of the target.
  const turn = source.crs.isGeographic ? 360 / Math.abs(source.affine[0]) : 0;
  coordinates.fill(height / 2, 0, xs, ys);
  const middle = xs[Math.floor(width / 2)] as number;
  const [across, down] = [new Extent(), new Extent()];
  const rows = Math.min(height, ROWS);
  for (let k = 0; k <= rows; k++) {
    coordinates.fill(Math.round((k * height) / rows), 0, xs, ys);
    for (let i = 0; i <= width; i++) {
      const x = xs[i] as number;
      across.add(turn === 0 ? x : x + turn * Math.round((middle - x) / turn || 0));
      down.add(ys[i] as number);
    }
  }
  return [ratio(width, across, source.width), ratio(height, down, source.height)];
}

class Extent {
  private low = Number.POSITIVE_INFINITY;
  private high = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    if (!Number.isFinite(value)) return;
    if (value < this.low) this.low = value;
    if (value > this.high) this.high = value;
  }

  get size(): number {
    return this.high - this.low;
  }
}

function ratio(pixels: number, { size }: Extent, length: number): number {
  const exact = pixels / Math.min(size, length);
  if (!(exact > 0 && exact < NEARLY_ONE)) return 1;
  const whole = Math.round(1 / exact);
  return Math.abs(1 / exact - whole) < 0.05 ? 1 / whole : exact;
}
