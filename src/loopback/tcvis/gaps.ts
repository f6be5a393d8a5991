/**
 * Small holes in the built-in asset, as clouds and missing scenes leave them: in most cells of 32 x 32
 * native pixels one blob of 1 to 6 pixels, about 0.2 % of all. In some blobs a band has a column less.
 */
import { hash } from './noise.js';

const CELL_BITS = 5;
const CELL_MASK = 31;
const SEED = 77;

/** Index of the cell of a column. */
export function gapCell(col: number): number {
  return col >> CELL_BITS;
}

/**
 * First column and width of the blob of cell column `cell` on `row`, as `first * 4 + width`;
 * -1 where the row has none.
 */
export function gapSpan(row: number, cell: number, band: number): number {
  const h = hash(row >> CELL_BITS, cell, SEED);
  if ((h & 7) === 7) return -1;
  const top = ((h >>> 3) & CELL_MASK) % 31;
  const height = 1 + ((h >>> 13) & 1);
  const inCell = row & CELL_MASK;
  if (inCell < top || inCell >= top + height) return -1;
  const left = ((h >>> 8) & CELL_MASK) % 30;
  const narrower = ((h >>> (16 + 2 * band)) & 3) === 3 ? 1 : 0;
  const width = 1 + (((h >>> 14) & 3) % 3) - narrower;
  return ((cell << CELL_BITS) + left) * 4 + width;
}

export function isGap(row: number, col: number, band: number): boolean {
  const span = gapSpan(row, gapCell(col), band);
  return span >= 0 && col >= span >> 2 && col < (span >> 2) + (span & 3);
}
