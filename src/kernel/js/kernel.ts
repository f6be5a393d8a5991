import type { Kernel } from '../kernel.js';
import { createKernel } from '../pipeline.js';
import { decode } from './decode.js';
import { encodeChunk } from './encode.js';
import { fillIdw } from './fill.js';

/** The kernel without native modules: the same results where GDAL cannot be loaded, and what GDAL is measured against. */
export function createJsKernel(): Kernel {
  return createKernel({
    facts: { hasBlosc: true, encoder: 'javascript' },
    decode,
    fillIdw,
    encode: encodeChunk,
  });
}
