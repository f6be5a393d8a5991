/**
 * Who is filling which tile, so that several ingests of one cube do not fetch the same pixels. Claims
 * save work, and nothing depends on them: what a tile holds is decided by its commit.
 */
import type { TileIndex } from '../../grid/tiling.js';
import { StoreFolder } from '../durability/store-folder.js';
import type { Repository } from '../repository.js';
import { BranchClaims } from './branch-claims.js';
import type { ClaimAnswer, TileClaims } from './claims.js';
import { FileClaims } from './file-claims.js';
import { NewestLedger } from './newest-ledger.js';
import { type LeaseTimes, SharingFolder } from './sharing-folder.js';

export type { ClaimAnswer, TileClaims } from './claims.js';

/** How old the ledger of a store that is asked over a network may be. */
const REMOTE_AGE_MS = 5_000;

/**
 * The claims of one run: files in a local store, branches in an object store. In memory there are none, nor in an
 * object store of Icechunk's format 2, where all branches are one object.
 */
export function openClaims(
  repository: Pick<Repository, 'location' | 'local' | 'marks' | 'readSession'>,
  times?: LeaseTimes,
): TileClaims {
  const { location, local, marks } = repository;
  if (marks !== undefined) return new BranchClaims(marks, new NewestLedger(repository, 0), times);
  switch (location.kind) {
    case 'local':
    case 'zarr': {
      const sharing = local?.sharing ?? new SharingFolder(new StoreFolder(location.path), times);
      return new FileClaims(sharing, new NewestLedger(repository, 0));
    }
    case 'memory':
    case 's3':
    case 'gs':
    case 'az':
      return new NoClaims(new NewestLedger(repository, REMOTE_AGE_MS));
  }
}

class NoClaims implements TileClaims {
  constructor(private readonly newest: NewestLedger) {}

  async claim(index: TileIndex): Promise<ClaimAnswer> {
    return (await this.newest.isLoaded(index)) ? 'loaded' : 'ours';
  }

  async release(): Promise<void> {}

  async close(): Promise<void> {}
}
