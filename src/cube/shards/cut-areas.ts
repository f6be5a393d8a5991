import type { Grid } from '../../grid/tiling.js';
import type { Areas } from '../../picture/map/areas.js';
import type { ShardCut } from './cut.js';

/**
 * A cut as it is drawn: places that the same shards fill are one area. Where a region has several time steps a place
 * may be of several shards, one after the other.
 */
export function areasOf(cut: ShardCut, { cols }: Pick<Grid, 'cols'>): Areas {
  const shardsAt = new Map<number, number[]>();
  for (let shard = 0; shard < cut.count; shard++)
    for (const { row, col } of cut.indicesOf(shard)) {
      const place = row * cols + col;
      const known = shardsAt.get(place);
      if (known === undefined) shardsAt.set(place, [shard]);
      else if (known.at(-1) !== shard) known.push(shard);
    }
  const byLabel = new Map<string, { row: number; col: number }[]>();
  for (const [place, shards] of shardsAt) {
    const label = labelOf(shards);
    const tiles = byLabel.get(label) ?? [];
    tiles.push({ row: Math.floor(place / cols), col: place % cols });
    byLabel.set(label, tiles);
  }
  return {
    name: cut.count === 1 ? 'shard' : 'shards',
    count: cut.count,
    each: [...byLabel].map(([label, tiles]) => ({ label, tiles })),
  };
}

/** As people count them: `1-4, 7`. */
function labelOf(shards: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const shard of shards) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === shard - 1) run[1] = shard;
    else runs.push([shard, shard]);
  }
  return runs
    .map(([first, last]) => (first === last ? `${first + 1}` : `${first + 1}-${last + 1}`))
    .join(', ');
}
