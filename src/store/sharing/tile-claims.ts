/**
 * Who is filling which tile, so that several ingests of one cube do not fetch the same pixels. Claims
 * save work, and nothing depends on them: what a tile holds is decided by its commit.
 */
import type { TileIndex } from '../../grid/tiling.js';
import { StoreFolder } from '../durability/store-folder.js';
import { ignoresConditions } from '../remote/s3-probe.js';
import type { Repository } from '../repository.js';
import { BlockClaims } from './block-claims.js';
import { BranchClaims, REMOTE_LEASE_TIMES } from './branch-claims.js';
import type { ClaimAnswer, TileClaims } from './claims.js';
import { FileClaims } from './file-claims.js';
import { MarkLeases } from './mark-leases.js';
import { NewestLedger } from './newest-ledger.js';
import type { SettleOptions } from './settle.js';
import { type LeaseTimes, SharingFolder } from './sharing-folder.js';

export type { ClaimAnswer, TileClaims } from './claims.js';

/** How old the ledger of a store that is asked over a network may be. */
const REMOTE_AGE_MS = 5_000;

/** How claims are made. */
export interface ClaimOptions {
  /** Of a shard: the name of the block in which a tile lies, the same for all who share the region. */
  readonly blockIdOf?: ((index: TileIndex) => string) | undefined;
  readonly times?: LeaseTimes | undefined;
  /** Of a refresh: tiles fetched before this are to be fetched again. */
  readonly refreshBefore?: number | undefined;
}

/**
 * The claims of one run: files in a local store, marks in an object store, there of whole blocks where the run is a
 * shard. In memory there are none, nor in an object store that has no marks.
 */
export function openClaims(
  repository: Pick<Repository, 'location' | 'local' | 'marks' | 'readSession'>,
  { blockIdOf, times, refreshBefore }: ClaimOptions = {},
): TileClaims {
  const { location, local, marks } = repository;
  const newest = (maxAgeMs: number) => new NewestLedger(repository, maxAgeMs, refreshBefore);
  if (marks !== undefined && blockIdOf !== undefined)
    return new BlockClaims(marks, {
      ...{ blockIdOf, times },
      recent: newest(REMOTE_AGE_MS),
      ledgerNow: () => newest(Number.POSITIVE_INFINITY),
    });
  if (marks !== undefined) return new BranchClaims(marks, newest(0), newest(REMOTE_AGE_MS), times);
  switch (location.kind) {
    case 'local':
    case 'zarr': {
      const sharing = local?.sharing ?? new SharingFolder(new StoreFolder(location.path), times);
      return new FileClaims(sharing, newest(0));
    }
    case 'memory':
    case 's3':
    case 'gs':
    case 'az':
      return new NoClaims(newest(REMOTE_AGE_MS));
  }
}

/**
 * Removes what runs have left that are gone, for good: where it cannot be told at once whether one is, it is waited for
 * a lease. What a run has that lives is left.
 *
 * @returns how many runs there are that live, or may.
 */
export async function settleClaims(
  repository: Parameters<typeof openClaims>[0],
  { times = REMOTE_LEASE_TIMES, ...options }: SettleOptions & Pick<ClaimOptions, 'times'> = {},
): Promise<number> {
  const { marks } = repository;
  if (marks !== undefined)
    return new MarkLeases(marks, { times, watchesAll: true }).settle(options);
  const claims = openClaims(repository);
  return claims instanceof FileClaims ? claims.settle(options) : 0;
}

/** Whether of several runs that claim the same thing one gets it, and the others are told. */
export async function areExclusive(
  claims: TileClaims,
  { location }: Pick<Repository, 'location'>,
): Promise<boolean> {
  // Creating a repository asks for that; but it may have come there from elsewhere.
  return claims.isShared && !(await ignoresConditions(location, ['if-none-match', 'if-match']));
}

class NoClaims implements TileClaims {
  readonly isShared = false;

  constructor(private readonly newest: NewestLedger) {}

  async claim(index: TileIndex): Promise<ClaimAnswer> {
    return (await this.newest.isLoaded(index)) ? 'loaded' : 'ours';
  }

  async release(): Promise<void> {}

  async giveUp(): Promise<void> {}

  async isGivenUp(): Promise<boolean> {
    return false;
  }

  async close(): Promise<void> {}
}
