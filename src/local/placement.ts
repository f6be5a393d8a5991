import { boundsOf } from '../grid/frame.js';
import type { GeoBox } from '../grid/geobox.js';
import { around, intersect, type Window } from '../grid/window.js';

/** Where a file lies in a tile. */
export interface Placement {
  /** In pixels of the tile: all that the file may have a value for. */
  readonly window: Window;
  /** Whole turns of 360 degrees that bring the file's longitudes there. */
  readonly turns: number;
}

/**
 * By how many pixels more a window reaches where pixels are warped: datums of this library and of GDAL's
 * differ a little, and a pixel that nothing reaches is only found to be empty.
 */
const MARGIN = 8;

/** Where a file lies in a tile: none, one, or several where it reaches it from both sides of 180 degrees. */
export function placementsOf(file: GeoBox, tile: GeoBox): Placement[] {
  const windows = tile.overlap(file).map((window) => widened(window, tile));
  const apart = windows.length > 1 && intersect(windows[0] as Window, windows[1] as Window);
  const merged = apart ? [around(windows) as Window] : windows;
  return merged.flatMap((window) =>
    turnsOf(file, tile.crop(window)).map((turns) => ({ window, turns })),
  );
}

function widened({ row, col, height, width }: Window, tile: GeoBox): Window {
  const wide = {
    row: row - MARGIN,
    col: col - MARGIN,
    height: height + 2 * MARGIN,
    width: width + 2 * MARGIN,
  };
  return intersect(wide, { row: 0, col: 0, ...tile.shape }) as Window;
}

/** GDAL compares longitudes as they are, and gives those it computes between -180 and 180. */
function turnsOf(file: GeoBox, part: GeoBox): number[] {
  if (!file.crs.isGeographic) return [0];
  const { west, east } = boundsOf(file);
  const range = part.crs.isGeographic ? boundsOf(part) : { west: -180, east: 180 };
  return [0, 1, -1].filter(
    (turns) => west + 360 * turns < range.east && east + 360 * turns > range.west,
  );
}
