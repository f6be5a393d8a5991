import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expected, InvalidInputError, SetupError } from '../errors.js';
import { fromGeoTransform, type GeoTransform, isInvertible } from '../grid/affine.js';
import { loadGdal } from '../kernel/gdal/load.js';
import { DTYPES, type DType } from '../raster/dtype.js';
import type { FilePlace } from './pixel-map.js';

/** GDAL's names of the pixel types that cubes can have. */
const GDAL_NAMES: Readonly<Record<string, DType>> = {
  Byte: 'uint8',
  Int16: 'int16',
  UInt16: 'uint16',
  Int32: 'int32',
  UInt32: 'uint32',
  Float32: 'float32',
  Float64: 'float64',
};

/** What a raster file on disk is, without its pixels. */
export interface RasterFile {
  /** Absolute. */
  readonly path: string;
  /** Where it lies, in its own CRS. */
  readonly place: FilePlace;
  /** In the file's order, alpha bands included. */
  readonly bands: readonly FileBand[];
}

export interface FileBand {
  /** The band's description; empty where it has none. */
  readonly name: string;
  readonly dtype: DType;
  readonly isAlpha: boolean;
}

/**
 * Looks at a raster file, of any format that GDAL reads.
 *
 * @throws {InvalidInputError} naming the file when it is absent, no raster, without a place on earth, or of
 * a pixel type that no cube can have.
 */
export async function inspectRaster(path: string): Promise<RasterFile> {
  const absolute = resolve(path);
  // GDAL takes much for a path (URLs, XML, connection strings); a file on disk is none of these.
  const found = await stat(absolute).catch(() => undefined);
  if (found === undefined) throw expected('an existing raster file', 'the files to import', path);
  if (!found.isFile())
    throw expected(
      'a raster file',
      'the files to import',
      path,
      found.isDirectory() ? 'It is a folder; name the files in it.' : undefined,
    );
  try {
    return describe(absolute);
  } catch (cause) {
    if (cause instanceof InvalidInputError || cause instanceof SetupError) throw cause;
    throw new InvalidInputError(
      `Expected a raster that GDAL can read but received "${path}": ${(cause as Error).message || 'unknown content'}`,
      { cause },
    );
  }
}

function describe(path: string): RasterFile {
  const dataset = loadGdal().open(path, 'r');
  try {
    const { rasterSize, geoTransform, srs } = dataset;
    const count = dataset.bands.count();
    if (count === 0) throw expected('a raster', `the file ${path}`, 'one without bands');
    if (srs === null) throw expected('a raster with a CRS', `the file ${path}`, 'one without');
    if (geoTransform === null)
      throw expected('a georeferenced raster', `the file ${path}`, 'one without a transform');
    const affine = fromGeoTransform(geoTransform as unknown as GeoTransform);
    if (!isInvertible(affine))
      throw expected('a transform that can be inverted', `the file ${path}`, affine.join(' '));
    const shape = { height: rasterSize.y, width: rasterSize.x };
    const bands = dataset.bands.map((band): FileBand => {
      const signed = band.getMetadata('IMAGE_STRUCTURE') as { PIXELTYPE?: string };
      return {
        name: band.description,
        dtype: dtypeOf(signed.PIXELTYPE === 'SIGNEDBYTE' ? 'Int8' : band.dataType, path),
        isAlpha: band.colorInterpretation === 'Alpha',
      };
    });
    return { path, place: { wkt: srs.toWKT(), shape, affine }, bands };
  } finally {
    dataset.close();
  }
}

function dtypeOf(name: string | null, path: string): DType {
  const dtype = GDAL_NAMES[name ?? ''];
  if (dtype !== undefined) return dtype;
  throw expected(`pixels of type ${DTYPES.join(', ')}`, `the file ${path}`, name ?? 'none');
}
