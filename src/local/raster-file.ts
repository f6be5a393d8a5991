import { isAbsolute } from 'node:path';
import type { Dataset } from 'gdal-async';
import { expected, InvalidInputError, SetupError } from '../errors.js';
import { fromGeoTransform, type GeoTransform, isInvertible } from '../grid/affine.js';
import { namesError, quoted } from '../kernel/gdal/inputs/archives.js';
import {
  type CheckedInput,
  checkRaster,
  type InputOptions,
  openChecked,
} from '../kernel/gdal/inputs/open.js';
import { isBit, isSigned, signedView } from '../kernel/gdal/inputs/signed-bytes.js';
import { DTYPES, type DType } from '../raster/dtype.js';
import type { FilePlace } from './pixel-map.js';

type Band = ReturnType<Dataset['bands']['get']>;

/** GDAL's names of the pixel types that cubes can have; it has none for bits. */
const GDAL_NAMES: Readonly<Record<string, DType>> = {
  Int8: 'int8',
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
  /** Absolute, or as the user named a part of a file. */
  readonly path: string;
  /** How each thread opens it. */
  readonly input: CheckedInput;
  /** Where it lies, in its own CRS. */
  readonly place: FilePlace;
  /** In the file's order, alpha bands included. */
  readonly bands: readonly FileBand[];
  /** How wide its overviews are, in pixels, from the finest on. Those of signed bytes that are read by a VRT are not seen. */
  readonly overviews: readonly number[];
}

export interface FileBand {
  /** The band's description; empty where it has none. */
  readonly name: string;
  readonly dtype: DType;
  readonly isAlpha: boolean;
  /** The value is number * scale + offset; absent where the file says nothing of it. */
  readonly scale?: number | undefined;
  readonly offset?: number | undefined;
  /** Empty where the file names none. */
  readonly unit?: string | undefined;
}

/**
 * Looks at a raster file, or at a part of one: `NETCDF:"two.nc":b1`, `/vsizip/scenes.zip/a.tif`.
 *
 * @throws {InvalidInputError} naming the file when it is absent, no raster, without a place on earth, or of
 * a pixel type that no cube can have; or when it may lead to other files or the network and is not trusted.
 */
export function inspectRaster(given: string, options: InputOptions = {}): RasterFile {
  const input = checkRaster(given, 'the files to import', options);
  // The text of a VRT is no name, and a part of a file has none but the user's.
  const path = isAbsolute(input.name) && !input.name.startsWith('/vsi') ? input.name : given;
  try {
    return describe(path, input);
  } catch (cause) {
    if (cause instanceof InvalidInputError || cause instanceof SetupError) throw cause;
    throw new InvalidInputError(
      `Expected a raster that GDAL can read but received "${given}": ${(cause as Error).message || 'unknown content'}`,
      { cause },
    );
  }
}

function describe(path: string, input: CheckedInput): RasterFile {
  const dataset = openChecked(input);
  try {
    const { rasterSize, geoTransform, srs } = dataset;
    const count = dataset.bands.count();
    if (count === 0) throw noBands(dataset, path, input);
    if (srs === null)
      throw expected(
        'a raster with a CRS',
        `the file ${path}`,
        'one without',
        'Assign one with gdal_translate -a_srs.',
      );
    if (geoTransform === null)
      throw expected('a georeferenced raster', `the file ${path}`, 'one without a transform');
    const affine = fromGeoTransform(geoTransform as unknown as GeoTransform);
    if (!isInvertible(affine))
      throw expected('a transform that can be inverted', `the file ${path}`, affine.join(' '));
    const shape = { height: rasterSize.y, width: rasterSize.x };
    const bands = dataset.bands.map(
      (band): FileBand => ({
        name: band.description,
        dtype: isBit(band) ? 'bool' : dtypeOf(isSigned(band) ? 'Int8' : band.dataType, path),
        isAlpha: band.colorInterpretation === 'Alpha',
        scale: (band.scale as number | null) ?? undefined,
        offset: (band.offset as number | null) ?? undefined,
        unit: band.unitType ?? '',
      }),
    );
    const view = dataset.bands.map(isSigned).includes(true) ? signedView(dataset, input) : input;
    if (view === undefined) throw unfit('Int8', path);
    const overviews =
      view === input ? dataset.bands.get(1).overviews.map(({ size }) => size.x) : [];
    return { path, input: view, place: { wkt: srs.toWKT(), shape, affine }, bands, overviews };
  } finally {
    dataset.close();
  }
}

/**
 * The same file, of whose pixels those of an overview are read; or why they cannot be.
 * @param level from 0, the finest
 */
export function overviewOf(
  file: RasterFile,
  level: number,
): { readonly overview?: RasterFile; readonly problem: string } {
  const { path, place } = file;
  const input = { ...file.input, overview: level };
  const opened: Dataset[] = [];
  try {
    for (const each of [file.input, input]) opened.push(openChecked(each));
    const [whole, coarse] = opened as [Dataset, Dataset];
    const { rasterSize, geoTransform } = coarse;
    const saysTheSame = whole.bands.map(says).join() === coarse.bands.map(says).join();
    if (!saysTheSame || geoTransform === null)
      return { problem: 'it has another type, other bands, or another way to say "no value"' };
    const shape = { height: rasterSize.y, width: rasterSize.x };
    const affine = fromGeoTransform(geoTransform as unknown as GeoTransform);
    return { overview: { ...file, input, place: { ...place, shape, affine } }, problem: '' };
  } catch (cause) {
    if (cause instanceof SetupError) throw cause;
    return { problem: `${path}: ${(cause as Error).message}` };
  } finally {
    for (const dataset of opened) dataset.close();
  }
}

/** What tells which of a band's numbers are values. */
function says(band: Band): string {
  const { dataType, noDataValue, colorInterpretation } = band;
  const isAlpha = colorInterpretation === 'Alpha';
  return [dataType, noDataValue, isAlpha, band.getMaskFlags()].join(' ');
}

function dtypeOf(name: string | null, path: string): DType {
  const dtype = GDAL_NAMES[name ?? ''];
  if (dtype !== undefined) return dtype;
  throw unfit(name ?? 'none', path);
}

/** What gdal_translate makes of types that no cube has, and what that costs. */
const CONVERSIONS: Readonly<Record<string, string>> = {
  Int8: '-ot Int16, for a cube of int16',
  Int64:
    '-ot Int32 where the numbers fit, else -ot Float64, exact up to 2^53, for a cube of float64',
  UInt64:
    '-ot UInt32 where the numbers fit, else -ot Float64, exact up to 2^53, for a cube of float64',
  Float16: '-ot Float32, for a cube of float32',
  CFloat64: '-ot Float64, for a cube of float64, which keeps the real part',
};

function unfit(type: string, path: string): InvalidInputError {
  const conversion =
    CONVERSIONS[type] ??
    (/^C/.test(type) ? '-ot Float32, for a cube of float32, which keeps the real part' : '-ot');
  return expected(
    `pixels of type ${DTYPES.join(', ')}`,
    `the file ${path}`,
    type,
    `Convert it with gdal_translate ${conversion}.`,
  );
}

/** A container has its rasters in parts, which have names of their own. */
function noBands(
  dataset: ReturnType<typeof openChecked>,
  path: string,
  { name, shown }: CheckedInput,
): InvalidInputError {
  const parts = Object.entries(dataset.getMetadata('SUBDATASETS') as Record<string, string>)
    .filter(([key]) => /^SUBDATASET_\d+_NAME$/.test(key))
    .map(([, part]) => quoted(part.replace(name, shown)));
  if (parts.length === 0) return expected('a raster', `the file ${path}`, 'one without bands');
  return namesError(parts, 'the files to import', shown);
}
