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
  /** Gives up all that is left. */
  close(): Promise<void>;
}
