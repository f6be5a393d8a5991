/** How a cube is cut for its overviews: blocks of tiles, which are noted together, and pieces of pixels, which lie in memory. */
import type { Grid, TileIndex } from '../../grid/tiling.js';
import { intersect, type Window } from '../../grid/window.js';
import type { LevelPlace } from '../../store/metadata/overview-documents.js';
import { gcd } from './levels.js';

/** Pixels along a side of what is reduced at a time, about. */
const PIECE_SIDE = 4096;

/** A block whose sides are multiples of the largest factor may be so long; else its cells reach into others. */
const LONGEST_BLOCK = 8192;

/** Tiles that are brought up to date together: a range of rows and columns, at one time step. */
export interface Block {
  readonly t: number | undefined;
  readonly row: number;
  readonly col: number;
  readonly rows: number;
  readonly cols: number;
}

export class BlockCutter {
  readonly #rows: number;
  readonly #cols: number;
  readonly #side: number;

  constructor(
    private readonly grid: Grid,
    factors: readonly number[],
  ) {
    const largest = Math.max(...factors);
    this.#rows = tilesAlong(grid.chunk.height, largest);
    this.#cols = tilesAlong(grid.chunk.width, largest);
    this.#side = Math.max(Math.floor(PIECE_SIDE / largest), 1) * largest;
  }

  /** All blocks of the grid, at one step. */
  *blocks(t: number | undefined): Generator<Block> {
    const { rows, cols } = this.grid;
    for (let row = 0; row < rows; row += this.#rows)
      for (let col = 0; col < cols; col += this.#cols)
        yield {
          ...{ t, row, col },
          rows: Math.min(this.#rows, rows - row),
          cols: Math.min(this.#cols, cols - col),
        };
  }

  /** The parts of a block whose pixels are read at a time: squares of the grid's own. */
  *pieces(block: Block): Generator<Window> {
    const whole = windowOf(block, this.grid);
    const side = this.#side;
    const first = (start: number) => Math.floor(start / side) * side;
    for (let row = first(whole.row); row < whole.row + whole.height; row += side)
      for (let col = first(whole.col); col < whole.col + whole.width; col += side) {
        const piece = intersect(whole, { row, col, height: side, width: side });
        if (piece !== undefined) yield piece;
      }
  }
}

export function* tilesOfBlock({ t, row, col, rows, cols }: Block): Generator<TileIndex> {
  for (let r = row; r < row + rows; r++)
    for (let c = col; c < col + cols; c++)
      yield t === undefined ? { row: r, col: c } : { t, row: r, col: c };
}

function windowOf({ row, col, rows, cols }: Block, { chunk, geobox }: Grid): Window {
  const [top, left] = [row * chunk.height, col * chunk.width];
  return {
    row: top,
    col: left,
    height: Math.min(rows * chunk.height, geobox.height - top),
    width: Math.min(cols * chunk.width, geobox.width - left),
  };
}

function tilesAlong(side: number, largest: number): number {
  const aligned = (side / gcd(side, largest)) * largest;
  if (aligned > LONGEST_BLOCK) return Math.max(Math.floor(PIECE_SIDE / side), 1);
  return (aligned * Math.max(Math.floor(PIECE_SIDE / aligned), 1)) / side;
}

/** The cells of a level that a window of the cube touches, in the level's own rows and columns. */
export function cellsOf(
  { row, col, height, width }: Window,
  { factor }: Pick<LevelPlace, 'factor'>,
): Window {
  const [top, left] = [Math.floor(row / factor), Math.floor(col / factor)];
  return {
    row: top,
    col: left,
    height: Math.ceil((row + height) / factor) - top,
    width: Math.ceil((col + width) / factor) - left,
  };
}

/** The pixels that all of those cells consist of, as far as the cube has them. */
export function pixelsOfCells(piece: Window, levels: readonly LevelPlace[], grid: Grid): Window {
  const reach = levels.map((level) => {
    const { row, col, height, width } = cellsOf(piece, level);
    const { factor } = level;
    return {
      top: row * factor,
      left: col * factor,
      bottom: (row + height) * factor,
      right: (col + width) * factor,
    };
  });
  const top = Math.min(...reach.map((each) => each.top));
  const left = Math.min(...reach.map((each) => each.left));
  const bottom = Math.min(Math.max(...reach.map((each) => each.bottom)), grid.geobox.height);
  const right = Math.min(Math.max(...reach.map((each) => each.right)), grid.geobox.width);
  return { row: top, col: left, height: bottom - top, width: right - left };
}
