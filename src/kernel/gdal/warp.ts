import type { Dataset } from 'gdal-async';
import { RasterError } from '../../errors.js';
import { toGeoTransform } from '../../grid/affine.js';
import type { GeoBox } from '../../grid/geobox.js';
import { allocate, isFloat } from '../../raster/dtype.js';
import type { Recipe } from '../../tile.js';
import { maskOf } from '../mask.js';
import type { BandRaster } from '../pipeline.js';
import { loadGdal } from './load.js';
import { GDAL_TYPES } from './raw-dataset.js';
import { isCodedSoundly, spatialReference } from './srs.js';

/** GDAL's constants by the names its commands use. */
const RESAMPLING = {
  near: 'NearestNeighbor',
  bilinear: 'Bilinear',
  cubic: 'Cubic',
  average: 'Average',
  mode: 'Mode',
} as const;

/**
 * One band of `source` on the grid `target`, with its own mask. Each pixel centre is transformed
 * exactly (gdalwarp's `-et 0`): gdalwarp's default approximation depends on where a raster is cut
 * into tiles, and a cube must not.
 *
 * Bands are warped one at a time because GDAL's alpha band is one for all of them.
 */
export function warpBand(
  source: Dataset,
  band: number,
  target: GeoBox,
  { dtype, mask: transport, processing }: Recipe,
): BandRaster {
  const gdal = loadGdal();
  const { height, width } = target;
  const fileSrs = source.srs;
  if (fileSrs === null)
    throw new RasterError('warp', 'Expected a GeoTIFF with a CRS but received one without.');
  if (!isCodedSoundly(fileSrs))
    throw new RasterError(
      'warp',
      `Expected the code of a geographic system in the CRS of the GeoTIFF but received EPSG:${fileSrs.getAuthorityCode('GEOGCS')}.`,
    );
  const srs = spatialReference(target.crs.name);
  const destination = gdal.drivers.get('MEM').create('', width, height, 2, GDAL_TYPES[dtype]);
  try {
    destination.geoTransform = [...toGeoTransform(target.affine)];
    destination.srs = srs;
    // A nodata tag says nothing where masked pixels hold a sentinel, but the warper would heed both.
    if (transport.kind === 'sentinel') source.bands.get(band).noDataValue = null;
    const nodata =
      (transport.kind === 'sentinel' ? transport.value : source.bands.get(band).noDataValue) ??
      (isFloat(dtype) ? Number.NaN : undefined);
    gdal.reprojectImage({
      src: source,
      dst: destination,
      s_srs: fileSrs,
      t_srs: srs,
      resampling: gdal[`GRA_${RESAMPLING[processing.resampling]}`],
      srcBands: [band],
      dstBands: [1],
      dstAlphaBand: 2,
      maxError: 0,
      ...(nodata === undefined ? {} : { srcNodata: nodata }),
    });
    const pixels = allocate(dtype, width * height);
    destination.bands.get(1).pixels.read(0, 0, width, height, pixels);
    const alpha = new Uint8Array(width * height);
    destination.bands.get(2).pixels.read(0, 0, width, height, alpha, { data_type: 'Byte' });
    return { pixels, mask: maskOf(alpha, 0) };
  } finally {
    destination.close();
  }
}
