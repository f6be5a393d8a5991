import type { Kernel } from './kernel.js';
import type { RasterFiles } from './region/raster-files.js';
import type { RegionKernel } from './region/region-kernel.js';

/** All that a pool's thread can do: tiles on their way into a cube, regions on their way out, files. */
export type FullKernel = Kernel & RegionKernel & RasterFiles;
