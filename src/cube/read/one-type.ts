/** Bands of several types in one file, which has one type for all of them. */
import { typedForName } from '../../dataset/band-types.js';
import type { Dataset } from '../../dataset/dataset.js';
import { expected } from '../../errors.js';
import {
  type DType,
  isFloat,
  isLossless,
  WORK_TYPES,
  type WorkType,
  workTypeOf,
} from '../../raster/dtype.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';

/** What a band's pixels are. */
export interface BandType {
  readonly dtype: DType;
  /** What stands for "no value"; NaN in floats. Absent: nothing does, and 0 is stored. */
  readonly nodata?: number;
}

/** The same of a GeoTIFF's. */
export interface FileType extends BandType {
  readonly dtype: WorkType;
}

/** What the pixels of each of those bands are, by name. */
export function bandTypes(
  dataset: Pick<Dataset, 'bands' | 'dtype' | 'nodata'>,
  names: readonly string[],
): ReadonlyMap<string, BandType> {
  return new Map(
    names.map((name) => {
      const { dtype, nodata } = typedForName(dataset, name);
      const code = isFloat(dtype) ? Number.NaN : nodata;
      return [name, { dtype, ...(code === undefined ? {} : { nodata: code }) }];
    }),
  );
}

/**
 * The narrowest type of GDAL's that holds all values of those bands exactly, and the one code for "no value": NaN in floats, and
 * in integers the one that all bands have.
 *
 * @param types by name, one at least
 * @throws {InvalidInputError} where integers have several codes, or some have none.
 */
export function fileTypeOf(types: ReadonlyMap<string, BandType>): FileType {
  const all = [...types.values()];
  const [common] = all;
  const isCommon = (type: BandType) =>
    type.dtype === common?.dtype && Object.is(type.nodata, common.nodata);
  if (common !== undefined && all.every(isCommon))
    return { ...common, dtype: workTypeOf(common.dtype) };
  const dtype = NARROWEST_FIRST.find((to) => all.every((from) => isLossless(from.dtype, to)));
  if (dtype === undefined) throw new Error('float64 holds all types.');
  if (isFloat(dtype)) return { dtype, nodata: Number.NaN };
  const [first, ...others] = types;
  const other = others.find(([, { nodata }]) => nodata !== first?.[1].nodata);
  if (first === undefined || other === undefined) return { dtype, ...pick(first?.[1]) };
  const words = ([name, { nodata }]: readonly [string, BandType]) =>
    `${name} with ${nodata ?? 'none'}`;
  throw expected(
    'bands with one code for "no value", of which a GeoTIFF has one,',
    'the bands to write',
    `${words(first)} and ${words(other)}`,
    'Write them to several files, each with bands that have the same.',
  );
}

function pick({ nodata }: Partial<BandType> = {}) {
  return nodata === undefined ? {} : { nodata };
}

/** Integers before floats, by their bytes. */
const NARROWEST_FIRST: readonly WorkType[] = [...WORK_TYPES].sort(
  (one, other) => Number(isFloat(one)) - Number(isFloat(other)),
);

/** Puts the pixels of a band where those of the file go, which holds all of them. */
export function convert(
  from: LoadedPixels,
  { nodata }: BandType,
  into: LoadedPixels,
  file: BandType,
): void {
  into.set(from);
  if (nodata === undefined || file.nodata === undefined || Object.is(nodata, file.nodata)) return;
  for (let i = 0; i < from.length; i++) if (from[i] === nodata) into[i] = file.nodata;
}
