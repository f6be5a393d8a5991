import { apply, type XY } from '../../grid/affine.js';
import type { Grid } from '../../grid/tiling.js';
import type { Window } from '../../grid/window.js';
import { COLOURS } from '../colours.js';
import { drawText } from '../text.js';
import { STATE_NAMES, type TileStates } from '../tile-states.js';
import { clipLine, clipPolygon } from './clip.js';
import { pathData } from './path.js';
import type { MapProjection } from './projection.js';

/** Tiles drawn smaller than this have no edges of their own; nor have so many that the file grows large. */
const SMALLEST_WITH_EDGE = 5;
const MOST_WITH_EDGE = 5000;

/** Lone and failed tiles are drawn no smaller than this, so that one in a world is still seen. */
const SMALLEST = 2;
const MOST_LONE = 200;

const SMALLEST_WITH_GRID = 9;
const SMALLEST_WITH_NAME = 62;

export interface TileLayers {
  /** The areas of the tiles, by state. */
  readonly fills: string;
  /** What lies over the coast: the faint grid, the tiles' edges, crosses on failed tiles, names. */
  readonly edges: string;
}

const PAINT = [
  { state: 1, colour: COLOURS.loaded, opacity: 0.5 },
  { state: 2, colour: COLOURS.empty, opacity: 0.55 },
  { state: 3, colour: COLOURS.failed, opacity: 0.7 },
] as const;

/** Draws the tiles that have a state, and the grid of all tiles where few of them are in view. */
export function drawTiles(grid: Grid, states: TileStates, projection: MapProjection): TileLayers {
  const side = tileSide(grid, projection);
  const hasEdges = side >= SMALLEST_WITH_EDGE && states.tiles.length <= MOST_WITH_EDGE;
  const fills: string[] = [];
  const edges = side >= SMALLEST_WITH_GRID ? [drawTileGrid(grid, projection)] : [];
  for (const { state, colour, opacity } of PAINT) {
    const tiles = states.tiles.filter((tile) => tile.state === state);
    const areas = mergeTiles(tiles).flatMap((range) =>
      shapesOf(windowOf(grid, range), grid, projection),
    );
    if (areas.length === 0) continue;
    const isSeldom = state === 3 || areas.length <= MOST_LONE;
    const shown = isSeldom ? areas.map(enlarge) : areas;
    const name = STATE_NAMES[state].replaceAll(/\W+/g, '-');
    fills.push(
      `<path class="tiles ${name}" fill="${colour}" fill-opacity="${opacity}" d="${pathData(shown, true)}"/>`,
    );
    if (!hasEdges) continue;
    const shapes = tiles.flatMap((tile) => shapesOf(grid.tileWindow(tile), grid, projection));
    edges.push(
      `<path class="edges ${name}" fill="none" stroke="${colour}" stroke-width="1" d="${pathData(shapes, true)}"/>`,
    );
    if (state === 3 && side >= 2 * SMALLEST_WITH_EDGE) edges.push(drawCrosses(shapes, colour));
  }
  if (side >= SMALLEST_WITH_NAME) edges.push(...drawNames(grid, states, projection));
  return { fills: fills.join('\n'), edges: edges.join('\n') };
}

/** The shorter side of a tile in the picture. */
export function tileSide(grid: Grid, projection: MapProjection): number {
  const tile = { row: 0, col: 0, ...grid.chunk };
  const [topLeft, topRight, , bottomLeft] = corners(tile, grid, projection);
  return Math.min(
    Math.hypot(topRight[0] - topLeft[0], topRight[1] - topLeft[1]),
    Math.hypot(bottomLeft[0] - topLeft[0], bottomLeft[1] - topLeft[1]),
  );
}

/** Tiles in row-major order as few rectangles, in tile coordinates: runs of a row, then equal runs below each other. */
export function mergeTiles(tiles: readonly { row: number; col: number }[]): Window[] {
  const runs: { row: number; col: number; height: number; width: number }[] = [];
  for (const { row, col } of tiles) {
    const last = runs.at(-1);
    if (last !== undefined && last.row === row && last.col + last.width === col) last.width++;
    else runs.push({ row, col, height: 1, width: 1 });
  }
  const open = new Map<string, (typeof runs)[number]>();
  const merged: typeof runs = [];
  for (const run of runs) {
    const key = `${run.col} ${run.width}`;
    const above = open.get(key);
    if (above !== undefined && above.row + above.height === run.row) {
      above.height++;
    } else {
      open.set(key, run);
      merged.push(run);
    }
  }
  return merged;
}

/** A range of tiles in pixels of the grid, cut at its edge as the last tiles are. */
export function windowOf({ chunk, geobox }: Grid, { row, col, height, width }: Window): Window {
  return {
    row: row * chunk.height,
    col: col * chunk.width,
    height: Math.min(height * chunk.height, geobox.height - row * chunk.height),
    width: Math.min(width * chunk.width, geobox.width - col * chunk.width),
  };
}

/** Turns of the earth at which a window of the grid is drawn. */
export function turnsOf(grid: Grid): readonly number[] {
  return grid.geobox.crs.isGeographic ? [-360, 0, 360] : [0];
}

function corners(
  { row, col, height, width }: Window,
  { geobox: { affine } }: Grid,
  projection: MapProjection,
  turn = 0,
): [topLeft: XY, topRight: XY, bottomRight: XY, bottomLeft: XY] {
  const corner = (c: number, r: number): XY => {
    const [x, y] = apply(affine, c, r);
    return projection.toPicture(x + turn, y);
  };
  return [
    corner(col, row),
    corner(col + width, row),
    corner(col + width, row + height),
    corner(col, row + height),
  ];
}

/** Picture units beyond the frame at which shapes are cut off. */
const MARGIN = 8;

/** The places of the picture where a window of the grid is seen, cut off a little outside the frame. */
export function shapesOf(window: Window, grid: Grid, projection: MapProjection): (readonly XY[])[] {
  const box = projection.clipBox(MARGIN);
  return turnsOf(grid)
    .map((turn) => clipPolygon(corners(window, grid, projection, turn), box))
    .filter((ring) => ring.length > 2);
}

export function extremes(ring: readonly XY[]): [xs: number[], ys: number[]] {
  return [ring.map(([x]) => x), ring.map(([, y]) => y)];
}

/** The shape itself, or a box around its centre where it is too small to see. */
function enlarge(ring: readonly XY[]): readonly XY[] {
  const [xs, ys] = extremes(ring);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  if (right - left >= SMALLEST && bottom - top >= SMALLEST) return ring;
  const [halfX, halfY] = [
    Math.max(right - left, SMALLEST) / 2,
    Math.max(bottom - top, SMALLEST) / 2,
  ];
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  return [
    [x - halfX, y - halfY],
    [x + halfX, y - halfY],
    [x + halfX, y + halfY],
    [x - halfX, y + halfY],
  ];
}

/** A second sign beside the colour, for readers who cannot tell it from the others. */
function drawCrosses(shapes: readonly (readonly XY[])[], colour: string): string {
  const strokes = shapes.flatMap((ring) =>
    ring.length === 4
      ? [
          [ring[0] as XY, ring[2] as XY],
          [ring[1] as XY, ring[3] as XY],
        ]
      : [],
  );
  return `<path class="crosses" fill="none" stroke="${colour}" stroke-width="1.2" d="${pathData(strokes, false)}"/>`;
}

/** Where lines of the grid are seen: windows without a height or without a width. */
export function linesOf(
  windows: readonly Window[],
  grid: Grid,
  projection: MapProjection,
): (readonly XY[])[] {
  const box = projection.clipBox(MARGIN);
  return windows.flatMap((window) =>
    turnsOf(grid).flatMap((turn) => {
      const [start, , end] = corners(window, grid, projection, turn);
      return clipLine([start, end], box);
    }),
  );
}

function drawTileGrid(grid: Grid, projection: MapProjection): string {
  const { chunk, geobox, rows, cols } = grid;
  const windows: Window[] = [];
  // A window without height is a line.
  for (let row = 0; row <= rows; row++) {
    const at = Math.min(row * chunk.height, geobox.height);
    windows.push({ row: at, col: 0, height: 0, width: geobox.width });
  }
  for (let col = 0; col <= cols; col++) {
    const at = Math.min(col * chunk.width, geobox.width);
    windows.push({ row: 0, col: at, height: geobox.height, width: 0 });
  }
  const lines = linesOf(windows, grid, projection);
  return `<path class="tile-grid" fill="none" stroke="${COLOURS.tileGrid}" stroke-width="0.5" stroke-opacity="0.5" d="${pathData(lines, false)}"/>`;
}

/** `row-col` in the corner of each tile with a state that is wholly in view. */
function drawNames(grid: Grid, { tiles }: TileStates, projection: MapProjection): string[] {
  const names: string[] = [];
  for (const { row, col } of tiles) {
    for (const ring of shapesOf(grid.tileWindow({ row, col }), grid, projection)) {
      const [xs, ys] = extremes(ring);
      const [x, y] = [Math.min(...xs), Math.min(...ys)];
      const { xLow, xHigh, yLow, yHigh } = projection.clipBox();
      if (x < xLow || y < yLow || Math.max(...xs) > xHigh || Math.max(...ys) > yHigh) continue;
      if (Math.max(...xs) - x < SMALLEST_WITH_NAME - 8) continue;
      const style = { size: 9.5, colour: COLOURS.ink };
      names.push(drawText(`${row}-${col}`, x + 4, y + 12, style));
    }
  }
  return names;
}
