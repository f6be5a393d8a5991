/** How far apart warps of one raster may be, and how far they are. */
import { Disagreement } from './agreement.mjs';

/** By how many source pixels gdalwarp's default, rasterio's and odc-geo's, lets positions be wrong. */
export const ERROR_THRESHOLD = 0.125;
/** Share of the pixels that lie so near to the middle between two source pixels that either is right. */
const TIES = 1e-6;
/** Of whole numbers. */
const ROUNDING = 1;

/**
 * @typedef {object} Difference
 * @property {number} pixels those that have a value in at least one of the two
 * @property {number} different those of them that are not equal
 * @property {number} oneSided those that have a value in one alone
 * @property {number} worst the largest difference of values
 */

/**
 * @param {ArrayLike<number>} pixels
 * @param {ArrayLike<number>} wanted of the same length
 * @param {number} nodata what stands for "no value"
 * @returns {Difference}
 */
export function compareWarps(pixels, wanted, nodata) {
  if (pixels.length !== wanted.length)
    throw new Disagreement(`Expected ${wanted.length} pixels but received ${pixels.length}.`);
  const found = { pixels: 0, different: 0, oneSided: 0, worst: 0 };
  for (let i = 0; i < pixels.length; i++) {
    const [one, other] = [pixels[i], wanted[i]];
    if (one === nodata && other === nodata) continue;
    found.pixels++;
    if (one === other) continue;
    found.different++;
    if (one === nodata || other === nodata) found.oneSided++;
    else found.worst = Math.max(found.worst, Math.abs(one - other));
  }
  return found;
}

/** @param {readonly Difference[]} bands @returns {Difference} of all of them */
export function addUp(bands) {
  const sum = (key) => bands.reduce((total, band) => total + band[key], 0);
  return {
    ...{ pixels: sum('pixels'), different: sum('different'), oneSided: sum('oneSided') },
    worst: Math.max(0, ...bands.map(({ worst }) => worst)),
  };
}

/**
 * The largest step from a pixel to its right neighbour, and to the one below.
 *
 * @param {ArrayLike<number>} pixels `[y, x]`
 * @param {readonly [height: number, width: number]} shape
 * @returns {[right: number, down: number]}
 */
export function steepest(pixels, [height, width]) {
  let [right, down] = [0, 0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (x + 1 < width) right = Math.max(right, Math.abs(pixels[i + 1] - pixels[i]));
      if (y + 1 < height) down = Math.max(down, Math.abs(pixels[i + width] - pixels[i]));
    }
  }
  return [right, down];
}

/**
 * What differences from exact positions are right. Nearest pixels are equal but for ties, blended ones but
 * for rounding. Where positions may be off by {@link ERROR_THRESHOLD} on each axis, as many nearest pixels
 * are another, a neighbour; and blended ones are off by that share of the steepest steps. What lies on the
 * outline of the source may have a value in one alone.
 *
 * @param {{ resampling: 'near' | 'bilinear', isExact: boolean, steps: readonly [number, number],
 *   outline: number, pixels: number }} warp `steps` as {@link steepest} has them; pixels along the outline, and in all
 * @returns {{ different: number, worst: number, oneSided: number }} the most of each
 */
export function limitsOf({ resampling, isExact, steps, outline, pixels }) {
  const step = steps[0] + steps[1];
  if (resampling === 'near') {
    const different = Math.ceil(pixels * (isExact ? TIES : 2 * ERROR_THRESHOLD));
    return { different, worst: step, oneSided: isExact ? different : outline };
  }
  const worst = ROUNDING + (isExact ? 0 : ERROR_THRESHOLD * step);
  return { different: pixels, worst, oneSided: outline };
}

/**
 * @param {string} who
 * @param {Difference} found
 * @param {ReturnType<typeof limitsOf>} limits
 * @throws {Disagreement}
 */
export function checkWarp(who, found, limits) {
  for (const [key, most] of Object.entries(limits))
    if (!(found[key] <= most))
      throw new Disagreement(
        `Expected pixels of ${who} that differ from those of exact positions by no more than ${JSON.stringify(limits)} but received ${JSON.stringify(found)}.`,
      );
}
