import { check } from '../arguments.js';
import { expected } from '../errors.js';
import { GeoBox, type GeoBoxRecord, type Shape } from './geobox.js';
import type { Window } from './window.js';

/** Position of a tile in the grid: rows from north to south, columns from west to east, from 0. */
export interface TileIndex {
  /** Time step, from 0; absent in cubes without a time axis. */
  readonly t?: number;
  readonly row: number;
  readonly col: number;
}

/** A cube's grid: a geobox cut into chunks. The last row and column may hold fewer pixels than a chunk. */
export class Grid {
  readonly rows: number;
  readonly cols: number;

  constructor(
    readonly geobox: GeoBox,
    readonly chunk: Shape,
  ) {
    check('geobox', geobox, 'the geobox of a grid');
    check('shape', chunk, 'the chunk shape');
    if (
      !(
        Number.isInteger(chunk.height) &&
        Number.isInteger(chunk.width) &&
        chunk.height > 0 &&
        chunk.width > 0
      )
    ) {
      throw expected(
        'a positive whole height and width',
        'the chunk shape',
        `${chunk.height} x ${chunk.width}`,
      );
    }
    this.rows = Math.ceil(geobox.height / chunk.height);
    this.cols = Math.ceil(geobox.width / chunk.width);
  }

  static fromRecord({ geobox, chunk: [height, width] }: GridRecord): Grid {
    return new Grid(GeoBox.fromRecord(geobox), { height, width });
  }

  toRecord(): GridRecord {
    return { geobox: this.geobox.toRecord(), chunk: [this.chunk.height, this.chunk.width] };
  }

  /** The pixels a tile covers in the grid; smaller than a chunk in the last row and column. */
  tileWindow({ row, col }: TileIndex): Window {
    const { chunk, geobox } = this;
    if (!(row >= 0 && row < this.rows && col >= 0 && col < this.cols)) {
      throw expected(
        `a tile in ${this.rows} rows and ${this.cols} columns`,
        'the tile index',
        `${row}-${col}`,
      );
    }
    return {
      row: row * chunk.height,
      col: col * chunk.width,
      height: Math.min(chunk.height, geobox.height - row * chunk.height),
      width: Math.min(chunk.width, geobox.width - col * chunk.width),
    };
  }

  tileGeoBox(index: TileIndex): GeoBox {
    return this.geobox.crop(this.tileWindow(index));
  }

  /** The tiles that the windows touch, each once, in row-major order; without a time step. */
  *tilesIn(windows: readonly Window[]): Generator<TileIndex> {
    const ranges = windows.map((window) => this.tileRange(window));
    const firstRow = Math.min(...ranges.map(({ row }) => row));
    const endRow = Math.max(...ranges.map(({ row, height }) => row + height));
    for (let row = firstRow; row < endRow; row++) {
      const here = ranges.filter((range) => row >= range.row && row < range.row + range.height);
      let next = 0;
      for (const range of here.sort((one, other) => one.col - other.col)) {
        for (let col = Math.max(range.col, next); col < range.col + range.width; col++)
          yield { row, col };
        next = Math.max(next, range.col + range.width);
      }
    }
  }

  /** The window in tile coordinates: first tile row and column, and how many of each. */
  tileRange(window: Window): Window {
    const row = Math.floor(window.row / this.chunk.height);
    const col = Math.floor(window.col / this.chunk.width);
    return {
      row,
      col,
      height: Math.floor((window.row + window.height - 1) / this.chunk.height) + 1 - row,
      width: Math.floor((window.col + window.width - 1) / this.chunk.width) + 1 - col,
    };
  }
}

/** A grid as plain data. */
export interface GridRecord {
  readonly geobox: GeoBoxRecord;
  readonly chunk: readonly [height: number, width: number];
}

/** `row-col`, and `t-row-col` in temporal cubes: the ids smart-geocubes gives its patches. */
export function tileId({ t, row, col }: TileIndex): string {
  return t === undefined ? `${row}-${col}` : `${t}-${row}-${col}`;
}

/** The index that an id names. @throws {InvalidInputError} when it names none. */
export function parseTileId(id: string): TileIndex {
  const numbers = /^(?:(\d+)-)?(\d+)-(\d+)$/.exec(id)?.slice(1);
  if (numbers === undefined) throw expected('row-col or t-row-col', "the tile's id", id);
  const [t, row, col] = numbers;
  const place = { row: Number(row), col: Number(col) };
  return t === undefined ? place : { t: Number(t), ...place };
}
