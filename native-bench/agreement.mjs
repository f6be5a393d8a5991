/** Nothing is timed before the contenders' results agree. */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import Blosc from 'numcodecs/blosc';

const ARRAYS = { uint8: Uint8Array, float32: Float32Array };

/**
 * The pixels of a chunk that a contender kept, decoded by a library that none of them encodes with
 * (numcodecs.js; the JavaScript kernel takes its raw zstd and lz4 alone).
 *
 * @param {string} file without which every pixel holds `fillValue`
 * @param {{ dtype: 'uint8' | 'float32', chunk: readonly [number, number], codec: object, fillValue: number }} recipe
 */
export async function readChunk(file, { dtype, chunk: [height, width], codec, fillValue }) {
  const Pixels = ARRAYS[dtype];
  if (!existsSync(file)) return new Pixels(height * width).fill(fillValue);
  const bytes = await decode(new Uint8Array(readFileSync(file)), codec);
  return new Pixels(bytes.slice().buffer);
}

async function decode(bytes, codec) {
  switch (codec.name) {
    case 'blosc':
      // A frame's header says all that decoding needs; the settings are for encoding.
      return Blosc.fromConfig({
        id: 'blosc',
        cname: codec.cname,
        clevel: 1,
        shuffle: 0,
        blocksize: 0,
      }).decode(bytes);
    case 'gzip':
      return new Uint8Array(gunzipSync(bytes));
    default:
      return bytes;
  }
}

/** Raised when contenders disagree: there is nothing to compare then. */
export class Disagreement extends Error {
  name = 'Disagreement';
}

/**
 * @param {string} who
 * @param {ArrayLike<number>} pixels
 * @param {ArrayLike<number>} wanted NaN equals NaN
 * @param {{ tolerance?: number, where?: ArrayLike<number> }} [options] only where `where` is not 0
 * @throws {Disagreement} naming the first pixel that differs
 */
export function checkEqual(who, pixels, wanted, { tolerance = 0, where } = {}) {
  if (pixels.length !== wanted.length)
    throw new Disagreement(
      `Expected ${wanted.length} pixels of ${who} but received ${pixels.length}.`,
    );
  for (let i = 0; i < pixels.length; i++) {
    const [one, other] = [pixels[i], wanted[i]];
    if (one === other || (where !== undefined && where[i] === 0)) continue;
    if (Number.isNaN(one) && Number.isNaN(other)) continue;
    if (Math.abs(one - other) <= tolerance) continue;
    throw new Disagreement(`Expected ${other} at pixel ${i} of ${who} but received ${one}.`);
  }
}

/** Gap pixels whose nearest valid pixels are looked up. */
const PROBES = 4000;

/**
 * Checks that valid pixels are unchanged and that gaps hold the value of a nearest valid pixel, by
 * Euclidean distance: of several equally near, any is right. Looks at every valid pixel and at up to
 * {@link PROBES} gap pixels, evenly spread. Searches by itself, sharing no code with any contender.
 *
 * @param {string} who
 * @param {ArrayLike<number>} pixels `[y, x]`
 * @param {{ pixels: ArrayLike<number>, mask: Uint8Array, shape: readonly [height: number, width: number] }} source
 * @returns {number} gap pixels looked at
 * @throws {Disagreement}
 */
export function checkNearest(who, pixels, { pixels: source, mask, shape: [height, width] }) {
  checkEqual(who, pixels, source, { where: mask });
  const gaps = [];
  for (let i = mask.indexOf(0); i !== -1; i = mask.indexOf(0, i + 1)) gaps.push(i);
  const step = Math.max(1, Math.floor(gaps.length / PROBES));
  let probes = 0;
  for (let at = 0; at < gaps.length; at += step, probes++) {
    const i = gaps[at];
    const right = nearestValues(source, mask, height, width, i);
    if (right.has(pixels[i])) continue;
    throw new Disagreement(
      `Expected one of ${[...right].join(', ')} at the gap pixel ${i} of ${who} but received ${pixels[i]}.`,
    );
  }
  return probes;
}

/** Values of all valid pixels that are nearest to pixel `at`: ring by ring, until none can be nearer. */
function nearestValues(source, mask, height, width, at) {
  const row = Math.floor(at / width);
  const col = at % width;
  let best = Number.POSITIVE_INFINITY;
  let values = new Set();
  const look = (y, x) => {
    if (x < 0 || x >= width || mask[y * width + x] === 0) return;
    const distance = (y - row) ** 2 + (x - col) ** 2;
    if (distance > best) return;
    if (distance < best) values = new Set();
    best = distance;
    values.add(source[y * width + x]);
  };
  for (let ring = 1; ring * ring <= best && ring < Math.max(height, width); ring++) {
    for (let y = Math.max(row - ring, 0); y <= Math.min(row + ring, height - 1); y++) {
      const step = Math.abs(y - row) === ring ? 1 : 2 * ring;
      for (let x = col - ring; x <= col + ring; x += step) look(y, x);
    }
  }
  return values;
}
