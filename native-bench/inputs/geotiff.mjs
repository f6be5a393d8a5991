import { loadGdal, uniqueName } from '../../dist/kernel/gdal/load.js';
import { TIFF_OPTIONS } from '../../dist/loopback/index.js';

/** GDAL's names of the pixel types that inputs have. */
const TYPES = { uint8: 'Byte', float32: 'Float32' };

/** What GeoTIFFs of replies may look like. The first is what the loopback server sends. */
export const LAYOUTS = {
  'uncompressed, band interleave': TIFF_OPTIONS,
  'uncompressed tiles, pixel interleave': layout('NONE', 'TILED=YES', 'INTERLEAVE=PIXEL'),
  'LZW tiles, pixel interleave': layout('LZW', 'TILED=YES', 'INTERLEAVE=PIXEL'),
  'DEFLATE tiles, pixel interleave': layout('DEFLATE', 'TILED=YES', 'INTERLEAVE=PIXEL'),
  'LZW strips, band interleave': layout('LZW', 'INTERLEAVE=BAND'),
};

function layout(compression, ...more) {
  return [`COMPRESS=${compression}`, 'PHOTOMETRIC=MINISBLACK', 'ALPHA=NO', ...more];
}

/**
 * A GeoTIFF in memory.
 *
 * @param {{ crs: string, shape: readonly [height: number, width: number], affine: readonly number[] }} geobox
 * @param {readonly ArrayLike<number>[]} bands each `[y, x]` of the geobox's shape
 * @param {'uint8' | 'float32'} dtype
 * @param {readonly string[]} options GDAL's creation options
 * @param {number} [nodata]
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeGeoTiff(geobox, bands, dtype, options, nodata) {
  const gdal = loadGdal();
  const [height, width] = geobox.shape;
  const [a, b, c, d, e, f] = geobox.affine;
  const path = uniqueName('.tif');
  const file = gdal.drivers
    .get('GTiff')
    .create(path, width, height, bands.length, TYPES[dtype], [...options]);
  file.geoTransform = [c, a, b, f, d, e];
  file.srs = gdal.SpatialReference.fromUserInput(geobox.crs);
  for (const [i, pixels] of bands.entries()) {
    const band = file.bands.get(i + 1);
    if (nodata !== undefined) band.noDataValue = nodata;
    band.pixels.write(0, 0, width, height, pixels);
  }
  file.close();
  return new Uint8Array(gdal.vsimem.release(path));
}
