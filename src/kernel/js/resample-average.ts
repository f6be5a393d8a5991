import type { GeoBox } from '../../grid/geobox.js';
import type { BandRaster } from '../band-raster.js';
import type { Resampler } from './resampler.js';
import type { SourceCoordinates } from './source-coordinates.js';

/** Part of a pixel that a rectangle may stick into it without touching it, as for GDAL. */
const EDGE = 1e-10;

/**
 * The mean of the source pixels that a target pixel covers, each weighted by how much of it is covered.
 * Covered is the rectangle between the target pixel's upper left and lower right corner, as for GDAL;
 * across the antimeridian it goes the short way round.
 */
export function averageOf(
  source: GeoBox,
  target: GeoBox,
  coordinates: SourceCoordinates,
): Resampler {
  const { height, width } = source;
  const turn = source.crs.isGeographic
    ? 360 / Math.abs(source.affine[0])
    : Number.POSITIVE_INFINITY;
  const upper = { xs: new Float64Array(target.width), ys: new Float64Array(target.width) };
  const lower = { xs: new Float64Array(target.width), ys: new Float64Array(target.width) };
  const rows = new Span(height);
  const columns = new Span(width);
  let sum = 0;
  let weights = 0;
  const add = ({ pixels, isGap }: BandRaster) => {
    for (let j = rows.first; j < rows.end; j++) {
      const rowWeight = rows.weight(j);
      for (let i = columns.first, at = j * width + i; i < columns.end; i++, at++) {
        if (isGap !== undefined && isGap[at] === 1) continue;
        const weight = columns.weight(i) * rowWeight;
        weights += weight;
        sum += weight * (pixels[at] as number);
      }
    }
  };
  return {
    moveTo(row) {
      coordinates.fill(row, 0, upper.xs, upper.ys);
      coordinates.fill(row + 1, 1, lower.xs, lower.ys);
    },
    valueAt(col, band) {
      const [x0, x1] = [upper.xs[col] as number, lower.xs[col] as number];
      const [left, right] = x0 < x1 ? [x0, x1] : [x1, x0];
      sum = 0;
      weights = 0;
      rows.set(upper.ys[col] as number, lower.ys[col] as number);
      if (right - left > turn / 2) {
        columns.set(right, left + turn);
        add(band);
        columns.set(right - turn, left);
      } else columns.set(left, right);
      add(band);
      return weights > 0 ? sum / weights : Number.NaN;
    },
  };
}

/** The pixels along one axis between two positions, cut to the source. */
class Span {
  first = 0;
  end = 0;
  private low = 0;
  private high = 0;

  constructor(private readonly length: number) {}

  set(one: number, other: number): void {
    const [low, high] = one < other ? [one, other] : [other, one];
    this.low = Math.max(low, 0);
    this.high = Math.min(high, this.length);
    this.first = Math.floor(this.low + EDGE);
    this.end = Math.ceil(this.high - EDGE);
    // A target pixel without extent along this axis still lies in a pixel.
    if (this.first === this.end && low >= 0 && high < this.length) this.end++;
  }

  /** How much of pixel `index` is covered; hardly any, rather than nothing, where there is no extent. */
  weight(index: number): number {
    const covered = Math.min(index + 1, this.high) - Math.max(index, this.low);
    return Math.max(covered, Number.EPSILON);
  }
}
