import type { GeoBox } from '../../grid/geobox.js';
import type { BandRaster } from '../band-raster.js';
import { pixelRatios } from './pixel-ratios.js';
import type { Resampler } from './resampler.js';
import type { SourceCoordinates } from './source-coordinates.js';

/** Below this much weight nothing is left of a pixel, as for GDAL. */
const LEAST_WEIGHT = 1e-6;

/**
 * Linear between pixel centres: the four around the target pixel's centre. Where target pixels are larger
 * than source pixels, the triangle of weights is as much wider, so that no source pixel is passed over.
 */
export function bilinearOf(
  source: GeoBox,
  target: GeoBox,
  coordinates: SourceCoordinates,
): Resampler {
  const { height, width } = source;
  const [ratioX, ratioY] = pixelRatios(source, target, coordinates);
  const across = new Triangle(width, ratioX);
  const down = new Triangle(height, ratioY);
  const [xs, ys] = [new Float64Array(target.width), new Float64Array(target.width)];
  return {
    moveTo(row) {
      coordinates.fill(row + 0.5, 0.5, xs, ys);
    },
    valueAt(col, { pixels, isGap }: BandRaster) {
      const [x, y] = [xs[col] as number, ys[col] as number];
      if (!(x >= 0 && y >= 0 && x <= width && y <= height)) return Number.NaN;
      const centre =
        Math.min(Math.floor(y), height - 1) * width + Math.min(Math.floor(x), width - 1);
      if (isGap !== undefined && isGap[centre] === 1) return Number.NaN;
      across.moveTo(x);
      down.moveTo(y);
      let sum = 0;
      let weights = 0;
      for (let j = down.first; j <= down.last; j++) {
        const weightY = down.weight(j);
        for (let i = across.first, at = j * width + i; i <= across.last; i++, at++) {
          if (isGap !== undefined && isGap[at] === 1) continue;
          const weight = across.weight(i) * weightY;
          weights += weight;
          sum += weight * (pixels[at] as number);
        }
      }
      return weights < LEAST_WEIGHT ? Number.NaN : sum / weights;
    },
  };
}

/** Weights along one axis around a position. */
class Triangle {
  first = 0;
  last = -1;
  private at = 0;
  private readonly reach: number;

  constructor(
    private readonly length: number,
    /** Target pixels to a source pixel, at most 1. */
    private readonly ratio: number,
  ) {
    this.reach = Math.ceil(1 / ratio);
  }

  moveTo(position: number): void {
    this.at = position - 0.5;
    const before = Math.floor(this.at);
    this.first = Math.max(before + 1 - this.reach, 0);
    this.last = Math.min(before + this.reach, this.length - 1);
  }

  weight(index: number): number {
    return Math.max(1 - Math.abs(index - this.at) * this.ratio, 0);
  }
}
