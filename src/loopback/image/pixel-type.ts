import { bytesOf, isFloat, rangeOf, type WorkType } from '../../raster/dtype.js';

/**
 * The type of a band's pixels as Earth Engine keeps it: a precision and, for whole numbers, the
 * range that decides how many bytes a pixel takes. Floats carry an unbounded range.
 */
export interface PixelType {
  readonly precision: 'int' | 'float' | 'double';
  readonly min: number;
  readonly max: number;
}

const UNBOUNDED = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };

export const FLOAT: PixelType = { precision: 'float', ...UNBOUNDED };
export const DOUBLE: PixelType = { precision: 'double', ...UNBOUNDED };

export function intType(min: number, max: number): PixelType {
  return { precision: 'int', min, max };
}

export function typeOfDtype(dtype: WorkType): PixelType {
  if (dtype === 'float32') return FLOAT;
  if (dtype === 'float64') return DOUBLE;
  return intType(...rangeOf(dtype));
}

export function typeOfConstant(value: number): PixelType {
  return Number.isInteger(value) ? intType(value, value) : DOUBLE;
}

/** From the smallest; a range without negatives takes an unsigned type. */
const INTEGERS = ['uint8', 'uint16', 'uint32', 'int16', 'int32'] as const;

/**
 * The smallest type that holds the range. Integers past 32 bits come out as float64, as they do at
 * Earth Engine; its int8 is int16 here, because GDAL's binding writes no int8.
 */
export function dtypeOf({ precision, min, max }: PixelType): WorkType {
  if (precision === 'float') return 'float32';
  if (precision === 'double') return 'float64';
  const fits = INTEGERS.find((dtype) => {
    const [low, high] = rangeOf(dtype);
    return min >= low && max <= high;
  });
  return fits ?? 'float64';
}

/** The smallest type that holds both. */
export function unite(one: PixelType, other: PixelType): PixelType {
  if (one.precision === 'double' || other.precision === 'double') return DOUBLE;
  if (one.precision === 'float' || other.precision === 'float') return FLOAT;
  return intType(Math.min(one.min, other.min), Math.max(one.max, other.max));
}

const EXPORT_NAMES: Record<WorkType, string> = {
  uint8: 'Byte',
  int16: 'Int16',
  uint16: 'UInt16',
  int32: 'Int32',
  uint32: 'UInt32',
  float32: 'Float32',
  float64: 'Float64',
};

/** What Earth Engine's messages (and GDAL) call the type. */
export function exportName(dtype: WorkType): string {
  return EXPORT_NAMES[dtype];
}

/**
 * What Earth Engine's downloads say masked pixels are, by their tag: 0 of unsigned types, the least
 * value of signed ones, minus infinity of floats. Source: the table `_nodata_vals` of geedim.
 */
export function nodataOf(dtype: WorkType): number {
  return isFloat(dtype) ? Number.NEGATIVE_INFINITY : rangeOf(dtype)[0];
}

/** Bytes of one pixel as Earth Engine counts them: the value's and one for its mask. */
export function countedBytes(dtype: WorkType): number {
  return bytesOf(dtype) + 1;
}

/** `dataType` of a band in an asset's description; a bound of zero is left out, as in any proto3 JSON. */
export function toDataType(type: PixelType): object {
  if (type.precision !== 'int') return { precision: type.precision.toUpperCase() };
  const min = type.min === 0 ? {} : { min: type.min };
  const max = type.max === 0 ? {} : { max: type.max };
  return { precision: 'INT', range: { ...min, ...max } };
}

/** `data_type` of a band in the value of an image. */
export function toDataTypeValue(type: PixelType): object {
  const range = type.precision === 'int' ? { min: type.min, max: type.max } : {};
  return { type: 'PixelType', precision: type.precision, ...range };
}

/** The type of `one <operation> other`, by arithmetic on the ranges. */
export function arithmeticType(
  operation: 'add' | 'subtract' | 'multiply' | 'divide',
  one: PixelType,
  other: PixelType,
): PixelType {
  const united = unite(one, other);
  if (united.precision !== 'int') return united;
  switch (operation) {
    case 'add':
      return intType(one.min + other.min, one.max + other.max);
    case 'subtract':
      return intType(one.min - other.max, one.max - other.min);
    case 'multiply': {
      const products = [one.min, one.max].flatMap((a) => [a * other.min, a * other.max]);
      return intType(Math.min(...products), Math.max(...products));
    }
    case 'divide':
      return FLOAT;
  }
}

/** True when a cast from one type to the other changes no value. */
export function isWithin(type: PixelType, dtype: WorkType): boolean {
  if (dtype === 'float64') return true;
  if (isFloat(dtype)) return type.precision === 'float';
  const [low, high] = rangeOf(dtype);
  return type.precision === 'int' && type.min >= low && type.max <= high;
}
