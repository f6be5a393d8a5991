import type { Dataset } from '../../dataset/dataset.js';
import { StoreError } from '../../errors.js';
import type { TileIndex } from '../../grid/tiling.js';
import { chunkKey } from '../../store/metadata/zarr-metadata.js';
import type { Session } from '../../store/session.js';
import { type Ledger, TileState } from '../../store/tiles/ledger.js';

/**
 * Tells whether chunks of a tile are lost: the ledger knows with how many it was loaded. Only in places without
 * snapshots, where a lost file looks as if it had never been written; Icechunk itself reports it.
 *
 * @param names the bands that are read
 */
export async function isLost(
  index: TileIndex,
  names: readonly string[],
  { session, ledger, dataset }: { session: Session; ledger: Ledger; dataset: Dataset },
): Promise<boolean> {
  if (session.version !== undefined) return false;
  const { state, absentBands } = await ledger.entry(index);
  if (state !== TileState.loaded || absentBands === 'unknown') return false;
  const there = async (bands: readonly string[]) => {
    const found = await Promise.all(
      bands.map((name) => session.store.holds(chunkKey(name, index))),
    );
    return found.filter((isThere) => isThere).length;
  };
  const missing = names.length - (await there(names));
  if (missing === 0) return false;
  // Which of a tile's bands hold the fill value alone is not known, only how many do.
  const all = dataset.bands.map(({ name }) => name);
  return missing > absentBands || (await there(all)) < all.length - absentBands;
}

export function lostError(ids: readonly string[]): StoreError {
  const [first, ...others] = ids;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return new StoreError(
    'io',
    `Expected the chunks that tile ${first}${more} was loaded with but some are not in the store. "geocubes verify --repair" reopens such tiles, and the next ingest fetches them; --allow-missing (allowMissing) reads them as "no value".`,
  );
}
