import type { Codec, InnerChunksCodec } from '../raster/codec.js';
import { bytesOf, CONSTRUCTORS, type StoredArray } from '../raster/dtype.js';
import { encodeIndex, type InnerPlace, indexBytes, innerCount } from '../raster/inner-index.js';
import { copyInto, type RawArray, roomFor } from './kernel.js';
import type { copyRows } from './resample/rows.js';

/** What a kernel does of it. */
interface InnerParts {
  encode(array: RawArray, codec: Codec, room?: Uint8Array): Uint8Array | Promise<Uint8Array>;
  readonly copyRows: typeof copyRows;
}

/**
 * A chunk as inner chunks, one after the other in row-major order, and their index at the end. Those that hold nothing
 * but the fill value are left out, as zarr-python leaves them out.
 *
 * @param room {@link roomFor} bytes
 */
export async function encodeInnerChunks(
  { dtype, shape: [height, width], bytes }: RawArray,
  { chunk: [rows, cols], fillValue, codec }: InnerChunksCodec,
  parts: InnerParts,
  room?: Uint8Array,
): Promise<Uint8Array> {
  const size = bytesOf(dtype);
  const count = innerCount([height, width], [rows, cols]);
  const target = room ?? new Uint8Array(roomFor(bytes.length, count));
  const pixels = new CONSTRUCTORS[dtype](rows * cols);
  const inner = new Uint8Array(pixels.buffer);
  const frame = roomFor(inner.length);
  const places: InnerPlace[] = [];
  let end = 0;
  for (let row = 0; row < height; row += rows)
    for (let col = 0; col < width; col += cols) {
      const from = { bytes, start: (row * width + col) * size, stride: width * size };
      parts.copyRows(from, { bytes: inner, start: 0, stride: cols * size }, rows, cols * size);
      if (holdsOnly(pixels, fillValue)) {
        places.push(undefined);
        continue;
      }
      const part = target.subarray(end, end + frame);
      const encoded = await parts.encode({ dtype, shape: [rows, cols], bytes: inner }, codec, part);
      const isInPlace = encoded.buffer === part.buffer && encoded.byteOffset === part.byteOffset;
      if (!isInPlace) copyInto(part, encoded);
      places.push({ offset: end, length: encoded.length });
      end += encoded.length;
    }
  target.set(encodeIndex(places), end);
  const whole = target.subarray(0, end + indexBytes(count));
  // Memory of its own is given away whole.
  return room === undefined ? whole.slice() : whole;
}

export function holdsOnly(pixels: StoredArray, value: number): boolean {
  const wantsNan = Number.isNaN(value);
  for (let i = 0; i < pixels.length; i++) {
    const pixel = pixels[i] as number;
    if (wantsNan ? !Number.isNaN(pixel) : pixel !== value) return false;
  }
  return true;
}
