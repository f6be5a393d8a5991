import type { Dataset, SpatialReference } from 'gdal-async';
import { RasterError } from '../../errors.js';
import { toGeoTransform } from '../../grid/affine.js';
import type { GeoBox } from '../../grid/geobox.js';
import { allocate } from '../../raster/dtype.js';
import type { Recipe } from '../../tile.js';
import type { BandRaster } from '../band-raster.js';
import { loadGdal } from './load.js';
import { GDAL_TYPES, withRawDataset } from './raw-dataset.js';
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
 * One band of `source` on the grid `target`, with gaps of its own. Each pixel centre is transformed
 * exactly (gdalwarp's `-et 0`): gdalwarp's default approximation depends on where a raster is cut
 * into tiles, and a cube must not.
 *
 * Bands are warped one at a time because GDAL's alpha band is one for all of them.
 *
 * @param band counts from 1, as in GDAL
 * @param nodata value of source pixels that have none; NaN always means that in floats
 */
export function warpBand(
  source: Dataset,
  band: number,
  sourceSrs: SpatialReference,
  target: GeoBox,
  { dtype, processing }: Pick<Recipe, 'dtype' | 'processing'>,
  nodata: number | undefined,
): BandRaster {
  if (!isCodedSoundly(sourceSrs))
    throw new RasterError(
      'warp',
      `Expected the code of a geographic system in the CRS of the GeoTIFF but received EPSG:${sourceSrs.getAuthorityCode('GEOGCS')}.`,
    );
  const gdal = loadGdal();
  const { height, width } = target;
  const srs = spatialReference(target.crs.name);
  const destination = gdal.drivers.get('MEM').create('', width, height, 2, GDAL_TYPES[dtype]);
  const isFloat = source.bands.get(band).dataType?.startsWith('Float');
  const invalid = nodata ?? (isFloat ? Number.NaN : undefined);
  try {
    destination.geoTransform = [...toGeoTransform(target.affine)];
    destination.srs = srs;
    gdal.reprojectImage({
      src: source,
      dst: destination,
      s_srs: sourceSrs,
      t_srs: srs,
      resampling: gdal[`GRA_${RESAMPLING[processing.resampling]}`],
      srcBands: [band],
      dstBands: [1],
      dstAlphaBand: 2,
      maxError: 0,
      ...(invalid === undefined ? {} : { srcNodata: invalid }),
    });
    const pixels = allocate(dtype, width * height);
    destination.bands.get(1).pixels.read(0, 0, width, height, pixels);
    const alpha = new Uint8Array(width * height);
    destination.bands.get(2).pixels.read(0, 0, width, height, alpha, { data_type: 'Byte' });
    return { pixels, isGap: gapsOf(alpha) };
  } finally {
    destination.close();
  }
}

/** 0 and other values to 1 and 0, in place; `undefined` where there is no 0. */
export function gapsOf(alpha: Uint8Array<ArrayBuffer>): BandRaster['isGap'] {
  if (!alpha.includes(0)) return undefined;
  for (let i = 0; i < alpha.length; i++) alpha[i] = alpha[i] === 0 ? 1 : 0;
  return alpha;
}

/** Rasters that lie on the grid `from`, on the grid `to`. */
export function warpRasters(
  bands: readonly BandRaster[],
  from: GeoBox,
  to: GeoBox,
  recipe: Pick<Recipe, 'dtype' | 'processing'>,
): BandRaster[] {
  const srs = spatialReference(from.crs.name);
  return bands.map(({ pixels, isGap }) =>
    withRawDataset(
      pixels,
      recipe.dtype,
      from.shape,
      (dataset) => warpBand(dataset, 1, srs, to, recipe, undefined),
      { affine: from.affine, ...(isGap === undefined ? {} : { isGap }) },
    ),
  );
}
