import type { Kernel } from './kernel.js';
import type { RasterFiles } from './region/raster-files.js';
import type { RegionKernel } from './region/region-kernel.js';

/** All that a pool's thread can do: tiles on their way into a cube, regions on their way out, files. */
export interface FullKernel extends Kernel, RegionKernel, RasterFiles {
  /** Loads now what would be loaded when it is first needed. @throws {SetupError} when it cannot. */
  load(): void;
}
