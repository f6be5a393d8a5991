import { gzipSync } from 'node:zlib';
import { RasterError } from '../../errors.js';
import type { BloscCodec, Codec } from '../../raster/codec.js';
import { fromBytes } from '../../raster/dtype.js';
import type { RawArray } from '../kernel.js';
import { loadGdal, uniqueName } from './load.js';
import { withRawDataset } from './raw-dataset.js';

const SHUFFLES = { noshuffle: 'NONE', shuffle: 'BYTE', bitshuffle: 'BIT' } as const;

/** Encodes one chunk. The result is a buffer of its own, fit to be transferred to another thread. */
export function encodeChunk(array: RawArray, codec: Codec): Uint8Array<ArrayBuffer> {
  switch (codec.name) {
    case 'blosc':
      return encodeBlosc(array, codec);
    case 'gzip':
      return new Uint8Array(gzipSync(array.bytes, { level: codec.level }));
    case 'uncompressed':
      return array.bytes.slice();
  }
}

/**
 * A Blosc frame made by GDAL's Zarr V2 writer: a chunk file of Zarr V2 with Blosc holds the same frame
 * as a chunk of Zarr V3, and its header states the true typesize and shuffle.
 */
function encodeBlosc(
  { dtype, shape, bytes }: RawArray,
  codec: BloscCodec,
): Uint8Array<ArrayBuffer> {
  const gdal = loadGdal();
  const [height, width] = shape;
  const pixels = fromBytes(dtype, bytes);
  // GDAL leaves out a chunk that holds nothing but nodata (or zeros), so nodata is a value it cannot be full of.
  const nodata = pixels[0] === 0 ? 1 : 0;
  const name = uniqueName('.zarr');
  const array = name.slice(name.lastIndexOf('/') + 1, -'.zarr'.length);
  try {
    return withRawDataset(
      pixels,
      dtype,
      { height, width },
      (source) => {
        gdal.drivers
          .get('Zarr')
          .createCopy(name, source, [
            'FORMAT=ZARR_V2',
            'COMPRESS=BLOSC',
            `BLOSC_CNAME=${codec.cname}`,
            `BLOSC_CLEVEL=${codec.clevel}`,
            `BLOSC_SHUFFLE=${SHUFFLES[codec.shuffle]}`,
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
  } catch (cause) {
    throw new RasterError(
      'encode',
      `Expected GDAL to compress a ${width} x ${height} ${dtype} chunk but received: ${String(cause)}`,
      { cause },
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
