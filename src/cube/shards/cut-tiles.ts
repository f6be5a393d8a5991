import type { TimeStep } from '../../dataset/time-axis.js';
import type { TileIndex } from '../../grid/tiling.js';
import type { TileSpace } from '../tiles.js';
import { ShardCut } from './cut.js';

/**
 * Cuts tiles of a cube into shards.
 * @param steps at which they are meant; `undefined` in cubes without a time axis.
 */
export function cutTiles(
  { grid, timeAxis }: TileSpace,
  tiles: Iterable<TileIndex>,
  steps: readonly TimeStep[] | undefined,
  count: number,
): ShardCut {
  const { rows, cols } = grid;
  return new ShardCut(
    {
      ...{ rows, cols, tiles },
      stepsOfCube: timeAxis?.steps.length ?? 1,
      steps: steps?.map(({ index }) => index),
    },
    count,
  );
}
