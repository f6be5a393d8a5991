/** The rasters that tiles are made of. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadGdal } from '../../dist/kernel/gdal/load.js';
import { drawBand, drawMask } from './pixels.mjs';

/** About 30 m, as the TCTrend cubes have it, in degrees. */
export const RESOLUTION = 0.00026949458523585647;

/**
 * Bands of one size, with gaps at the same pixels in all of them: the mask of a Landsat mosaic is one
 * for all its bands.
 *
 * @param {{ side: number, bands?: number, dtype?: 'uint8' | 'float32', gaps: number, seed: number }} options
 *   `gaps` is a share
 * @returns {import('./tile.mjs').Raster}
 */
export function drawRaster({ side, bands = 3, dtype = 'uint8', gaps, seed }) {
  const mask = drawMask(side, side, gaps, seed + 100);
  return {
    geobox: {
      crs: 'EPSG:4326',
      shape: [side, side],
      affine: [RESOLUTION, 0, 126, 0, -RESOLUTION, 72.5],
    },
    dtype,
    bands: Array.from({ length: bands }, (_, band) => drawBand(side, side, dtype, seed + band)),
    masks: Array.from({ length: bands }, () => mask),
  };
}

const LANDSAT = fileURLToPath(
  new URL('../../../shared/data/landsat7-utm18n-rgb-uint8.tif', import.meta.url),
);

/**
 * A Landsat 7 scene on its own grid, half of it masked; `undefined` where the file does not lie beside
 * the project.
 *
 * @returns {import('./tile.mjs').Raster | undefined}
 */
export function readLandsat() {
  if (!existsSync(LANDSAT)) return undefined;
  const file = loadGdal().open(LANDSAT);
  const { x: width, y: height } = file.rasterSize;
  const [c, a, b, f, d, e] = file.geoTransform;
  const bands = file.bands.map((band) => band.pixels.read(0, 0, width, height));
  file.close();
  return {
    geobox: { crs: 'EPSG:32618', shape: [height, width], affine: [a, b, c, d, e, f] },
    dtype: 'uint8',
    bands,
    masks: bands.map((pixels) => pixels.map((value) => (value === 0 ? 0 : 1))),
  };
}
