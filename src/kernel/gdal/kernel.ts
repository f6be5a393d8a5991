import type { FullKernel } from '../full-kernel.js';
import { createKernel } from '../pipeline.js';
import { createRegionKernel } from '../region/region-kernel.js';
import { loadBlosc } from './blosc-addon.js';
import { bloscByAddon, bloscByGdal, encodeChunk } from './encode.js';
import { gdalFacts } from './facts.js';
import { openFiles } from './files/disk-file.js';
import { KeptFiles } from './files/kept-files.js';
import { openPart } from './files/part-file.js';
import { createRasterFiles } from './files/raster-files.js';
import { loadGdal } from './load.js';
import { nativeLoops, resamplingLack } from './resample-addon.js';
import { warpBands, warpedBands } from './warp.js';

export interface GdalKernelOptions {
  /** False leaves libblosc alone, as where the addon over it was not made. Default true. */
  readonly useBloscAddon?: boolean;
}

/**
 * The native kernel. GDAL is loaded when it is first asked for: chunks are read, and arrays encoded, without it.
 * @throws {SetupError} when GDAL cannot be loaded, and there is no addon to encode with.
 */
export function createGdalKernel({ useBloscAddon = true }: GdalKernelOptions = {}): FullKernel {
  const addon = useBloscAddon ? loadBlosc() : undefined;
  const encoder = addon !== undefined ? 'libblosc' : gdalHasBlosc() ? 'gdal' : 'none';
  const encodeBlosc = addon === undefined ? bloscByGdal : bloscByAddon(addon);
  const lack = resamplingLack();
  const kept = new KeptFiles();
  const kernel = createKernel({
    facts: {
      ...{ kernel: 'gdal', hasBlosc: encoder !== 'none', encoder },
      ...(lack === undefined ? {} : { resamplingLack: lack }),
    },
    openPart,
    openFile: (files, workspace) => openFiles(files, workspace, kept),
    warp: warpBands,
    // GDAL finds positions anew for each band.
    bandsPerWarp: 8,
    encode: (array, codec, room) => encodeChunk(array, codec, encodeBlosc, room),
    copyRows: nativeLoops().copyRows,
  });
  return {
    ...kernel,
    load: () => void loadGdal(),
    ...createRegionKernel(warpedBands, addon, nativeLoops()),
    ...createRasterFiles(),
  };
}

/** Debian's GDAL has Blosc in its Zarr driver; the one bundled with gdal-async has not. */
function gdalHasBlosc(): boolean {
  const { zarrCompressors, bloscCompressors } = gdalFacts();
  return zarrCompressors.includes('blosc') && bloscCompressors.includes('zstd');
}
