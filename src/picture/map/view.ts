import { apply } from '../../grid/affine.js';
import type { Bounds } from '../../grid/geobox.js';
import type { Grid } from '../../grid/tiling.js';
import type { Window } from '../../grid/window.js';

/** What a map shows: coordinates of the grid's CRS, and how much longer a unit of y is drawn than one of x. */
export interface View {
  readonly bounds: Bounds;
  readonly stretch: number;
}

/** Part of the tiles' extent that is added around them, both sides together. */
const SURROUNDINGS = 0.6;

/** From this part of the cube in both directions on, the view is the whole cube. */
const NEARLY_ALL = 0.6;

/** Frames flatter or taller than this show more of the surroundings instead. */
const RATIO = { least: 1, most: 2.05 } as const;

type Span = readonly [start: number, end: number];

/**
 * The view of the given windows and what lies around them; of the whole cube where they fill most of
 * it or there are none. Tiles on both sides of the antimeridian of a cube that runs round the earth
 * are shown together, in a view that reaches over its edge.
 *
 * @param shown windows in pixels of the grid.
 */
export function viewOf(grid: Grid, shown: readonly Window[]): View {
  const { width, height } = grid.geobox;
  const around = circumference(grid);
  const cols = shortestSpan(
    shown.map(({ col, width }) => [col, col + width] as const),
    around,
  );
  const rows = shortestSpan(shown.map(({ row, height }) => [row, row + height] as const));
  const isAll =
    cols === undefined ||
    rows === undefined ||
    (cols[1] - cols[0] > NEARLY_ALL * width && rows[1] - rows[0] > NEARLY_ALL * height);
  if (isAll) return wholeView(grid);
  const pad = (size: number, tile: number) => Math.max((size * SURROUNDINGS) / 2, tile / 2);
  const [padCols, padRows] = [
    pad(cols[1] - cols[0], grid.chunk.width),
    pad(rows[1] - rows[0], grid.chunk.height),
  ];
  const view = {
    col: cols[0] - padCols,
    row: rows[0] - padRows,
    width: cols[1] - cols[0] + 2 * padCols,
    height: rows[1] - rows[0] + 2 * padRows,
  };
  // Nothing is shown twice: a view that would reach round the earth is the cube's own columns.
  return windowView(
    grid,
    around !== undefined && view.width > NEARLY_ALL * around ? { ...view, col: 0, width } : view,
  );
}

/** The whole cube with a margin; a cube that runs round the earth has none to its sides. */
export function wholeView(grid: Grid): View {
  const { width, height } = grid.geobox;
  const isRound = circumference(grid) !== undefined;
  const [padCols, padRows] = [isRound ? 0 : 0.05 * width, 0.05 * height];
  return windowView(grid, {
    col: -padCols,
    row: -padRows,
    width: width + 2 * padCols,
    height: height + 2 * padRows,
  });
}

/** The view of one window, which may be fractional and reach outside the grid. */
export function windowView(grid: Grid, window: Window): View {
  const bounds = boundsOf(grid, window);
  if (!grid.geobox.crs.isGeographic) return { bounds, stretch: 1 };
  const south = Math.max(bounds.south, -90);
  const north = Math.min(bounds.north, 90);
  // Degrees of longitude are drawn as short as they are in the middle of the map.
  const middle = Math.min(Math.abs(south + north) / 2, 80);
  return { bounds: { ...bounds, south, north }, stretch: 1 / Math.cos((middle * Math.PI) / 180) };
}

/** The outer edges of a window in the grid's coordinates. */
export function boundsOf(grid: Grid, { row, col, width, height }: Window): Bounds {
  const { affine } = grid.geobox;
  const corners = [
    apply(affine, col, row),
    apply(affine, col + width, row),
    apply(affine, col, row + height),
    apply(affine, col + width, row + height),
  ];
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  return {
    west: Math.min(...xs),
    south: Math.min(...ys),
    east: Math.max(...xs),
    north: Math.max(...ys),
  };
}

/** Columns once round the earth, where the grid is geographic and goes all the way; else undefined. */
function circumference({ geobox }: Grid): number | undefined {
  const cols = 360 / Math.abs(geobox.affine[0]);
  return geobox.crs.isGeographic && geobox.width > 0.999 * cols ? cols : undefined;
}

/** The shortest span over all of these; round a circle of `period`, the one that leaves out the widest gap. */
function shortestSpan(spans: readonly Span[], period?: number): Span | undefined {
  const sorted = [...spans].sort((one, other) => one[0] - other[0]);
  const [first] = sorted;
  if (first === undefined) return undefined;
  let end = first[1];
  let gap = { start: 0, size: 0 };
  for (const [start, stop] of sorted) {
    if (start - end > gap.size) gap = { start: end, size: start - end };
    end = Math.max(end, stop);
  }
  const seamGap = period === undefined ? Number.POSITIVE_INFINITY : first[0] + period - end;
  if (period === undefined || seamGap >= gap.size) return [first[0], end];
  return [gap.start + gap.size, gap.start + period];
}

/** Widens or heightens a view until its frame is neither a strip nor a tower; gives the frame's ratio too. */
export function fitRatio(
  { bounds, stretch }: View,
  isGeographic: boolean,
  limits: { readonly least: number; readonly most: number } = RATIO,
): { readonly bounds: Bounds; readonly ratio: number } {
  const { west, south, east, north } = bounds;
  const height = (north - south) * stretch;
  const ratio = (east - west) / height;
  if (ratio > limits.most) {
    const more = (east - west) / limits.most / stretch - (north - south);
    const grown = { ...bounds, south: south - more / 2, north: north + more / 2 };
    const fitted = isGeographic ? withinPoles(grown) : grown;
    const drawn = (fitted.north - fitted.south) * stretch;
    return { bounds: fitted, ratio: (east - west) / drawn };
  }
  if (ratio < limits.least) {
    const wanted = height * limits.least;
    const span = isGeographic ? Math.max(Math.min(wanted, 360), east - west) : wanted;
    const more = span - (east - west);
    return {
      bounds: { ...bounds, west: west - more / 2, east: east + more / 2 },
      ratio: span / height,
    };
  }
  return { bounds, ratio };
}

/** Moves a box of latitudes back onto the earth, and cuts what still reaches over a pole. */
function withinPoles(bounds: Bounds): Bounds {
  const over = Math.max(bounds.north - 90, 0) - Math.max(-90 - bounds.south, 0);
  return {
    ...bounds,
    south: Math.max(bounds.south - over, -90),
    north: Math.min(bounds.north - over, 90),
  };
}
