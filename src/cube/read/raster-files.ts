import { resolve } from 'node:path';
import { expected } from '../../errors.js';
import { GeoBox } from '../../grid/geobox.js';
import type { GeoTiffKind } from '../../kernel/region/raster-files.js';
import { localPath } from '../../machine/local-path.js';
import type { Pool } from '../../pool/pool.js';
import { allocate, CONSTRUCTORS, isFloat } from '../../raster/dtype.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';
import type { Region } from './load.js';
import { type BandType, convert, type FileType, fileTypeOf } from './one-type.js';
import { clearMasked } from './validity.js';
import { replaceFile } from './work-folder.js';

/** How a region becomes a GeoTIFF. */
export interface GeoTiffOptions {
  /** Its threads compress; its kernel must be `gdal`. */
  readonly pool: Pool;
  /** `cog` is a Cloud Optimized GeoTIFF, with overviews. Default `geotiff`: tiled, DEFLATE. */
  readonly format?: GeoTiffKind['format'];
  /**
   * Creation options of GDAL's driver `GTiff` or `COG`, as `KEY=VALUE`: `COMPRESS=ZSTD`, `ZLEVEL=9`. Default:
   * DEFLATE of level 1 with the predictor of the type, tiles of 512 x 512, bands apart, BigTIFF where it may be needed.
   */
  readonly creationOptions?: readonly string[];
  /** False for integer cubes without a code for "no value", where 0 is one. Default true. */
  readonly hasNodata?: boolean;
  /** An abort removes what is written of the file at once. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a region that was loaded as a GeoTIFF: all its bands, named, with scale, offset and unit where they
 * have some, on its geobox, and its mask where it has one. An existing file is replaced when the new one is whole.
 *
 * @throws {InvalidInputError} for a band that is no array of `dtype`, or of another length than the geobox
 * has pixels, and for creation options that do not fit; {@link RasterError} when it cannot be written;
 * {@link SetupError} without GDAL; {@link AbortedError}.
 */
export async function writeGeoTiff(
  region: Region,
  file: string,
  { pool, format = 'geotiff', creationOptions = [], hasNodata = true, signal }: GeoTiffOptions,
): Promise<void> {
  const { geobox, bands, packings } = region;
  const types = typesOf(region, hasNodata);
  checkBands(bands, types, geobox.height * geobox.width);
  if (region.mask !== undefined) checkMask(region.mask, geobox.height * geobox.width);
  const type = fileTypeOf(types);
  const kind = { format, dtype: type.dtype, creationOptions };
  if (creationOptions.length > 0) await pool.checkCreationOptions({ ...kind, bands: bands.size });
  const place = resolve(localPath(file, 'the GeoTIFF to write'));
  const write = (path: string) =>
    pool.writeGeoTiff({
      ...kind,
      path,
      file: place,
      geobox: geobox.toRecord(),
      ...(type.nodata === undefined ? {} : { nodata: type.nodata }),
      bands: [...bands.keys()].map((name) => ({ name, ...packings?.get(name) })),
      pixels: [...bands].map(([name, pixels]) =>
        inFile(pixels, types.get(name) ?? type, type, region.mask),
      ),
      mask: type.nodata === undefined ? region.mask : undefined,
      threads: pool.size,
    });
  await replaceFile(place, write, signal);
}

function typesOf(
  { bands, dtype, nodata, types }: Region,
  hasNodata: boolean,
): ReadonlyMap<string, BandType> {
  const common = { dtype, ...(hasNodata || isFloat(dtype) ? { nodata } : {}) };
  const isMixed = [...(types?.values() ?? [])].some((type) => type.dtype !== dtype);
  return new Map(
    [...bands.keys()].map((name) => [name, (isMixed ? types?.get(name) : undefined) ?? common]),
  );
}

function inFile(
  pixels: LoadedPixels,
  from: BandType,
  to: FileType,
  mask: LoadedPixels | undefined,
): LoadedPixels {
  const gaps = from.nodata === undefined && to.nodata !== undefined ? mask : undefined;
  if (from.dtype === to.dtype && gaps === undefined) return pixels;
  const made = allocate(to.dtype, pixels.length);
  convert(pixels, from, made, to);
  if (gaps !== undefined) clearMasked(made, to.nodata as number, gaps);
  return made;
}

/** GDAL reads the bytes of an array as pixels, whatever they were meant for. */
function checkBands(
  bands: Region['bands'],
  types: ReadonlyMap<string, BandType>,
  length: number,
): void {
  if (bands.size === 0) throw expected('one band at least', 'the GeoTIFF to write', 'none');
  for (const [name, pixels] of bands as ReadonlyMap<string, unknown>) {
    const wanted = CONSTRUCTORS[(types.get(name) as BandType).dtype];
    const what = `${length} pixels in one ${wanted?.name}`;
    if (pixels instanceof wanted && pixels.length === length) continue;
    const { constructor: made, length: count } = Object(pixels) as ArrayLike<unknown>;
    throw expected(what, `the band ${name} of the GeoTIFF to write`, `${made?.name} of ${count}`);
  }
}

function checkMask(mask: unknown, length: number): void {
  if (mask instanceof Uint8Array && mask.length === length) return;
  const { constructor: made, length: count } = Object(mask) as ArrayLike<unknown>;
  const what = `${length} pixels in one Uint8Array`;
  throw expected(what, 'the mask of the GeoTIFF to write', `${made?.name} of ${count}`);
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
