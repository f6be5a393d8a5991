import { boundsOfPoints, EDGE_TOLERANCE, pixelsTouched } from '../grid/frame.js';
import { footprint } from '../grid/shapes/footprint.js';
import { touchedCells } from '../grid/shapes/touched-cells.js';
import type { Grid, TileIndex } from '../grid/tiling.js';
import { around, intersect, type Window, widened } from '../grid/window.js';
import { type FilePlace, pixelMap } from './pixel-map.js';

/** Where a file lies in a tile. */
export interface Placement {
  /** In pixels of the tile: all that the file may have a value for. */
  readonly window: Window;
  /** See `FileReference.turns`. */
  readonly turns: number;
}

/** A tile that a file touches, and where: once, or by several turns where it reaches it from both sides of a map. */
export interface PlacedTile {
  readonly index: TileIndex;
  readonly placements: readonly Placement[];
}

/** Pixels around the outline: a centre that falls on it may be found on either side of it. */
const ROUNDING = 1;

/**
 * The tiles of a grid that a file's pixels come to lie on, in row-major order, each once.
 *
 * @throws {Error} of GDAL's, where there is no way from the file's CRS to the grid's.
 */
export function placeFile(file: FilePlace, grid: Grid): PlacedTile[] {
  const map = pixelMap(file, grid.geobox);
  const tiles = new Map<number, Map<number, Window>>();
  const whole = { row: 0, col: 0, ...grid.geobox.shape };
  for (const { ring, turns } of footprint(map, file.shape, grid.geobox.shape)) {
    const touched = pixelsTouched(boundsOfPoints(ring), EDGE_TOLERANCE);
    const window = intersect(widened(touched, ROUNDING), whole);
    if (window === undefined) continue;
    // Only where nothing is changed does the warper not find the turn itself.
    const moved = map.isSameCrs ? (turns * map.turnDegrees) / 360 : 0;
    for (const { row, col } of touchedCells({ points: [], lines: [], polygons: [[ring]] }, grid)) {
      const key = row * grid.cols + col;
      const found = tiles.get(key) ?? new Map<number, Window>();
      tiles.set(key, found);
      const here = intersect(window, grid.tileWindow({ row, col }));
      if (here === undefined) continue;
      const before = found.get(moved);
      found.set(moved, before === undefined ? here : (around([before, here]) as Window));
    }
  }
  return [...tiles]
    .sort(([one], [other]) => one - other)
    .map(([key, windows]) => {
      const index = { row: Math.floor(key / grid.cols), col: key % grid.cols };
      const { row, col } = grid.tileWindow(index);
      const placements = [...windows].map(([turns, window]) => ({
        window: { ...window, row: window.row - row, col: window.col - col },
        turns,
      }));
      return { index, placements };
    });
}
