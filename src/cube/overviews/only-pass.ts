import { AbortedError, StoreError } from '../../errors.js';
import { tileId } from '../../grid/tiling.js';
import type { TileClaims } from '../../store/sharing/claims.js';
import type { SettleOptions } from '../../store/sharing/settle.js';
import { type ClaimOptions, openClaims, settleClaims } from '../../store/sharing/tile-claims.js';
import type { OpenedCube } from '../opened-cube.js';

/**
 * Does what one process at a time may do with the levels of a cube. What a process has that is gone is taken over: where
 * it cannot be told at once whether that one lives, it is waited for a lease, since somebody who asks once and ends
 * never sees that it does not.
 *
 * @throws {StoreError} of kind `conflict` where another one does, and lives.
 */
export async function asOnlyPass<T>(
  { repository, grid, timeAxis }: Pick<OpenedCube, 'repository' | 'grid' | 'timeAxis'>,
  work: () => Promise<T>,
  options: SettleOptions & Pick<ClaimOptions, 'times'> = {},
): Promise<T> {
  // A place outside of the grid stands for all of them.
  const outside = { row: grid.rows, col: grid.cols };
  const place = timeAxis === undefined ? outside : { t: 0, ...outside };
  const claimed = async () => {
    const claims = openClaims(repository, { times: options.times });
    if ((await claims.claim(place).catch(closing(claims))) !== 'busy') return claims;
    await claims.close();
    return undefined;
  };
  let claims = await claimed();
  if (claims === undefined) {
    await settleClaims(repository, options);
    if (options.signal?.aborted)
      throw new AbortedError('The pass over the overviews was stopped before it began.', {
        cause: options.signal.reason,
      });
    claims = await claimed();
  }
  if (claims === undefined)
    throw new StoreError(
      'conflict',
      'Expected to be the only process that brings the overviews of this cube up to date but another one does. Wait for it; it does what this one would.',
    );
  try {
    return await work();
  } finally {
    await claims.release(tileId(place)).catch(() => {});
    await claims.close();
  }
}

function closing(claims: TileClaims): (error: unknown) => Promise<never> {
  return async (error) => {
    await claims.close().catch(() => {});
    throw error;
  };
}
