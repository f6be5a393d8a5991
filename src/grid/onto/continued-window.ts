/**
 * Windows of a geographic or cylindrical grid whose columns go on around the earth: column `col + turn` is the place of
 * column `col`. A region across the antimeridian, which the grid holds as two windows, is one of these.
 */
import { fullTurnOf } from '../crs/full-turn.js';
import type { GeoBox } from '../geobox.js';
import type { Window } from '../window.js';

/** A window of the grid, and where its first pixel lies in the raster it is a part of. */
export interface PlacedWindow {
  readonly window: Window;
  readonly row: number;
  readonly col: number;
}

/**
 * Columns in a full circle of longitudes; `undefined` for grids in which x does not go around, or rotated ones.
 * Rounded: where pixels do not divide the circle, those beyond the seam come to lie up to half a pixel aside.
 */
export function columnsAround({ crs, affine }: GeoBox): number | undefined {
  const turn = affine[0] > 0 && affine[1] === 0 ? fullTurnOf(crs) : undefined;
  return turn === undefined ? undefined : Math.round(turn.length / affine[0]);
}

/**
 * The smallest window that holds all of `windows`, which may reach past the grid's last column: across
 * the antimeridian where that is shorter than the other way round.
 */
export function joinWindows(windows: readonly Window[], grid: GeoBox): Window {
  const turn = columnsAround(grid);
  const plain = bounding(windows);
  if (turn === undefined || windows.length < 2) return plain;
  // Each window as the westernmost of them: those that lie west of it come a turn later.
  return windows
    .map(({ col: first }) =>
      bounding(
        windows.map((window) =>
          window.col < first ? { ...window, col: window.col + turn } : window,
        ),
      ),
    )
    .reduce((best, next) => (next.width < best.width ? next : best), plain);
}

function bounding(windows: readonly Window[]): Window {
  const row = Math.min(...windows.map((window) => window.row));
  const col = Math.min(...windows.map((window) => window.col));
  const bottom = Math.max(...windows.map((window) => window.row + window.height));
  const right = Math.max(...windows.map((window) => window.col + window.width));
  return { row, col, height: bottom - row, width: right - col };
}

/** Which of the grid's own pixels make up a window that may reach outside it, or around the earth. */
export function splitWindow(window: Window, grid: GeoBox): PlacedWindow[] {
  const turn = columnsAround(grid);
  const top = Math.max(window.row, 0);
  const height = Math.min(window.row + window.height, grid.height) - top;
  if (height <= 0) return [];
  const parts: PlacedWindow[] = [];
  const end = window.col + window.width;
  let next = window.col;
  for (const offset of turn === undefined ? [0] : [-2 * turn, -turn, 0, turn, 2 * turn]) {
    // A grid that goes around a little more than once holds some places twice: inside it its own columns count.
    const limit = offset < 0 ? Math.min(end, 0) : end;
    const first = offset > 0 ? Math.max(offset, grid.width) : offset;
    const start = Math.max(first, next);
    const width = Math.min(offset + grid.width, limit) - start;
    if (width <= 0) continue;
    parts.push({
      window: { row: top, col: start - offset, height, width },
      row: top - window.row,
      col: start - window.col,
    });
    next = start + width;
  }
  return parts;
}
