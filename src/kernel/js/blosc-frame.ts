import type { BloscCodec } from '../../raster/codec.js';
import { shuffleBits, shuffleBytes } from './shuffle.js';

/**
 * Blosc frames with an honest header. numcodecs' own Blosc cannot make them: it takes every shuffle by
 * name for "none" and always writes typesize 4. Its Zstd and LZ4 compress the blocks here.
 *
 * The format is c-blosc's, version 2: https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst
 *
 * header (16 bytes) | start of each block in the frame (int32 each) | the blocks:
 * length of the compressed bytes (int32), compressed bytes
 */
const HEADER_BYTES = 16;
const FORMAT_VERSION = 2;

/** Number of the compressor in the upper three bits of the flags; each has format version 1. */
const COMPRESSORS = { lz4: 1, zstd: 4 } as const;

const FLAG = {
  shuffle: 0x1,
  /** The pixels follow the header as they are. */
  copied: 0x2,
  bitshuffle: 0x4,
  /** A block is one stream, not one for each byte of an element. */
  unsplit: 0x10,
} as const;

/** Bytes in a block, before compression, where the codec leaves it open. */
const BLOCK_BYTES = 1024 * 1024;

const ZSTD_MAX_LEVEL = 22;

/** A codec of numcodecs, whose own types cannot be resolved. */
interface Encoder {
  encode(block: Uint8Array): Promise<Uint8Array>;
}

type Compress = (block: Uint8Array) => Promise<Uint8Array>;

/** Compresses `bytes` as `codec` says. The result is the beginning of `room`, or a buffer of its own. */
export async function encodeBlosc(
  bytes: Uint8Array,
  codec: BloscCodec,
  room?: Uint8Array,
): Promise<Uint8Array> {
  const most = HEADER_BYTES + bytes.length;
  const frame = room?.subarray(0, most) ?? new Uint8Array(most);
  if (codec.clevel === 0) return copiedFrame(bytes, codec, frame);
  const compress = await compressor(codec);
  const blockBytes = blockSize(bytes.length, codec);
  const count = Math.ceil(bytes.length / blockBytes);
  const shuffled = new Uint8Array(blockBytes);
  const view = viewOf(frame);
  let end = HEADER_BYTES + 4 * count;
  for (let i = 0; i < count; i++) {
    const block = bytes.subarray(i * blockBytes, (i + 1) * blockBytes);
    const filtered = filter(block, shuffled.subarray(0, block.length), codec);
    const packed = await compress(filtered);
    // A stream as long as its block is the block itself.
    const stream = packed.length < block.length ? packed : filtered;
    // A frame is never longer than the pixels and a header.
    if (end + 4 + stream.length > most) return copiedFrame(bytes, codec, frame);
    view.setInt32(HEADER_BYTES + 4 * i, end, true);
    view.setInt32(end, stream.length, true);
    frame.set(stream, end + 4);
    end += 4 + stream.length;
  }
  writeHeader(view, flagsOf(codec) | FLAG.unsplit, codec, bytes.length, blockBytes, end);
  return room === undefined ? frame.slice(0, end) : frame.subarray(0, end);
}

function copiedFrame(bytes: Uint8Array, codec: BloscCodec, frame: Uint8Array): Uint8Array {
  const flags = flagsOf(codec) | FLAG.copied;
  writeHeader(
    viewOf(frame),
    flags,
    codec,
    bytes.length,
    Math.min(bytes.length, blockBytesOf(codec)),
    frame.length,
  );
  frame.set(bytes, HEADER_BYTES);
  return frame;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function writeHeader(
  view: DataView,
  flags: number,
  { typesize }: BloscCodec,
  pixelBytes: number,
  blockBytes: number,
  frameBytes: number,
): void {
  view.setUint8(0, FORMAT_VERSION);
  view.setUint8(1, 1);
  view.setUint8(2, flags);
  view.setUint8(3, typesize);
  view.setUint32(4, pixelBytes, true);
  view.setUint32(8, blockBytes, true);
  view.setUint32(12, frameBytes, true);
}

function flagsOf({ cname, shuffle }: BloscCodec): number {
  const filter = shuffle === 'noshuffle' ? 0 : FLAG[shuffle];
  return filter | (COMPRESSORS[cname] << 5);
}

/**
 * Blocks hold whole groups of eight elements, and what is left at the end does too or is shorter than
 * one: see {@link shuffleBits}. Where the chunk's length is no multiple of eight elements, one large
 * block and a rest of less than eight do that.
 */
function blockSize(length: number, codec: BloscCodec): number {
  const { typesize } = codec;
  const group = 8 * typesize;
  const whole = Math.floor(length / group) * group;
  if (whole === 0) return length;
  return whole === length
    ? Math.min(length, Math.floor(blockBytesOf(codec) / group) * group)
    : whole;
}

function blockBytesOf({ blocksize, typesize }: BloscCodec): number {
  return Math.max(blocksize || BLOCK_BYTES, 8 * typesize);
}

function filter(
  block: Uint8Array,
  scratch: Uint8Array,
  { shuffle, typesize }: BloscCodec,
): Uint8Array {
  if (shuffle === 'bitshuffle') shuffleBits(block, scratch, typesize);
  else if (shuffle === 'shuffle' && typesize > 1) shuffleBytes(block, scratch, typesize);
  else return block;
  return scratch;
}

/** c-blosc's levels: Zstandard has more of them, and its greatest is Blosc's 9. LZ4 has accelerations. */
async function compressor({ cname, clevel }: BloscCodec): Promise<Compress> {
  if (cname === 'zstd') {
    const { default: Zstd } = await import('numcodecs/zstd');
    const zstd: Encoder = new Zstd(clevel === 9 ? ZSTD_MAX_LEVEL : 2 * clevel - 1);
    return (block) => zstd.encode(block);
  }
  const { default: LZ4 } = await import('numcodecs/lz4');
  const lz4: Encoder = new LZ4(10 - clevel);
  // numcodecs puts the length before the stream, which Blosc does not.
  return async (block) => (await lz4.encode(block)).subarray(4);
}
