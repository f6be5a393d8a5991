import type { Kernel } from '../kernel.js';
import { createKernel } from '../pipeline.js';
import { decode } from './decode.js';
import { encodeChunk } from './encode.js';
import { fillIdw } from './fill.js';
import { loadGdal } from './load.js';

/** Debian's GDAL has Blosc in its Zarr driver; the one bundled with gdal-async has not. */
function hasBlosc(): boolean {
  const { COMPRESSORS, BLOSC_COMPRESSORS } = loadGdal().drivers.get('Zarr').getMetadata() as Record<
    string,
    string | undefined
  >;
  return (
    (COMPRESSORS ?? '').split(',').includes('blosc') &&
    (BLOSC_COMPRESSORS ?? '').split(',').includes('zstd')
  );
}

/** The native kernel. @throws {SetupError} when GDAL cannot be loaded. */
export function createGdalKernel(): Kernel {
  return createKernel({ facts: { hasBlosc: hasBlosc() }, decode, fillIdw, encode: encodeChunk });
}
