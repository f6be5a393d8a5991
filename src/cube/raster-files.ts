import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidInputError } from '../errors.js';
import { GeoBox } from '../grid/geobox.js';
import type { GeoTiffJob } from '../kernel/raster-files.js';
import type { Pool } from '../pool/pool.js';
import { isFloat } from '../raster/dtype.js';
import type { Region } from './load.js';

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
    file: resolve(file),
    format,
    geobox: geobox.toRecord(),
    dtype,
    ...(hasNodata || isFloat(dtype) ? { nodata } : {}),
    bands: [...bands].map(([name, pixels]) => ({ name, pixels })),
  });
}

/**
 * Where a raster file lies, in any format GDAL opens: something to be {@link Cube.loadLike}.
 *
 * @throws {InvalidInputError} for a file that is absent, no raster or not georeferenced.
 */
export async function readGeoBox(
  file: string,
  { pool }: Pick<GeoTiffOptions, 'pool'>,
): Promise<GeoBox> {
  const path = resolve(file);
  // GDAL would also take a name of a service for a file, and ask it.
  await access(path, constants.R_OK).catch((cause: NodeJS.ErrnoException) => {
    throw new InvalidInputError(
      `Expected a readable raster file but received "${file}" (${cause.code ?? cause.message}).`,
      { cause },
    );
  });
  return GeoBox.fromRecord(await pool.readGeoBox(path));
}
