import type { Shape } from '../../grid/geobox.js';
import type { PixelArray } from '../../raster/dtype.js';
import { loadGdal } from './load.js';
import { withRawDataset } from './raw-dataset.js';

/**
 * GDAL's fillNodata (inverse distance weighting of the nearest valid pixel in each quadrant) without
 * smoothing, up to `maxDistance` pixels. Returns values of the same shape; NaN where a gap stays.
 *
 * It works on a float32 copy whose gaps hold NaN: GDAL computes in float32 whatever the band's type
 * and rewrites whole lines, so a wide integer beside a gap would lose digits in place, and NaN is the
 * one mark that tells a gap it could not fill from any value it could.
 */
export function fillIdw(
  pixels: PixelArray,
  mask: Uint8Array<ArrayBuffer>,
  shape: Shape,
  maxDistance: number,
): Float32Array<ArrayBuffer> {
  const values = Float32Array.from(pixels as Float32Array);
  for (let i = 0; i < values.length; i++) if (mask[i] === 0) values[i] = Number.NaN;
  withRawDataset(values, 'float32', shape, (source) =>
    withRawDataset(mask, 'uint8', shape, (valid) =>
      loadGdal().fillNodata({
        src: source.bands.get(1),
        mask: valid.bands.get(1),
        searchDist: maxDistance,
      }),
    ),
  );
  return values;
}
