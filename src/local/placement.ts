import { RESAMPLING_RADII } from '../dataset/dataset.js';
import { boundsOfPoints, EDGE_TOLERANCE, pixelsTouched } from '../grid/frame.js';
import type { Shape } from '../grid/geobox.js';
import { footprint, type PixelMap } from '../grid/shapes/footprint.js';
import { touchedCells } from '../grid/shapes/touched-cells.js';
import type { Grid, TileIndex } from '../grid/tiling.js';
import { intersect, relativeTo, united, type Window, widened } from '../grid/window.js';
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

/** Where a file lies on a grid, and around it. */
export interface FilePlacement {
  /** In row-major order, each once; none where the file lies outside of the grid. */
  readonly tiles: readonly PlacedTile[];
  /**
   * In pixels of the grid, by each turn that leads there: all that the file may have a value for, on the grid
   * and as far around it as `reach`. None where nothing on the grid depends on it.
   */
  readonly near: readonly Window[];
  /** Pixels of the grid by which a resampling of the file's pixels looks around a pixel at most. */
  readonly reach: number;
}

/** Pixels around the outline: a centre that falls on it may be found on either side of it. */
const ROUNDING = 1;

/**
 * Finds what a file's pixels come to lie on: the tiles of a grid, and its surroundings, where a resampling
 * of pixels at the grid's edge looks.
 *
 * @throws {Error} of GDAL's, where there is no way from the file's CRS to the grid's.
 */
export function placeFile(file: FilePlace, grid: Grid): FilePlacement {
  const map = pixelMap(file, grid.geobox);
  const tiles = new Map<number, Map<number, Window>>();
  const near = new Map<number, Window>();
  const whole = { row: 0, col: 0, ...grid.geobox.shape };
  const reach = reachOf(map, file.shape);
  // Within one turn around the earth, everything is met once at least.
  const turn = Math.ceil(Math.abs(map.turn ?? Number.POSITIVE_INFINITY));
  const surroundings = widened(whole, Math.min(reach, turn));
  for (const { ring, turns } of footprint(map, file.shape, surroundings)) {
    const touched = widened(pixelsTouched(boundsOfPoints(ring), EDGE_TOLERANCE), ROUNDING);
    near.set(turns, united(near.get(turns), touched));
    const window = intersect(touched, whole);
    if (window === undefined) continue;
    // Only where nothing is changed does the warper not find the turn itself.
    const moved = map.isSameCrs ? (turns * map.turnDegrees) / 360 : 0;
    for (const { row, col } of touchedCells({ points: [], lines: [], polygons: [[ring]] }, grid)) {
      const key = row * grid.cols + col;
      const found = tiles.get(key) ?? new Map<number, Window>();
      tiles.set(key, found);
      const here = intersect(window, grid.tileWindow({ row, col }));
      if (here !== undefined) found.set(moved, united(found.get(moved), here));
    }
  }
  return { tiles: placedTiles(tiles, grid), near: [...near.values()], reach };
}

function placedTiles(tiles: Map<number, Map<number, Window>>, grid: Grid): PlacedTile[] {
  return [...tiles]
    .sort(([one], [other]) => one - other)
    .map(([key, windows]) => {
      const index = { row: Math.floor(key / grid.cols), col: key % grid.cols };
      const tile = grid.tileWindow(index);
      const placements = [...windows].map(([turns, window]) => ({
        window: relativeTo(window, tile),
        turns,
      }));
      return { index, placements };
    });
}

/** How far a resampling looks at most, in the larger of source and target pixels. */
const RADIUS = Math.max(...Object.values(RESAMPLING_RADII));
/** More pixels than any grid has. */
const EVERYWHERE = 2 ** 40;
/** What a measure at few places may miss. */
const SLACK = 1.5;

/** As far as a resampling looks, for pixels of the file may be larger than the grid's. */
function reachOf({ image }: PixelMap, shape: Shape): number {
  let largest = 1;
  let found = false;
  for (const v of [0.1, 0.5, 0.9])
    for (const u of [0.1, 0.5, 0.9]) {
      const [col, row] = [u * shape.width, v * shape.height];
      const [x, y] = image([col, row]);
      for (const [x2, y2] of [image([col + 1, row]), image([col, row + 1])]) {
        const size = Math.hypot(x2 - x, y2 - y);
        if (!Number.isFinite(size)) continue;
        found = true;
        largest = Math.max(largest, size);
      }
    }
  return found ? Math.ceil(RADIUS * SLACK * largest) + 4 : EVERYWHERE;
}
