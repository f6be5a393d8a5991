import { inflateSync } from 'node:zlib';
import { RasterError } from '../../errors.js';
import { decodeLzw } from './lzw.js';

/** TIFF's numbers of the compressions that are read here. */
const NONE = 1;
const LZW = 5;
const DEFLATE = 8;
const OLD_DEFLATE = 32946;
const PACKBITS = 32773;

/** How the samples of a block were arranged before they were compressed. */
export interface BlockLayout {
  readonly compression: number;
  /** 1: as they are; 2: differences of neighbours; 3: differences of the bytes of floats. */
  readonly predictor: number;
  readonly isLittleEndian: boolean;
  /** Samples in a row of the block: its width, times the bands where they are interleaved. */
  readonly samplesPerRow: number;
  /** Samples from one to the same band's next. */
  readonly stride: number;
  readonly bytesPerSample: number;
}

/**
 * The bytes of one strip or tile, little-endian and without predictor.
 *
 * The decoders are not geotiff.js' own: zlib is Node's, LZW and PackBits write into an array of the
 * length that the file's directory asks for, so that no corrupt stream can run on or fill the memory.
 *
 * @param least bytes the block must have at least, `most` what it can have at most
 * @throws {RasterError} when the block is corrupt, too short, or compressed otherwise.
 */
export function decodeBlock(
  stored: Uint8Array,
  least: number,
  most: number,
  layout: BlockLayout,
): Uint8Array {
  const bytes = decompress(stored, most, layout.compression);
  if (bytes.length < least)
    throw new RasterError(
      'decode',
      `Expected a block of ${least} bytes in the GeoTIFF but received ${bytes.length}.`,
    );
  const { predictor, isLittleEndian, bytesPerSample } = layout;
  if (predictor === 1 && (isLittleEndian || bytesPerSample === 1)) return bytes;
  // Stored bytes are the reply's own, which are not ours to change.
  const own = layout.compression === NONE ? bytes.slice() : bytes;
  if (predictor === 3) {
    undoFloatDifferences(own, layout);
    return own;
  }
  if (!isLittleEndian) swapBytes(own, bytesPerSample);
  if (predictor === 2) undoDifferences(own, layout);
  else if (predictor !== 1) throw unsupported('predictor 1, 2 or 3', String(predictor));
  return own;
}

function decompress(stored: Uint8Array, most: number, compression: number): Uint8Array {
  switch (compression) {
    case NONE:
      return stored;
    case DEFLATE:
    case OLD_DEFLATE:
      return inflate(stored, most);
    case LZW: {
      const out = new Uint8Array(most);
      return out.subarray(0, decodeLzw(stored, out));
    }
    case PACKBITS: {
      const out = new Uint8Array(most);
      return out.subarray(0, decodePackBits(stored, out));
    }
    default:
      throw unsupported('no compression, LZW, Deflate or PackBits', `compression ${compression}`);
  }
}

function unsupported(what: string, received: string): RasterError {
  return new RasterError(
    'decode',
    `Expected ${what} in a GeoTIFF for the JavaScript kernel but received ${received}. Use the kernel "gdal".`,
  );
}

function inflate(stored: Uint8Array, most: number): Uint8Array<ArrayBuffer> {
  try {
    const bytes = inflateSync(stored, { maxOutputLength: Math.max(most, 1) });
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (cause) {
    throw new RasterError(
      'decode',
      `Expected readable Deflate data in the GeoTIFF but received: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Runs: a count of 0 to 127 copies that many bytes and one more, -1 to -127 repeats the next one. */
function decodePackBits(stored: Uint8Array, out: Uint8Array): number {
  let written = 0;
  for (let at = 0; at < stored.length && written < out.length; ) {
    const count = ((stored[at++] as number) << 24) >> 24;
    if (count === -128) continue;
    if (count >= 0) {
      const run = stored.subarray(at, Math.min(at + count + 1, at + out.length - written));
      out.set(run, written);
      at += count + 1;
      written += run.length;
    } else {
      const end = Math.min(written + 1 - count, out.length);
      out.fill(stored[at++] ?? 0, written, end);
      written = end;
    }
  }
  return written;
}

function swapBytes(bytes: Uint8Array, size: number): void {
  const whole = bytes.length - (bytes.length % size);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, whole);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else if (size === 8) buffer.swap64();
}

/** Each sample was stored as its difference to the one before; sums wrap around. Little-endian. */
function undoDifferences(bytes: Uint8Array, layout: BlockLayout): void {
  const { bytesPerSample, samplesPerRow, stride } = layout;
  const rowBytes = samplesPerRow * bytesPerSample;
  for (let start = 0; start + rowBytes <= bytes.length; start += rowBytes) {
    if (bytesPerSample === 8) {
      undoWideDifferences(bytes, start, samplesPerRow, stride);
      continue;
    }
    const row = integersOf(bytes, start, samplesPerRow, bytesPerSample);
    for (let i = stride; i < row.length; i++)
      row[i] = (row[i] as number) + (row[i - stride] as number);
  }
}

/** The same of 64 bits, which numbers cannot hold. */
function undoWideDifferences(bytes: Uint8Array, start: number, length: number, stride: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, 8 * length);
  for (let at = 8 * stride; at < view.byteLength; at += 8) {
    const sum = view.getBigUint64(at, true) + view.getBigUint64(at - 8 * stride, true);
    view.setBigUint64(at, sum, true);
  }
}

function integersOf(
  bytes: Uint8Array,
  start: number,
  length: number,
  size: number,
): Uint8Array | Uint16Array | Uint32Array {
  const offset = bytes.byteOffset + start;
  if (size === 1) return new Uint8Array(bytes.buffer, offset, length);
  if (size === 2) return new Uint16Array(bytes.buffer, offset, length);
  if (size === 4) return new Uint32Array(bytes.buffer, offset, length);
  throw unsupported('predictor 2 with 8, 16, 32 or 64 bits', `${size * 8} bits`);
}

/** Rows of floats were stored as all highest bytes, then all next ones, and so on, as differences of bytes. */
function undoFloatDifferences(bytes: Uint8Array, layout: BlockLayout): void {
  const { bytesPerSample, samplesPerRow, stride } = layout;
  const rowBytes = samplesPerRow * bytesPerSample;
  const planes = new Uint8Array(rowBytes);
  for (let start = 0; start + rowBytes <= bytes.length; start += rowBytes) {
    planes.set(bytes.subarray(start, start + rowBytes));
    for (let i = stride; i < rowBytes; i++)
      planes[i] = (planes[i] as number) + (planes[i - stride] as number);
    for (let byte = 0; byte < bytesPerSample; byte++) {
      const plane = (bytesPerSample - 1 - byte) * samplesPerRow;
      for (let i = 0, at = start + byte; i < samplesPerRow; i++, at += bytesPerSample)
        bytes[at] = planes[plane + i] as number;
    }
  }
}
