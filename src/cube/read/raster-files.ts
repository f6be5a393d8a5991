import { resolve } from 'node:path';
import { GeoBox } from '../../grid/geobox.js';
import type { GeoTiffJob } from '../../kernel/region/raster-files.js';
import { localPath } from '../../machine/local-path.js';
import type { Pool } from '../../pool/pool.js';
import { isFloat } from '../../raster/dtype.js';
import type { Region } from './load.js';

/** How a region becomes a GeoTIFF. */
export interface GeoTiffOptions {
  /** One of its threads compresses and writes; its kernel must be `gdal`. */
  readonly pool: Pool;
  /** `cog` is a Cloud Optimized GeoTIFF, with overviews. Default `geotiff`: tiled, DEFLATE. */
  readonly format?: GeoTiffJob['format'];
  /** False for integer cubes without a code for "no value", where 0 is one. Default true. */
  readonly hasNodata?: boolean;
}

/**
 * Writes a region that was loaded as a GeoTIFF: all its bands, named, on its geobox. An existing file is
 * replaced when the new one is whole.
 *
 * @throws {RasterError} when it cannot be written; {@link SetupError} without GDAL.
 */
export async function writeGeoTiff(
  { geobox, dtype, nodata, bands }: Region,
  file: string,
  { pool, format = 'geotiff', hasNodata = true }: GeoTiffOptions,
): Promise<void> {
  await pool.writeGeoTiff({
    file: resolve(localPath(file, 'the GeoTIFF to write')),
    format,
    geobox: geobox.toRecord(),
    dtype,
    ...(hasNodata || isFloat(dtype) ? { nodata } : {}),
    bands: [...bands].map(([name, pixels]) => ({ name, pixels })),
  });
}

/** How a raster is looked at. */
export interface ReadGeoBoxOptions extends Pick<GeoTiffOptions, 'pool'> {
  /** Takes formats that lead to other files and services too: see {@link LocalFilesOptions.trustInputs}. */
  readonly trustInputs?: boolean | undefined;
}

/**
 * Where a raster file lies, or a part of one (`NETCDF:"two.nc":b1`, `/vsizip/scenes.zip/a.tif`): something to
 * be {@link Cube.loadLike}.
 *
 * @throws {InvalidInputError} for a file that is absent, no raster, not georeferenced, or leads elsewhere.
 */
export async function readGeoBox(
  file: string,
  { pool, trustInputs = false }: ReadGeoBoxOptions,
): Promise<GeoBox> {
  return GeoBox.fromRecord(await pool.readGeoBox(file, { trustInputs }));
}
