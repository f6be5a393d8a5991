/** Parts of a grid that are told apart on a map, such as the shards of a region. */
import { expected } from '../../errors.js';
import type { Grid } from '../../grid/tiling.js';
import type { Window } from '../../grid/window.js';
import { AREA_COLOURS, AREA_OPACITY, COLOURS } from '../colours.js';
import { drawText, measureText } from '../text.js';
import type { TileStates } from '../tile-states.js';
import { pathData } from './path.js';
import type { MapProjection } from './projection.js';
import {
  extremes,
  linesOf,
  mergeTiles,
  shapesOf,
  type TileLayers,
  tileSide,
  windowOf,
} from './tiles.js';

/** A part of the grid. */
export interface Area {
  /** What is written in it, where there is room. */
  readonly label: string;
  /** In any order. */
  readonly tiles: readonly { readonly row: number; readonly col: number }[];
}

/** Parts of the grid, of which no two have a tile in common. */
export interface Areas {
  /** What they are, for the legend. */
  readonly name: string;
  /** How many there are, where that is not one for each area. */
  readonly count?: number;
  readonly each: readonly Area[];
}

const LARGEST_LABEL = 20;
const SMALLEST_LABEL = 7;

/** A label may be as high as this part of an area as wide as it is high. */
const LABEL_PART = 0.4;

/** @throws {InvalidInputError} for tiles that the grid does not have, or that lie in two areas. */
export function checkAreas(areas: Areas | undefined, grid: Grid): void {
  const known = new Map<number, string>();
  for (const { label, tiles } of areas?.each ?? []) {
    for (const { row, col } of tiles) {
      grid.tileWindow({ row, col });
      const place = row * grid.cols + col;
      const other = known.get(place);
      if (other !== undefined)
        throw expected('one area for each tile', `the tile ${row}-${col}`, `${other} and ${label}`);
      known.set(place, label);
    }
  }
}

/** Draws the areas where no tile has a state, their borders and their names everywhere. */
export function drawAreas(
  grid: Grid,
  areas: Areas | undefined,
  states: TileStates,
  projection: MapProjection,
): TileLayers {
  if (areas === undefined || areas.each.length === 0) return { fills: '', edges: '' };
  const areaAt = new Map<number, number>();
  for (const [number, { tiles }] of areas.each.entries())
    for (const { row, col } of tiles) areaAt.set(row * grid.cols + col, number);
  const hasState = new Set(states.tiles.map(({ row, col }) => row * grid.cols + col));
  const colours = coloursOf(areas.each, areaAt, grid);
  const byColour = AREA_COLOURS.map((colour, index) => {
    const shapes = areas.each
      .filter((_, number) => colours[number] === index)
      .flatMap(({ tiles }) =>
        mergeTiles(inOrder(tiles.filter((tile) => !hasState.has(tile.row * grid.cols + tile.col)))),
      )
      .flatMap((range) => shapesOf(windowOf(grid, range), grid, projection));
    return shapes.length === 0
      ? ''
      : `<path class="areas" fill="${colour}" fill-opacity="${AREA_OPACITY}" d="${pathData(shapes, true)}"/>`;
  });
  const lines = linesOf(bordersOf(areaAt, grid), grid, projection);
  const side = tileSide(grid, projection);
  return {
    fills: byColour.filter((svg) => svg !== '').join('\n'),
    edges: [
      `<path class="area-borders" fill="none" stroke="${COLOURS.ink}" stroke-width="1.3" stroke-linecap="square" d="${pathData(lines, false)}"/>`,
      ...areas.each.flatMap(({ label, tiles }) =>
        piecesOf(tiles, grid).flatMap((piece) =>
          drawLabel({ label, tiles: piece }, side, grid, projection),
        ),
      ),
    ].join('\n'),
  };
}

function inOrder(tiles: Area['tiles']): Area['tiles'] {
  return [...tiles].sort((one, other) => one.row - other.row || one.col - other.col);
}

/** Of each area the number of its colour: another than those of the areas beside it, as long as there are enough. */
function coloursOf(
  areas: readonly Area[],
  areaAt: ReadonlyMap<number, number>,
  { cols }: Grid,
): number[] {
  const chosen: number[] = [];
  for (const [number, { tiles }] of areas.entries()) {
    const taken = new Set<number | undefined>();
    for (const { row, col } of tiles)
      for (let down = -1; down <= 1; down++)
        for (let right = -1; right <= 1; right++) {
          const beside = col + right;
          if (beside < 0 || beside >= cols) continue;
          const other = areaAt.get((row + down) * cols + beside);
          if (other !== undefined && other !== number) taken.add(chosen[other]);
        }
    const from = number % AREA_COLOURS.length;
    const order = AREA_COLOURS.map((_, i) => (from + i) % AREA_COLOURS.length);
    chosen.push(order.find((colour) => !taken.has(colour)) ?? from);
  }
  return chosen;
}

/** Lines between tiles of different areas, or of one and none, each as long as it is straight. */
function bordersOf(areaAt: ReadonlyMap<number, number>, grid: Grid): Window[] {
  const { cols, chunk, geobox } = grid;
  const at = (row: number, col: number) =>
    row < 0 || col < 0 || col >= cols ? undefined : areaAt.get(row * cols + col);
  const horizontal: { row: number; col: number }[] = [];
  const vertical: { row: number; col: number }[] = [];
  for (const [place, area] of areaAt) {
    const [row, col] = [Math.floor(place / cols), place % cols];
    if (at(row - 1, col) !== area) horizontal.push({ row, col });
    if (at(row + 1, col) === undefined) horizontal.push({ row: row + 1, col });
    if (at(row, col - 1) !== area) vertical.push({ row: col, col: row });
    if (at(row, col + 1) === undefined) vertical.push({ row: col + 1, col: row });
  }
  const pixel = (tiles: number, size: number, end: number) => Math.min(tiles * size, end);
  return [
    ...runsOf(horizontal).map(({ row, col, length }) => {
      const left = col * chunk.width;
      const right = pixel(col + length, chunk.width, geobox.width);
      return {
        row: pixel(row, chunk.height, geobox.height),
        col: left,
        height: 0,
        width: right - left,
      };
    }),
    ...runsOf(vertical).map(({ row: col, col: row, length }) => {
      const top = row * chunk.height;
      const bottom = pixel(row + length, chunk.height, geobox.height);
      return {
        row: top,
        col: pixel(col, chunk.width, geobox.width),
        height: bottom - top,
        width: 0,
      };
    }),
  ];
}

function runsOf(edges: Area['tiles']): { row: number; col: number; length: number }[] {
  const runs: { row: number; col: number; length: number }[] = [];
  for (const { row, col } of inOrder(edges)) {
    const last = runs.at(-1);
    if (last !== undefined && last.row === row && last.col + last.length === col) last.length++;
    else runs.push({ row, col, length: 1 });
  }
  return runs;
}

/** The tiles of an area as it lies on the map: those that hang together by their sides. */
function piecesOf(tiles: Area['tiles'], { cols }: Grid): Area['tiles'][] {
  const left = new Map(tiles.map((tile) => [tile.row * cols + tile.col, tile]));
  const pieces: Area['tiles'][] = [];
  for (const [start, first] of left) {
    left.delete(start);
    const piece = [first];
    // It grows while it is gone through.
    for (const { row, col } of piece) {
      const places = [(row - 1) * cols + col, (row + 1) * cols + col];
      if (col > 0) places.push(row * cols + col - 1);
      if (col < cols - 1) places.push(row * cols + col + 1);
      for (const place of places) {
        const beside = left.get(place);
        if (beside !== undefined) piece.push(beside);
        left.delete(place);
      }
    }
    pieces.push(piece);
  }
  return pieces;
}

/** In the tile that is nearest to the middle of a piece of an area, where that is large enough. */
function drawLabel(
  { label, tiles }: Area,
  side: number,
  grid: Grid,
  projection: MapProjection,
): string[] {
  const middle = (of: (tile: Area['tiles'][number]) => number) =>
    tiles.reduce((sum, tile) => sum + of(tile), 0) / tiles.length;
  const [row, col] = [middle((tile) => tile.row), middle((tile) => tile.col)];
  const far = (tile: Area['tiles'][number]) => Math.hypot(tile.row - row, tile.col - col);
  const [first] = tiles;
  if (first === undefined) return [];
  const nearest = tiles.reduce((best, tile) => (far(tile) < far(best) ? tile : best), first);
  const width = Math.sqrt(tiles.length) * side;
  const wanted = Math.min(LARGEST_LABEL, width * LABEL_PART);
  const size = Math.min(wanted, (wanted * width * 0.9) / measureText(label, wanted, 'bold'));
  if (size < SMALLEST_LABEL) return [];
  const { xLow, xHigh, yLow, yHigh } = projection.clipBox();
  return shapesOf(grid.tileWindow(nearest), grid, projection).flatMap((ring) => {
    const [xs, ys] = extremes(ring);
    const x = (Math.min(...xs) + Math.max(...xs)) / 2;
    const y = (Math.min(...ys) + Math.max(...ys)) / 2;
    if (x < xLow || x > xHigh || y < yLow || y > yHigh) return [];
    const style = {
      size,
      colour: COLOURS.ink,
      weight: 'bold',
      anchor: 'middle',
      halo: COLOURS.paper,
    } as const;
    return [drawText(label, x, y + size * 0.36, style)];
  });
}
