import { gzipSync } from 'node:zlib';
import type { Codec } from '../../raster/codec.js';
import type { RawArray } from '../kernel.js';
import { encodeBlosc } from './blosc-frame.js';

/** Encodes one chunk. The result is a buffer of its own, fit to be transferred to another thread. */
export async function encodeChunk(
  { bytes }: RawArray,
  codec: Codec,
): Promise<Uint8Array<ArrayBuffer>> {
  switch (codec.name) {
    case 'blosc':
      return encodeBlosc(bytes, codec);
    case 'gzip':
      return new Uint8Array(gzipSync(bytes, { level: codec.level }));
    case 'uncompressed':
      return bytes.slice();
  }
}
