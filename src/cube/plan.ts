import type { Grid, TileIndex } from '../grid/tiling.js';
import { tileId } from '../grid/tiling.js';
import type { PixelRequest, PlannedTile, TileSource } from '../tile.js';

/** What an ingest would do: arithmetic and the ledger, no pixels. */
export interface IngestPlan {
  /** Tiles in the region; those committed already; those to do. */
  readonly tiles: number;
  readonly alreadyLoaded: number;
  readonly pending: number;
  /** Requests that the pending tiles need, and their uncompressed bytes as the service counts them. */
  readonly requests: number;
  readonly bytes: number;
  /** The pending tiles, in row-major order, made one at a time. */
  plannedTiles(): Generator<PlannedTile>;
}

/** Asks for each tile whether it is committed already. */
export type IsLoaded = (index: TileIndex) => Promise<boolean>;

export async function planIngest(
  grid: Grid,
  indices: Iterable<TileIndex>,
  source: Pick<TileSource, 'planRequests'>,
  isLoaded: IsLoaded,
): Promise<IngestPlan> {
  const pending: TileIndex[] = [];
  let tiles = 0;
  let requests = 0;
  let bytes = 0;
  const costs = tileCosts(grid, source);
  for (const index of indices) {
    tiles++;
    if (await isLoaded(index)) continue;
    pending.push(index);
    const cost = costs(index);
    requests += cost.requests;
    bytes += cost.bytes;
  }
  return {
    tiles,
    alreadyLoaded: tiles - pending.length,
    pending: pending.length,
    requests,
    bytes,
    *plannedTiles() {
      for (const index of pending) yield planTile(grid, index, source);
    },
  };
}

export function planTile(
  grid: Grid,
  index: TileIndex,
  source: Pick<TileSource, 'planRequests'>,
): PlannedTile {
  const geobox = grid.tileGeoBox(index).toRecord();
  return {
    state: 'planned',
    id: tileId(index),
    index,
    geobox,
    requests: source.planRequests(geobox),
  };
}

/** Tiles come in at most four shapes (inside, last row, last column, corner), and cost depends on the shape alone. */
function tileCosts(grid: Grid, source: Pick<TileSource, 'planRequests'>) {
  const known = new Map<string, { requests: number; bytes: number }>();
  return (index: TileIndex) => {
    const { height, width } = grid.tileWindow(index);
    const key = `${height} ${width}`;
    const cost = known.get(key) ?? costOf(source.planRequests(grid.tileGeoBox(index).toRecord()));
    known.set(key, cost);
    return cost;
  };
}

function costOf(requests: readonly PixelRequest[]) {
  return {
    requests: requests.length,
    bytes: requests.reduce((sum, request) => sum + request.bytes, 0),
  };
}
