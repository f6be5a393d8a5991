import { SetupError } from '../../errors.js';
import type { FullKernel } from '../full-kernel.js';
import { createKernel } from '../pipeline.js';
import { NO_RASTER_FILES } from '../region/raster-files.js';
import { createRegionKernel } from '../region/region-kernel.js';
import { TYPESCRIPT_LOOPS } from '../resample/loops.js';
import { encodeChunk } from './encode.js';
import { openPart } from './part-file.js';
import { warpBands, warpedBands } from './warp.js';

/** The kernel without native modules: the same results where GDAL cannot be loaded, and what GDAL is measured against. */
export function createJsKernel(): FullKernel {
  const kernel = createKernel({
    facts: { kernel: 'js', hasBlosc: true, encoder: 'javascript', resamplingLack: 'javascript' },
    openPart,
    openFile({ files }) {
      throw new SetupError(
        `Expected the kernel "gdal" for files on disk but received "js" for ${files[0]?.path}. Leave out --kernel; "geocubes doctor" tells what GDAL lacks here.`,
      );
    },
    warp: warpBands,
    bandsPerWarp: 8,
    encode: encodeChunk,
    copyRows: TYPESCRIPT_LOOPS.copyRows,
  });
  return {
    ...kernel,
    load() {},
    ...createRegionKernel(warpedBands, undefined, TYPESCRIPT_LOOPS),
    ...NO_RASTER_FILES,
  };
}
