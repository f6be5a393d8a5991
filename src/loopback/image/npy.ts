/** Bands as NumPy's own file format: one structured array, a field for each band. */
import { bytesOf, type PixelArray, type WorkType } from '../../raster/dtype.js';

const DESCRIPTIONS: Readonly<Record<WorkType, string>> = {
  uint8: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  float32: '<f4',
  float64: '<f8',
};

export interface NpyField {
  readonly name: string;
  readonly dtype: WorkType;
  /** `[y, x]`, row-major, of the type that `dtype` says. */
  readonly pixels: PixelArray;
}

/**
 * Version 1 of the format, little-endian, in C order: the bands of a pixel one after the other.
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function encodeNpy(height: number, width: number, fields: readonly NpyField[]): Uint8Array {
  const description = fields
    .map(({ name, dtype }) => `('${name.replaceAll(/['\\]/g, '\\$&')}', '${DESCRIPTIONS[dtype]}')`)
    .join(', ');
  const text = `{'descr': [${description}], 'fortran_order': False, 'shape': (${height}, ${width}), }`;
  // Magic, version and length take 10 bytes; all of it ends with a newline on a multiple of 64.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = Buffer.from(`\x93NUMPY\x01\x00  ${text.padEnd(length - 11)}\n`, 'latin1');
  header.writeUInt16LE(length - 10, 8);
  const record = fields.reduce((sum, { dtype }) => sum + bytesOf(dtype), 0);
  const bytes = new Uint8Array(length + height * width * record);
  bytes.set(header);
  let offset = length;
  for (const { dtype, pixels } of fields) {
    interleave(pixels, bytesOf(dtype), bytes, offset, record);
    offset += bytesOf(dtype);
  }
  return bytes;
}

/** The bytes of typed arrays are little-endian on every machine that Node 20 runs on but one. */
function interleave(
  pixels: PixelArray,
  size: number,
  target: Uint8Array,
  offset: number,
  record: number,
): void {
  const from = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  for (let i = 0, at = offset; i < pixels.length; i++, at += record) {
    for (let byte = 0; byte < size; byte++) target[at + byte] = from[i * size + byte] as number;
  }
}
