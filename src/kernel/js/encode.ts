import { gzipSync } from 'node:zlib';
import type { Codec } from '../../raster/codec.js';
import { copyInto, type RawArray } from '../kernel.js';
import { encodeBlosc } from './blosc-frame.js';

/** Encodes one chunk, into `room` where it is given and the encoder can, else into a buffer of its own. */
export async function encodeChunk(
  { bytes }: RawArray,
  codec: Codec,
  room?: Uint8Array,
): Promise<Uint8Array> {
  switch (codec.name) {
    case 'blosc':
      return encodeBlosc(bytes, codec, room);
    case 'gzip':
      return new Uint8Array(gzipSync(bytes, { level: codec.level }));
    case 'uncompressed':
      return copyInto(room, bytes);
  }
}
