import { StoreError } from '../../errors.js';
import { tileId } from '../../grid/tiling.js';
import { openClaims } from '../../store/sharing/tile-claims.js';
import type { OpenedCube } from '../opened-cube.js';

/**
 * Does what one process at a time may do with the levels of a cube.
 * @throws {StoreError} of kind `conflict` where another one does.
 */
export async function asOnlyPass<T>(
  { repository, grid, timeAxis }: OpenedCube,
  work: () => Promise<T>,
): Promise<T> {
  const claims = openClaims(repository);
  // A place outside of the grid stands for all of them.
  const outside = { row: grid.rows, col: grid.cols };
  const place = timeAxis === undefined ? outside : { t: 0, ...outside };
  try {
    if ((await claims.claim(place)) === 'busy')
      throw new StoreError(
        'conflict',
        'Expected to be the only process that brings the overviews of this cube up to date but another one does. Wait for it; it does what this one would.',
      );
    return await work();
  } finally {
    await claims.release(tileId(place)).catch(() => {});
    await claims.close();
  }
}
