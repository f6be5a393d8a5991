import type { Kernel } from '../kernel.js';
import { createKernel } from '../pipeline.js';
import { decode } from './decode.js';
import { encodeChunk } from './encode.js';
import { fillIdw } from './fill.js';
import { loadGdal } from './load.js';

/** The native kernel. @throws {SetupError} when GDAL cannot be loaded. */
export function createGdalKernel(): Kernel {
  loadGdal();
  return createKernel({ decode, fillIdw, encode: encodeChunk });
}
