import type { Chance } from './chance.js';
import type { Seed } from './corpus.js';
import { interesting, mutateEntry, writeInteger } from './mutate-directory.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** Changes `bytes`, in place or in a new array. */
type Mutation = (bytes: Bytes, seed: Seed, other: Seed, chance: Chance) => Bytes;

/** An offset, more often in the header, the directories and the blocks of pixels than in the rest. */
function offsetIn(bytes: Bytes, seed: Seed, chance: Chance): number {
  const last = Math.max(bytes.length - 1, 0);
  if (chance.hit(0.1)) return chance.below(bytes.length);
  if (chance.hit(0.05)) return Math.min(chance.below(16), last);
  const { entries, blocks } = seed.directories;
  if (blocks.length > 0 && chance.hit(0.5)) {
    const { offset, count } = chance.pick(blocks);
    return Math.min(offset + chance.below(chance.hit(0.3) ? Math.min(count, 32) : count), last);
  }
  const entry = chance.pick(entries);
  const inEntry = entry.at.tag + chance.below(12);
  const inValues = entry.valuesAt + chance.below(8);
  return Math.min(chance.hit(0.5) ? inEntry : inValues, last);
}

const structure: Mutation = (bytes, seed, _other, chance) => {
  mutateEntry(bytes, seed, chance);
  return bytes;
};

const flipBit: Mutation = (bytes, seed, _other, chance) => {
  const at = offsetIn(bytes, seed, chance);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8));
  return bytes;
};

const setByte: Mutation = (bytes, seed, _other, chance) => {
  bytes[offsetIn(bytes, seed, chance)] = chance.hit(0.5)
    ? chance.pick([0, 255, 1, 128])
    : chance.below(256);
  return bytes;
};

const setWord: Mutation = (bytes, seed, _other, chance) => {
  const size = chance.pick([2, 4, 8]);
  const at = offsetIn(bytes, seed, chance) & ~1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  writeInteger(view, at, size, interesting(at, seed, chance), seed.directories.isLittleEndian);
  return bytes;
};

const cutEnd: Mutation = (bytes, _seed, _other, chance) =>
  bytes.slice(0, chance.hit(0.2) ? chance.below(64) : chance.below(bytes.length + 1));

const removeRange: Mutation = (bytes, seed, _other, chance) => {
  const from = offsetIn(bytes, seed, chance);
  return join([bytes.subarray(0, from), bytes.subarray(from + 1 + chance.below(64))]);
};

const repeatRange: Mutation = (bytes, seed, _other, chance) => {
  const from = offsetIn(bytes, seed, chance);
  return join([bytes.subarray(0, from + 1 + chance.below(256)), bytes.subarray(from)]);
};

const swapRanges: Mutation = (bytes, seed, _other, chance) => {
  const length = chance.pick([4, 8, 12, 64]);
  const [one, two] = [offsetIn(bytes, seed, chance), offsetIn(bytes, seed, chance)];
  const kept = bytes.slice(one, one + length);
  bytes.copyWithin(one, two, Math.min(two + length, bytes.length));
  bytes.set(kept.subarray(0, Math.max(Math.min(kept.length, bytes.length - two), 0)), two);
  return bytes;
};

/** The start of one file and the end of another. */
const splice: Mutation = (bytes, _seed, other, chance) => {
  const at = chance.below(bytes.length);
  const from = chance.hit(0.5) ? at : chance.below(other.bytes.length);
  return join([bytes.subarray(0, at), other.bytes.subarray(from)]);
};

const noise: Mutation = (bytes, seed, _other, chance) => {
  const from = offsetIn(bytes, seed, chance);
  const end = Math.min(from + 1 + chance.below(chance.hit(0.2) ? 1024 : 32), bytes.length);
  for (let at = from; at < end; at++) bytes[at] = chance.below(256);
  return bytes;
};

/** Nothing of a file but its first bytes. */
const garbage: Mutation = (_bytes, seed, _other, chance) => {
  const bytes = Uint8Array.from({ length: chance.below(512) }, () => chance.below(256));
  bytes.set(seed.bytes.subarray(0, Math.min(chance.pick([0, 4, 8, 16]), bytes.length)));
  return bytes;
};

/** Each as often as it comes here, in hundredths. */
const MUTATIONS: readonly Mutation[] = (
  [
    [structure, 40],
    [flipBit, 16],
    [setByte, 13],
    [setWord, 10],
    [cutEnd, 3],
    [removeRange, 3],
    [repeatRange, 3],
    [swapRanges, 4],
    [splice, 2],
    [noise, 5],
    [garbage, 1],
  ] as const
).flatMap(([mutation, times]) => Array<Mutation>(times).fill(mutation));

/** A mutant of `seed`: its bytes after one to eight changes, or, rarely, none. */
export function mutate(seed: Seed, other: Seed, chance: Chance): Bytes {
  let bytes = seed.bytes.slice();
  if (chance.hit(0.02)) return bytes;
  // One change most often: with each further one it gets likelier that nothing deeper is reached.
  for (let i = 0; i < 8 && (i === 0 || chance.hit(0.35)); i++)
    if (bytes.length > 0) bytes = chance.pick(MUTATIONS)(bytes, seed, other, chance);
  return bytes;
}

function join(parts: readonly Uint8Array[]): Bytes {
  return new Uint8Array(Buffer.concat(parts));
}
