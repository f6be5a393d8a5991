import { expected } from '../errors.js';
import type { Grid, TileIndex } from '../grid/tiling.js';

/** 0 not loaded, 1 loaded, 2 loaded and empty, 3 failed: the ledger's numbers, and one for a run's failures. */
export type State = 0 | 1 | 2 | 3;

export const STATE_NAMES = ['not loaded', 'loaded', 'loaded, empty', 'failed'] as const;

export interface TileState extends TileIndex {
  readonly state: number;
}

export interface TileStates {
  /** How many tiles of the grid are in each state, by its number. */
  readonly counts: readonly [notLoaded: number, loaded: number, empty: number, failed: number];
  /** The tiles in any state but 0, in row-major order, each once. */
  readonly tiles: readonly (TileIndex & { readonly state: 1 | 2 | 3 })[];
}

/**
 * Reads the states of a grid's tiles.
 *
 * @param states [rows, cols] row-major, or the tiles with a state one by one, of which the last word counts.
 * @throws {InvalidInputError} when the length, a tile or a state does not fit.
 */
export function readStates(grid: Grid, states: Uint8Array | Iterable<TileState>): TileStates {
  const byTile = new Map<number, State>();
  if (states instanceof Uint8Array) {
    if (states.length !== grid.rows * grid.cols) {
      throw expected(`${grid.rows * grid.cols} numbers`, 'the tile states', states.length);
    }
    states.forEach((state, index) => {
      if (state !== 0) byTile.set(index, checkState(state));
    });
  } else {
    for (const { row, col, state } of states) {
      grid.tileWindow({ row, col });
      byTile.set(row * grid.cols + col, checkState(state));
    }
  }
  const counts: [number, number, number, number] = [grid.rows * grid.cols, 0, 0, 0];
  const tiles: { row: number; col: number; state: 1 | 2 | 3 }[] = [];
  for (const [index, state] of [...byTile].sort(([one], [other]) => one - other)) {
    if (state === 0) continue;
    counts[0] -= 1;
    counts[state] += 1;
    tiles.push({ row: Math.floor(index / grid.cols), col: index % grid.cols, state });
  }
  return { counts, tiles };
}

function checkState(state: number): State {
  if (state === 0 || state === 1 || state === 2 || state === 3) return state;
  throw expected('0, 1, 2 or 3', "a tile's state", state);
}
