/** Small rasters of known values, one for each pixel type, written with the project's own GDAL. */
import { join } from 'node:path';
import { loadGdal } from '../../dist/kernel/gdal/load.js';

const WIDTH = 300;
const HEIGHT = 200;

/** Names are GDAL's; `nodata` is left out where every code of the type stands for a value. */
const TYPES = {
  uint8: { gdal: 'Byte', low: 0, high: 255, array: Uint8Array },
  int16: { gdal: 'Int16', low: -32767, high: 32767, nodata: -32768, array: Int16Array },
  uint16: { gdal: 'UInt16', low: 0, high: 65535, array: Uint16Array },
  int32: { gdal: 'Int32', low: -(2 ** 31), high: 2 ** 31 - 1, array: Int32Array },
  uint32: { gdal: 'UInt32', low: 0, high: 2 ** 32 - 2, nodata: 2 ** 32 - 1, array: Uint32Array },
  float64: { gdal: 'Float64', low: -1, high: 1, nodata: Number.NaN, array: Float64Array },
};

/** The grid of all of them: WGS 84 / NSIDC north polar stereographic, 100 m. */
export const OWN_GRID = {
  crs: 'EPSG:3413',
  resolution: 100,
  bounds: [1_000_000, -2_020_000, 1_030_000, -2_000_000],
};

/**
 * Writes `own-<dtype>.tif` into a folder: values run from the lowest to the highest of the type, in
 * both directions unevenly, so that a swapped axis or a shift by one shows; a block across chunk
 * edges holds nodata where the type has it.
 */
export function writeOwnRaster(/** @type {string} */ folder, /** @type {string} */ dtype) {
  const type = TYPES[dtype];
  const gdal = loadGdal();
  const file = `own-${dtype}.tif`;
  const dataset = gdal.drivers
    .get('GTiff')
    .create(join(folder, file), WIDTH, HEIGHT, 1, type.gdal, []);
  const [west, , , north] = OWN_GRID.bounds;
  dataset.geoTransform = [west, OWN_GRID.resolution, 0, north, 0, -OWN_GRID.resolution];
  dataset.srs = gdal.SpatialReference.fromUserInput(OWN_GRID.crs);
  const band = dataset.bands.get(1);
  if (type.nodata !== undefined) band.noDataValue = type.nodata;
  band.pixels.write(0, 0, WIDTH, HEIGHT, pixelsOf(type));
  dataset.close();
  return { file, nodata: type.nodata };
}

function pixelsOf({ low, high, nodata, array }) {
  const pixels = new array(WIDTH * HEIGHT);
  const isFloat = array === Float64Array;
  for (let row = 0; row < HEIGHT; row++) {
    for (let col = 0; col < WIDTH; col++) {
      const part = (((row * 37 + col * 11) % 1009) + col / WIDTH) / 1009;
      const value = low + (high - low) * part;
      pixels[row * WIDTH + col] = isFloat ? value : Math.round(value);
    }
  }
  if (nodata === undefined) return pixels;
  for (let row = 50; row < 140; row++) {
    pixels.fill(nodata, row * WIDTH + 100, row * WIDTH + 220);
  }
  return pixels;
}
