/** The type that holds a band's values, and the code of "no value" in it. */
import { bytesOf, DTYPES, type DType, isFloat, rangeOf } from '../../raster/dtype.js';
import type { Values } from './values.js';

/** How pixels are stored. */
export interface StoredAs {
  readonly dtype: DType;
  /** Absent in floats, which have NaN, and where no code is free. */
  readonly nodata?: number;
  readonly reasons: readonly string[];
}

/**
 * Types of whole numbers, the smallest first, unsigned ones before others of their size. Of bool there is no code for
 * gaps, which a byte has to spare: who wants it asks for it.
 */
const WHOLE = DTYPES.filter((dtype) => !isFloat(dtype) && dtype !== 'bool').sort(
  (one, other) => bytesOf(one) - bytesOf(other) || rangeOf(other)[0] - rangeOf(one)[0],
);

/** Whole numbers up to this are exact in doubles. */
const LARGEST_EXACT = 2 ** 53;

/** The smallest type that holds them all. */
export function dtypeFor(values: readonly Values[]): DType {
  if (values.some(({ kind }) => kind === 'float64')) return 'float64';
  const low = Math.min(...values.map((each) => each.low));
  const high = Math.max(...values.map((each) => each.high));
  const whole = WHOLE.find((dtype) => low >= rangeOf(dtype)[0] && high <= rangeOf(dtype)[1]);
  if (values.every(({ kind }) => kind === 'whole')) return whole ?? 'float64';
  // Whole numbers beside floats: those up to 24 bits are exact in float32.
  const areExact = values.every(
    ({ kind, low, high }) => kind !== 'whole' || (low >= -(2 ** 24) && high <= 2 ** 24),
  );
  return areExact ? 'float32' : 'float64';
}

/** A code of the type that is none of the values: of unsigned types 0 or the greatest, of others the least. */
export function nodataFor(dtype: DType, values: readonly Values[]): number | undefined {
  if (isFloat(dtype) || dtype === 'bool') return undefined;
  const [least, greatest] = rangeOf(dtype);
  return [least, greatest].find((code) =>
    values.every(({ low, high }) => code < low || code > high),
  );
}

/** How bands are stored together, or one alone. */
export function storedAs(
  values: readonly Values[],
  given: Partial<StoredAs> & {
    /** Whether the type was asked for. Default: where there is one. */
    readonly isGiven?: boolean;
  } = {},
): StoredAs {
  const dtype = given.dtype ?? dtypeFor(values);
  const nodata = given.nodata ?? nodataFor(dtype, values);
  return {
    dtype,
    ...(nodata === undefined || isFloat(dtype) ? {} : { nodata }),
    reasons: [
      ...typeReasons(dtype, values, given.isGiven ?? given.dtype !== undefined),
      ...nodataReasons(dtype, values, given.nodata),
    ],
  };
}

function typeReasons(dtype: DType, values: readonly Values[], isGiven: boolean): string[] {
  const [least, greatest] = rangeOf(dtype);
  const known = values.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high));
  const low = Math.min(...known.map((each) => each.low));
  const high = Math.max(...known.map((each) => each.high));
  const range = known.length === values.length ? ` for values from ${low} to ${high}` : '';
  const said = [`dtype ${dtype}${isGiven ? ', as asked for' : ''}${range}.`];
  if (values.some((each) => each.low < least || each.high > greatest))
    said.push(`What lies outside ${least} to ${greatest} is stored as the nearest end.`);
  const isLong = values.some(
    (each) => each.kind === 'whole' && Math.max(-each.low, each.high) > LARGEST_EXACT,
  );
  if (isLong && dtype === 'float64') said.push('Whole numbers are exact up to 2 to the 53rd.');
  return said;
}

function nodataReasons(dtype: DType, values: readonly Values[], given?: number): string[] {
  if (isFloat(dtype)) return ['Gaps are NaN.'];
  if (given !== undefined) {
    const isValue = values.some(({ low, high }) => given >= low && given <= high);
    return isValue
      ? [`nodata ${given}, as asked for, lies among the values: pixels of it become gaps.`]
      : [`nodata ${given}, as asked for.`];
  }
  const nodata = nodataFor(dtype, values);
  if (nodata !== undefined) return [`nodata ${nodata}: no pixel has that value.`];
  const wider =
    WHOLE.find((each) => {
      const [least, greatest] = rangeOf(each);
      const holds = values.every(({ low, high }) => low >= least && high <= greatest);
      return holds && nodataFor(each, values) !== undefined;
    }) ?? 'float64';
  return [
    `No nodata: the values may take all of ${dtype}, so that gaps are stored as 0. A code that does not occur (--nodata) or a wider type (--dtype ${wider}) keeps them apart.`,
  ];
}
