/** What is asked of a level, and what it has. */
import type { Window } from '../../grid/window.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';

/** One band at one step. */
export interface Layer {
  readonly band: string;
  /** Absent in cubes without a time axis. */
  readonly t: number | undefined;
}

/** Pixels of a level. */
export interface LevelWindow extends Window {
  readonly level: number;
}

/** `[y, x]` of the window, row-major. */
export interface LevelPixels {
  readonly pixels: LoadedPixels;
  /** 1 where the cube has a tile that is loaded, empty or not. */
  readonly isLoaded: Uint8Array;
}
