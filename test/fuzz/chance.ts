/** Random choices that are the same for the same seed. */
export interface Chance {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from 0 up to, not including, `end`; 0 where `end` is 0. */
  below(end: number): number;
  /** True that often. */
  hit(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
}

/**
 * The choices for item `number` of a run: each item has a sequence of its own, so that one can be made
 * again without those before it (mulberry32, started at a mix of both numbers).
 */
export function chanceOf(seed: number, number: number): Chance {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (end: number) => Math.floor(next() * end);
  return {
    next,
    below,
    hit: (probability) => next() < probability,
    pick: (choices) => {
      if (choices.length === 0) throw new RangeError('Expected choices to pick from.');
      return choices[below(choices.length)] as (typeof choices)[number];
    },
  };
}
