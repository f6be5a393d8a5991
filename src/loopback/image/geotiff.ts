import { toGeoTransform } from '../../grid/affine.js';
import type { GeoBox } from '../../grid/geobox.js';
import { loadGdal, uniqueName } from '../../kernel/gdal/load.js';
import type { PixelArray, WorkType } from '../../raster/dtype.js';
import { exportName } from './pixel-type.js';

/**
 * One option set for every reply: uncompressed; band after band, which GDAL writes in half the time
 * of pixel interleave; no colours and no alpha, so that no reader takes four bands for RGBA.
 */
export const TIFF_OPTIONS: readonly string[] = [
  'INTERLEAVE=BAND',
  'PHOTOMETRIC=MINISBLACK',
  'ALPHA=NO',
];

/**
 * A GeoTIFF of `bands` (each `[y, x]` of the geobox's shape) in memory, with its CRS and transform set.
 *
 * @param nodata the value that stands for masked pixels, told in a tag; by default there is no such tag
 */
export function encodeGeoTiff(
  geobox: GeoBox,
  bands: readonly PixelArray[],
  dtype: WorkType,
  nodata?: number,
): Uint8Array {
  const gdal = loadGdal();
  const { width, height, crs } = geobox;
  const path = uniqueName('.tif');
  const dataset = gdal.drivers
    .get('GTiff')
    .create(path, width, height, bands.length, exportName(dtype), [...TIFF_OPTIONS]);
  try {
    dataset.geoTransform = [...toGeoTransform(geobox.affine)];
    dataset.srs = gdal.SpatialReference.fromUserInput(crs.name);
    for (const [index, pixels] of bands.entries()) {
      const band = dataset.bands.get(index + 1);
      if (nodata !== undefined) band.noDataValue = nodata;
      band.pixels.write(0, 0, width, height, pixels);
    }
  } finally {
    dataset.close();
  }
  return gdal.vsimem.release(path);
}
