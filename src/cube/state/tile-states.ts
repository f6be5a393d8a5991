import type { TimeStep } from '../../dataset/time-axis.js';
import type { TileIndex } from '../../grid/tiling.js';
import { type Ledger, TileState } from '../../store/tiles/ledger.js';
import { atSteps } from '../tiles.js';

export { TileState };

/** The state of one tile. */
export interface TileStatus extends TileIndex {
  readonly state: TileState;
}

/** How many tiles are in which state. */
export interface TileCounts {
  /** Loaded, with pixels. */
  readonly loaded: number;
  /** Loaded, without one valid pixel. */
  readonly empty: number;
  readonly missing: number;
}

/** How many tiles are in which state, at one time step or in all. */
export interface StepCounts extends TileCounts {
  /** Absent in cubes without a time axis. */
  readonly step?: TimeStep;
}

/** The state of each tile, step after step. */
export async function* walkStates(
  ledger: Ledger,
  tiles: Iterable<TileIndex>,
  steps: readonly TimeStep[] | undefined,
): AsyncGenerator<TileStatus> {
  for (const index of atSteps(tiles, steps))
    yield { ...index, state: ledger.peek(index) ?? (await ledger.get(index)) };
}

/** One record for each step, or one in all. Several times as fast as counting what {@link walkStates} gives. */
export async function countStates(
  ledger: Ledger,
  tiles: Iterable<TileIndex>,
  steps: readonly TimeStep[] | undefined,
): Promise<StepCounts[]> {
  const counts: StepCounts[] = [];
  for (const step of steps ?? [undefined]) {
    const byState = [0, 0, 0];
    for (const index of atSteps(tiles, step === undefined ? undefined : [step])) {
      const state = ledger.peek(index) ?? (await ledger.get(index));
      byState[state] = (byState[state] ?? 0) + 1;
    }
    const [missing = 0, loaded = 0, empty = 0] = byState;
    counts.push({ ...(step === undefined ? {} : { step }), loaded, empty, missing });
  }
  return counts;
}
