import type { Kernel } from '../kernel.js';
import { createKernel } from '../pipeline.js';
import { encodeChunk } from './encode.js';
import { gdalFacts } from './facts.js';
import { openPart } from './part-file.js';
import { warpRasters } from './warp.js';

/** The native kernel. @throws {SetupError} when GDAL cannot be loaded. */
export function createGdalKernel(): Kernel {
  // Debian's GDAL has Blosc in its Zarr driver; the one bundled with gdal-async has not.
  const { zarrCompressors, bloscCompressors } = gdalFacts();
  const hasBlosc = zarrCompressors.includes('blosc') && bloscCompressors.includes('zstd');
  return createKernel({
    facts: { hasBlosc },
    openPart,
    warp: warpRasters,
    // GDAL finds positions anew for each band.
    bandsPerWarp: 1,
    encode: encodeChunk,
  });
}
