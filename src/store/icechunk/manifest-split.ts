/**
 * Into how many files the references to a band's chunks go. Icechunk keeps them in manifests, and a
 * commit writes each manifest anew that it touches: with one for a whole band, commits become slower
 * with every tile that is there. Cut into squares of tiles, a commit touches one or two of them.
 */

/** Fewer would cost more in the snapshot, which lists all manifests, than is saved in them. */
const LEAST_SIDE = 16;
const GREATEST_SIDE = 128;

/**
 * A reference takes about as many bytes in a manifest as a manifest does in the snapshot (19 and 25,
 * compressed), and both are written with every commit: side² references of the one, tiles / side² of
 * the other, for each band. The sum is least where they are equal.
 *
 * @param tiles of the whole cube, all time steps.
 * @returns tiles along a side of a manifest's square, a power of two.
 */
export function splitSide(tiles: number): number {
  const best = 2 ** Math.round(Math.log2(Math.max(tiles, 1)) / 4);
  return Math.min(Math.max(best, LEAST_SIDE), GREATEST_SIDE);
}

/**
 * Icechunk's configuration for that, as its library for JavaScript takes it. The repository keeps it,
 * so every writer follows it, whatever its language. Steps of time are never together in a manifest,
 * because an ingest goes one step after the other.
 *
 * Nothing is read ahead: by default each session that is opened reads manifests of up to 10,000
 * references in the background, which with many small manifests takes longer than the commit.
 */
export function manifestConfig(side: number) {
  const conditions = [
    { condition: { DimensionName: 'time' }, num_chunks: 1 },
    { condition: 'Any', num_chunks: side },
  ];
  return {
    preload: { max_total_refs: 0 },
    splitting: { split_sizes: [[{ path_matches: { regex: '.*' } }, conditions]] },
  };
}
