import type { Kernel } from '../kernel.js';
import { createKernel } from '../pipeline.js';
import { createRegionKernel, type RegionKernel } from '../region-kernel.js';
import { encodeChunk } from './encode.js';
import { openPart } from './part-file.js';
import { warpBands } from './warp.js';

/** The kernel without native modules: the same results where GDAL cannot be loaded, and what GDAL is measured against. */
export function createJsKernel(): Kernel & RegionKernel {
  const kernel = createKernel({
    facts: { hasBlosc: true, encoder: 'javascript' },
    openPart,
    warp: warpBands,
    bandsPerWarp: 8,
    encode: encodeChunk,
  });
  return { ...kernel, ...createRegionKernel(warpBands, undefined) };
}
