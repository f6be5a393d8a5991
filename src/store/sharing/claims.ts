import type { TileIndex } from '../../grid/tiling.js';

/**
 * - `ours`: this run fills the tile
 * - `busy`: another one does
 * - `loaded`: another one has
 */
export type ClaimAnswer = 'ours' | 'busy' | 'loaded';

/** Who fills which tile, as one run sees it. */
export interface TileClaims {
  /** Whether other runs see them: where they do not, two may fill the same tile. */
  readonly isShared: boolean;
  /** @throws {StoreError} */
  claim(index: TileIndex): Promise<ClaimAnswer>;
  /** Gives a tile up, after its commit or its failure. */
  release(id: string): Promise<void>;
  /** Gives a tile up that failed for good, and tells those who would take it over, as long as anybody fills the cube. */
  giveUp(id: string): Promise<void>;
  /** Whether it failed for good in another run. */
  isGivenUp(id: string): Promise<boolean>;
  /** Gives up all that is left. */
  close(): Promise<void>;
}
