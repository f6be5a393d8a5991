import type { GeoBox } from '../../grid/geobox.js';
import type { BandRaster } from '../band-raster.js';
import type { Resampler } from './resampler.js';
import type { SourceCoordinates } from './source-coordinates.js';

/** Part of a pixel by which a centre may lie before a pixel's edge and still be in it, as for GDAL. */
const EDGE = 1e-10;

/** The value of the pixel that holds the target pixel's centre. */
export function nearOf(source: GeoBox, target: GeoBox, coordinates: SourceCoordinates): Resampler {
  const { height, width } = source;
  const [xs, ys] = [new Float64Array(target.width), new Float64Array(target.width)];
  /** Index of the source pixel, or -1. */
  const indices = new Int32Array(target.width);
  return {
    moveTo(row) {
      coordinates.fill(row + 0.5, 0.5, xs, ys);
      for (let i = 0; i < indices.length; i++) {
        const x = Math.floor((xs[i] as number) + EDGE);
        const y = Math.floor((ys[i] as number) + EDGE);
        indices[i] = x >= 0 && y >= 0 && x < width && y < height ? y * width + x : -1;
      }
    },
    valueAt(col, { pixels, isGap }: BandRaster) {
      const index = indices[col] as number;
      if (index === -1 || (isGap !== undefined && isGap[index] === 1)) return Number.NaN;
      return pixels[index] as number;
    },
  };
}
