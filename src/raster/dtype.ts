/** Pixel types a cube can have. The names are Zarr's `data_type` names and numpy's. */
export const DTYPES = [
  'bool',
  'uint8',
  'int8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'float32',
  'float64',
] as const;

/** Types of pixels, by the names of Zarr. A `bool` is a byte, 0 or 1. */
export type DType = (typeof DTYPES)[number];

/** GDAL has neither, and replies of the service come in neither: pixels are only stored in them. */
const WORKED_ON_AS = { bool: 'uint8', int8: 'int16' } as const;

/** Types that pixels are only stored in. */
export type NarrowType = keyof typeof WORKED_ON_AS;

/** Types that pixels travel and are computed in. */
export type WorkType = Exclude<DType, NarrowType>;

export function isNarrow(dtype: DType): dtype is NarrowType {
  return Object.hasOwn(WORKED_ON_AS, dtype);
}

export const WORK_TYPES: readonly WorkType[] = DTYPES.filter((dtype) => !isNarrow(dtype));

/** The type that pixels of `dtype` travel and are computed in until they are stored, which holds all of theirs. */
export function workTypeOf(dtype: DType): WorkType {
  return isNarrow(dtype) ? WORKED_ON_AS[dtype] : dtype;
}

/** Pixels in memory of their own, one array type for each `WorkType`. */
export type PixelArray =
  | Uint8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** The same, for each {@link DType}. */
export type StoredArray = PixelArray | Int8Array<ArrayBuffer>;

/** The typed array that holds pixels of each type. */
export const CONSTRUCTORS = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** Bytes of one pixel. */
export function bytesOf(dtype: DType): number {
  return CONSTRUCTORS[dtype].BYTES_PER_ELEMENT;
}

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

/** A zeroed array of `length` pixels. */
export function allocate(dtype: WorkType, length: number): PixelArray;
export function allocate(dtype: DType, length: number): StoredArray;
export function allocate(dtype: DType, length: number): StoredArray {
  return new CONSTRUCTORS[dtype](length);
}

/** The bytes of `pixels` in the machine's order, without a copy. */
export function asBytes(pixels: StoredArray): Uint8Array<ArrayBuffer> {
  return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
}

/** The pixels held by `bytes`, without a copy where the alignment allows it. */
export function fromBytes(dtype: WorkType, bytes: Uint8Array<ArrayBuffer>): PixelArray {
  const size = bytesOf(dtype);
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new CONSTRUCTORS[dtype](aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

/** Smallest and largest value of the type; floats are unbounded. */
export function rangeOf(dtype: DType): readonly [low: number, high: number] {
  switch (dtype) {
    case 'bool':
      return [0, 1];
    case 'uint8':
      return [0, 0xff];
    case 'int8':
      return [-0x80, 0x7f];
    case 'int16':
      return [-0x8000, 0x7fff];
    case 'uint16':
      return [0, 0xffff];
    case 'int32':
      return [-0x80000000, 0x7fffffff];
    case 'uint32':
      return [0, 0xffffffff];
    default:
      return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  }
}

/** True when `value` can be stored in the type exactly (NaN and infinities only in floats). */
export function canHold(dtype: DType, value: number): boolean {
  if (dtype === 'float64') return true;
  if (dtype === 'float32') return Number.isNaN(value) || Math.fround(value) === value;
  const [low, high] = rangeOf(dtype);
  return Number.isInteger(value) && value >= low && value <= high;
}

/** Integers up to this power of two are exact in a float type; of integer types, the bits of their range. */
const EXACT_BITS: Readonly<Record<DType, number>> = {
  bool: 1,
  uint8: 8,
  int8: 7,
  int16: 15,
  uint16: 16,
  int32: 31,
  uint32: 32,
  float32: 24,
  float64: 53,
};

/** True when every value of `from` is a value of `to`. */
export function isLossless(from: DType, to: DType): boolean {
  if (from === to) return true;
  if (isFloat(from)) return from === 'float32' && to === 'float64';
  if (from.startsWith('int') && to.startsWith('uint')) return false;
  return EXACT_BITS[from] <= EXACT_BITS[to];
}
