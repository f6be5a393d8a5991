/**
 * A picture without end that looks like a satellite composite: for each band a whole number 0..255
 * that depends on the native row and column only.
 *
 * Broad shapes are value noise, computed on a lattice of one point per 16 pixels and interpolated
 * linearly in between, in integers, so that a pixel comes out the same whatever window it is
 * computed in; fine grain is a table that repeats every 1024 pixels.
 */

/** Pixels between lattice points, and its binary logarithm. */
export const CELL = 16;
export const CELL_BITS = 4;

/** Levels before the final table turns them into 0..255. */
const LEVELS = 4096;

const GRAIN_SIZE = 1024;

/** A well-mixed 32-bit number of two coordinates and a seed (the finaliser of MurmurHash3). */
export function hash(row: number, col: number, seed: number): number {
  let h = Math.imul(row, 0x27d4eb2d) ^ Math.imul(col, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Value noise in -1..1 with features of `size` lattice points. */
function octave(row: number, col: number, size: number, seed: number): number {
  const top = Math.floor(row / size);
  const left = Math.floor(col / size);
  const y = ease(row / size - top);
  const x = ease(col / size - left);
  const upper = mix(hash(top, left, seed), hash(top, left + 1, seed), x);
  const lower = mix(hash(top + 1, left, seed), hash(top + 1, left + 1, seed), x);
  return mix(upper, lower, y) / 0x80000000 - 1;
}

function ease(t: number): number {
  return t * t * (3 - 2 * t);
}

function mix(one: number, other: number, t: number): number {
  return one + (other - one) * t;
}

/** How a band follows the common relief, and the sign in which it shows disturbed patches. */
interface BandTone {
  readonly relief: number;
  readonly own: number;
  readonly patch: number;
}

const TONES: readonly BandTone[] = [
  { relief: 1, own: 0.34, patch: 1.3 },
  { relief: 0.9, own: 0.4, patch: -1.4 },
  { relief: 0.75, own: 0.45, patch: 0.5 },
];

/** Level (0 .. LEVELS - 1) of a band at a lattice point. */
export function latticeLevel(row: number, col: number, band: number): number {
  const tone = TONES[band % TONES.length] as BandTone;
  const relief =
    0.35 * octave(row, col, 96, 1) +
    0.35 * octave(row, col, 23, 2) +
    0.35 * octave(row, col, 5, 3) +
    0.3 * octave(row, col, 1, 6);
  const own =
    0.6 * octave(row, col, 41, 10 + band) +
    0.4 * octave(row, col, 9, 20 + band) +
    0.4 * octave(row, col, 2, 30 + band);
  const patch = Math.max(0, octave(row, col, 7, 4) + 0.5 * octave(row, col, 60, 5) - 0.5);
  const sum = tone.relief * relief + tone.own * own + tone.patch * patch;
  const level = Math.round(LEVELS * (0.5 + 0.55 * sum));
  return Math.min(Math.max(level, 0), LEVELS - 1);
}

/** Adds to the level, so that the table's index stays positive. */
const MARGIN = 512;

/** Level (with margin) to pixel value. */
export const TONE_TABLE: Uint8Array = Uint8Array.from(
  { length: LEVELS + 2 * MARGIN },
  (_, index) => {
    const t = (index - MARGIN) / LEVELS;
    return Math.min(Math.max(Math.floor(256 * t), 0), 255);
  },
);

/** Grain as a part of the level, margin included, of a 1024 x 1024 block. */
function makeGrain(): Int16Array {
  const size = GRAIN_SIZE;
  const grain = new Int16Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let col = 0; col < size; col++) {
      let sum = 2 * (hash(row, col, 40) & 0xff);
      sum += hash(row, (col + 1) % size, 40) & 0xff;
      sum += hash((row + 1) % size, col, 40) & 0xff;
      // Sum of four bytes, weighted: 0 .. 1020, centred.
      grain[row * size + col] = Math.round((sum - 510) / 2.5) + MARGIN;
    }
  }
  return grain;
}

let grainTable: Int16Array | undefined;

/** The table of the grain, made at the first call. */
export function loadGrain(): Int16Array {
  grainTable ??= makeGrain();
  return grainTable;
}

/** Where the grain of a native pixel stands in {@link loadGrain}: `grainRow(row, band) + grainCol(col)`. */
export function grainRow(row: number, band: number): number {
  return ((row + 331 * band) & (GRAIN_SIZE - 1)) * GRAIN_SIZE;
}

export function grainCol(col: number): number {
  return col & (GRAIN_SIZE - 1);
}

/** `CELL` times the value at `weight` pixels from `one` on the way to `other`. */
export function blend(one: number, other: number, weight: number): number {
  return one * (CELL - weight) + other * weight;
}
