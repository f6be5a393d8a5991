import type { Dataset, SpatialReference } from 'gdal-async';
import { GeocubesError, InvalidInputError, UnexpectedError } from '../../../errors.js';
import { fromGeoTransform, type GeoTransform, isInvertible } from '../../../grid/affine.js';
import { parseCrs } from '../../../grid/crs/crs.js';
import type { GeoBoxRecord } from '../../../grid/geobox.js';
import type { GeoBoxOptions, RasterFiles } from '../../region/raster-files.js';
import { checkRaster, openChecked } from '../inputs/open.js';
import { checkCreationOptions } from './creation-options.js';
import { GeoTiffWriter, writeGeoTiff } from './geotiff-writer.js';

/** Rasters as files, by GDAL. Files that are being written part by part are this thread's own. */
export function createRasterFiles(): RasterFiles {
  const open = new Map<string, GeoTiffWriter>();
  const writerOf = (path: string) => {
    const writer = open.get(path);
    if (writer === undefined)
      throw new UnexpectedError(`Expected a file that is being written but received ${path}.`);
    return writer;
  };
  return {
    writeGeoTiff,
    createGeoTiff(file) {
      const writer = new GeoTiffWriter(file);
      open.set(file.path, writer);
      return writer.layout;
    },
    writeGeoTiffPart: (path, part) => writerOf(path).write(part),
    endGeoTiff(path, isWanted) {
      const writer = writerOf(path);
      open.delete(path);
      if (isWanted) writer.finish();
      else writer.close();
    },
    checkCreationOptions,
    readGeoBox,
  };
}

function readGeoBox(
  file: string,
  { subject = 'the raster', ...options }: GeoBoxOptions,
): GeoBoxRecord {
  let dataset: Dataset;
  try {
    dataset = openChecked(checkRaster(file, subject, options));
  } catch (cause) {
    if (cause instanceof GeocubesError) throw cause;
    throw new InvalidInputError(
      `Expected a raster that GDAL opens but received "${file}": ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
  try {
    const { geoTransform, srs } = dataset;
    const { x: width, y: height } = dataset.rasterSize;
    if (geoTransform === null && dataset.getGCPs().length > 0)
      throw new InvalidInputError(
        `Expected a raster with a geotransform but "${file}" has ground control points. Warp it with gdalwarp first.`,
      );
    if (geoTransform === null || srs === null)
      throw new InvalidInputError(
        `Expected a raster with a CRS and a geotransform but "${file}" has ${srs === null ? (geoTransform === null ? 'none' : 'no CRS') : 'no geotransform'}. gdal_translate assigns them, with -a_srs and -a_ullr.`,
      );
    const affine = fromGeoTransform(geoTransform as unknown as GeoTransform);
    if (!isInvertible(affine))
      throw new InvalidInputError(
        `Expected a geotransform that can be inverted but "${file}" has ${geoTransform.join(', ')}.`,
      );
    return { crs: nameOf(srs, file), shape: [height, width], affine };
  } finally {
    dataset.close();
  }
}

/** A code of the EPSG register where it is known to be one, else the WKT. */
function nameOf(srs: SpatialReference, file: string): string {
  if (srs.getAuthorityName(null as never) === 'EPSG') {
    const code = `EPSG:${srs.getAuthorityCode(null as never)}`;
    try {
      return parseCrs(code).name;
    } catch {
      // Newer than the register here; its WKT says the same.
    }
  }
  try {
    return parseCrs(srs.toWKT()).name;
  } catch (cause) {
    throw new InvalidInputError(`${(cause as Error).message} It is that of "${file}".`, { cause });
  }
}
