/** What tasks share: recipes, the usual contenders, and what is written down of each. */
import { chooseCodec } from '../../dist/cube/fill/recipe.js';
import { startNode, startPython } from '../contenders/process.mjs';

/**
 * @typedef {object} Setting
 * @property {string} folder for what a task writes; emptied after each task
 * @property {import('../options.mjs').Sizes} sizes
 * @property {number} threads the most that pools get
 * @property {number} seed
 * @property {boolean} hasBlosc whether the native kernel can write Blosc
 * @property {string} [python] of an environment that has the packages
 * @property {string} [pythonSeed] of one that has smart-geocubes and Xee
 * @property {(line: string) => void} say
 */

/** 1, 2, 4 and so on, and the most. */
export function threadCounts(most) {
  const counts = [];
  for (let n = 1; n < most; n *= 2) counts.push(n);
  return [...counts, most];
}

/** What the original does: nearest fill without limit, kept within the observed range. */
export const ORIGINAL_PROCESSING = {
  fill: 'nearest',
  maxFillDistance: null,
  clipToObserved: true,
  resampling: 'near',
};

export const NO_PROCESSING = { ...ORIGINAL_PROCESSING, fill: 'none', clipToObserved: false };

export const UNCOMPRESSED = { name: 'uncompressed' };

/** How masks of uint8 tiles travel when every code is a value. */
export const BITS = { kind: 'bits' };

/** The lowest float32, as the project's requests have it. */
export const FLOAT_SENTINEL = { kind: 'sentinel', value: -3.4028234663852886e38 };

/** A `Recipe` for tiles of a raster. */
export function recipeFor({ bands, dtype, geobox }, more = {}) {
  return {
    bands: bands.length,
    dtype,
    fillValue: dtype === 'uint8' ? 0 : Number.NaN,
    mask: dtype === 'uint8' ? BITS : FLOAT_SENTINEL,
    processing: ORIGINAL_PROCESSING,
    chunk: geobox.shape,
    codec: UNCOMPRESSED,
    ...more,
  };
}

/** The codec of a new cube; `seed` as the original writes it. */
export function codecFor(dtype, codec, { hasBlosc }) {
  return chooseCodec({ dtype, codec }, hasBlosc);
}

export const KERNELS = ['gdal', 'js'];

/** Names that tables show. */
export const NAMES = { gdal: 'native', js: 'pure JS', floor: 'floor', python: 'Python original' };

export function startKernel(kernel, threads) {
  return { kernel, threads, ...startNode({ name: nameOf(kernel, threads), kernel, threads }) };
}

export function startFloor() {
  return { kernel: 'floor', threads: 1, ...startNode({ name: NAMES.floor, kernel: 'floor' }) };
}

export function startOriginal({ python }) {
  const script = new URL('../python/contender.py', import.meta.url);
  return {
    kernel: 'python',
    threads: 1,
    ...startPython({ name: NAMES.python, python, script }),
  };
}

export function nameOf(kernel, threads) {
  return withThreads(NAMES[kernel], threads);
}

export function withThreads(name, threads) {
  return `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}

/** What is kept of a contender: who it was, and what it took in each round. */
export function record({ name, kernel, threads }, { samples, memory }) {
  return { name, kernel, threads, samples, ...(memory === undefined ? {} : { memory }) };
}
