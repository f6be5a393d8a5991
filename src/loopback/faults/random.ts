/**
 * Numbers in [0, 1) that depend on `keys` alone (mulberry32). One generator for each request, keyed
 * by the seed and the request's ordinal: a single generator for all would be drawn from in the order
 * in which timers happen to end.
 */
export function seededRandom(...keys: readonly number[]): () => number {
  let state = keys.reduce((hash, key) => scramble(hash ^ scramble(key)), 0x9e3779b9);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The finaliser of MurmurHash3: neighbouring keys give unrelated states. */
function scramble(key: number): number {
  let hash = (key | 0) + 0x7ed55d16;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}
