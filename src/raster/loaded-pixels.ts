import { bytesOf, CONSTRUCTORS, type DType } from './dtype.js';

/**
 * Pixels as they are handed out by loading: over memory of their own, or over memory shared with the
 * threads that decompressed them (`SharedArrayBuffer`), which cannot be transferred to another thread
 * but is simply seen there.
 */
export type LoadedPixels =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** The pixels of each type. */
export type PixelsByType = {
  readonly [T in DType]: InstanceType<(typeof CONSTRUCTORS)[T]>;
};

/** Zeroed pixels that every thread of the process can write into. */
export function allocateShared(dtype: DType, length: number): LoadedPixels {
  return pixelsOver(dtype, new SharedArrayBuffer(length * bytesOf(dtype)), 0, length);
}

/** A view of `length` pixels from byte `offset` on, which must be a multiple of the pixel's size. */
export function pixelsOver(
  dtype: DType,
  buffer: ArrayBufferLike,
  offset: number,
  length: number,
): LoadedPixels {
  const Pixels = CONSTRUCTORS[dtype] as new (
    buffer: ArrayBufferLike,
    offset: number,
    length: number,
  ) => LoadedPixels;
  return new Pixels(buffer, offset, length);
}

/** The bytes of `pixels` in the machine's order, without a copy. */
export function bytesOfPixels(pixels: LoadedPixels): Uint8Array {
  return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
}

/**
 * Puts one value into all pixels, eight bytes at a time: V8 goes through shared memory element by element, which takes
 * four times as long for elements of a byte or two.
 */
export function fillPixels(pixels: LoadedPixels, value: number): LoadedPixels {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: size } = pixels;
  const before = Math.min((8 - (byteOffset % 8)) % 8, byteLength);
  const words = Math.floor((byteLength - before) / 8);
  const pattern = new (pixels.constructor as new (length: number) => LoadedPixels)(8 / size);
  const [word] = new BigUint64Array(pattern.fill(value).buffer as ArrayBuffer);
  if (words > 0) new BigUint64Array(buffer, byteOffset + before, words).fill(word as bigint);
  pixels.fill(value, 0, before / size);
  pixels.fill(value, (before + 8 * words) / size);
  return pixels;
}
