import { gzipSync } from 'node:zlib';
import { RasterError } from '../../errors.js';
import type { BloscCodec, Codec } from '../../raster/codec.js';
import { bytesOf, fromBytes, workTypeOf } from '../../raster/dtype.js';
import { copyInto, type RawArray } from '../kernel.js';
import type { BloscAddon } from './blosc-addon.js';
import { loadGdal, uniqueName } from './load.js';
import { withRawDataset } from './raw-dataset.js';

/** Compresses bytes of an array into a frame whose header says what the codec says. */
export type BloscEncoder = (array: RawArray, codec: BloscCodec, room?: Uint8Array) => Uint8Array;

/** Encodes one chunk, into `room` where it is given and the encoder can, else into a buffer of its own. */
export function encodeChunk(
  array: RawArray,
  codec: Codec,
  encodeBlosc: BloscEncoder,
  room?: Uint8Array,
): Uint8Array {
  switch (codec.name) {
    case 'blosc':
      try {
        return encodeBlosc(array, codec, room);
      } catch (cause) {
        const [height, width] = array.shape;
        throw new RasterError(
          'encode',
          `Expected to compress a ${width} x ${height} ${array.dtype} chunk but received: ${String(cause)}`,
          { cause },
        );
      }
    case 'gzip':
      return new Uint8Array(gzipSync(array.bytes, { level: codec.level }));
    case 'uncompressed':
      return copyInto(room, array.bytes);
  }
}

const SHUFFLE_CODES = { noshuffle: 0, shuffle: 1, bitshuffle: 2 } as const;

/** By libblosc itself: half as long as by way of GDAL, which copies the pixels into blocks of its own first. */
export function bloscByAddon(addon: BloscAddon): BloscEncoder {
  return ({ bytes }, { typesize, shuffle, cname, clevel, blocksize = 0 }, room) => {
    const code = SHUFFLE_CODES[shuffle];
    if (room === undefined) return addon.compress(bytes, typesize, code, cname, clevel, blocksize);
    const length = addon.compressInto(bytes, typesize, code, cname, clevel, blocksize, room);
    return room.subarray(0, length);
  };
}

const GDAL_SHUFFLES = { noshuffle: 'NONE', shuffle: 'BYTE', bitshuffle: 'BIT' } as const;

/**
 * A Blosc frame made by GDAL's Zarr V2 writer: a chunk file of Zarr V2 with Blosc holds the same frame
 * as a chunk of Zarr V3, and its header states the true typesize and shuffle.
 */
export function bloscByGdal(
  { dtype, shape, bytes }: RawArray,
  codec: BloscCodec,
): Uint8Array<ArrayBuffer> {
  const gdal = loadGdal();
  const [height, width] = shape;
  // Of signed bytes, which GDAL does not know, the bytes are what counts.
  const type = bytesOf(dtype) === 1 ? 'uint8' : workTypeOf(dtype);
  const pixels = fromBytes(type, bytes);
  // GDAL leaves out a chunk that holds nothing but nodata (or zeros), so nodata is a value it cannot be full of.
  const nodata = pixels[0] === 0 ? 1 : 0;
  const name = uniqueName('.zarr');
  const array = name.slice(name.lastIndexOf('/') + 1, -'.zarr'.length);
  try {
    return withRawDataset(
      pixels,
      type,
      { height, width },
      (source) => {
        gdal.drivers
          .get('Zarr')
          .createCopy(name, source, [
            'FORMAT=ZARR_V2',
            'COMPRESS=BLOSC',
            `BLOSC_CNAME=${codec.cname}`,
            `BLOSC_CLEVEL=${codec.clevel}`,
            `BLOSC_BLOCKSIZE=${codec.blocksize ?? 0}`,
            `BLOSC_SHUFFLE=${GDAL_SHUFFLES[codec.shuffle]}`,
            `BLOCKSIZE=${height},${width}`,
            'CREATE_ZMETADATA=NO',
          ])
          .close();
        const frame = gdal.vsimem.release(`${name}/${array}/0.0`);
        // GDAL's own memory cannot be transferred; the frame is small beside the pixels.
        return new Uint8Array(frame);
      },
      { nodata },
    );
  } finally {
    removeTree(name);
  }
}

function removeTree(name: string): void {
  try {
    loadGdal().drivers.get('Zarr').deleteDataset(name);
  } catch {
    // Never created: the error that is under way says why.
  }
}
