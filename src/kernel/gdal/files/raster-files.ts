import { renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { Dataset, SpatialReference } from 'gdal-async';
import { GeocubesError, InvalidInputError, RasterError } from '../../../errors.js';
import {
  fromGeoTransform,
  type GeoTransform,
  isInvertible,
  toGeoTransform,
} from '../../../grid/affine.js';
import { parseCrs } from '../../../grid/crs/crs.js';
import { GeoBox, type GeoBoxRecord } from '../../../grid/geobox.js';
import { isFloat } from '../../../raster/dtype.js';
import { bytesOfPixels } from '../../../raster/loaded-pixels.js';
import type { GeoBoxOptions, GeoTiffJob, RasterFiles } from '../../region/raster-files.js';
import { checkRaster, openChecked } from '../inputs/open.js';
import { loadGdal, uniqueName } from '../load.js';
import { spatialReference } from '../proj/srs.js';
import { rawBand } from '../raw-dataset.js';

/** Rasters as files, by GDAL. */
export const rasterFiles: RasterFiles = { writeGeoTiff, readGeoBox };

/** Side of a tile in the file, in pixels: what COG readers expect. */
const TILE = 512;

function writeGeoTiff(job: GeoTiffJob): void {
  const { file, format } = job;
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}-${threadId}.tmp`);
  try {
    withBands(job, (dataset) => {
      const driver = loadGdal().drivers.get(format === 'cog' ? 'COG' : 'GTiff');
      driver.createCopy(temporary, dataset, optionsOf(job)).close();
    });
    renameSync(temporary, file);
  } catch (cause) {
    throw new RasterError(
      'encode',
      `Expected to write a GeoTIFF to ${file} but received: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  } finally {
    rmSync(temporary, { force: true });
  }
}

function optionsOf({ dtype, format }: GeoTiffJob): string[] {
  const common = ['COMPRESS=DEFLATE', 'BIGTIFF=IF_SAFER'];
  // Overviews of codes or classes must not hold values that no pixel has.
  if (format === 'cog')
    return [...common, 'PREDICTOR=YES', `BLOCKSIZE=${TILE}`, 'OVERVIEW_RESAMPLING=NEAREST'];
  const tiles = ['TILED=YES', `BLOCKXSIZE=${TILE}`, `BLOCKYSIZE=${TILE}`, 'INTERLEAVE=BAND'];
  return [...common, ...tiles, `PREDICTOR=${isFloat(dtype) ? 3 : 2}`];
}

/** Lends the bands to GDAL as one dataset, without a copy. */
function withBands(job: GeoTiffJob, use: (dataset: Dataset) => void): void {
  const { bands, dtype, nodata } = job;
  const gdal = loadGdal();
  const geobox = GeoBox.fromRecord(job.geobox);
  const names: string[] = [];
  try {
    const described = bands.map(({ name, pixels }, i) => {
      const { buffer, byteOffset, byteLength } = bytesOfPixels(pixels);
      const memory = uniqueName('.bin');
      gdal.vsimem.set(Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength), memory);
      names.push(memory);
      const content = [
        `<Description>${escapeXml(name)}</Description>`,
        ...(nodata === undefined ? [] : [`<NoDataValue>${noDataText(nodata)}</NoDataValue>`]),
      ];
      return rawBand(memory, dtype, geobox.shape, `band="${i + 1}"`, content.join(''));
    });
    const dataset = gdal.open(
      `<VRTDataset rasterXSize="${geobox.width}" rasterYSize="${geobox.height}">` +
        `<GeoTransform>${toGeoTransform(geobox.affine).join(',')}</GeoTransform>` +
        `${described.join('')}</VRTDataset>`,
      'r+',
    );
    try {
      dataset.srs = spatialReference(geobox.crs.name);
      use(dataset);
    } finally {
      dataset.close();
    }
  } finally {
    for (const name of names) gdal.vsimem.release(name);
  }
}

function noDataText(nodata: number): string {
  return Number.isNaN(nodata) ? 'nan' : String(nodata);
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
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
