/** "Total request size (... bytes) must be less than or equal to 50331648 bytes.", one byte of mask for each pixel of a band included. */
const MOST_BYTES = 50_331_648;
const MASK_BYTES = 1;

/**
 * As few requests as Earth Engine lets a tile of uint8 be had with, by its bytes alone: whatever is asked
 * besides, and however it is cut, comes on top.
 *
 * @param {readonly [height: number, width: number]} shape
 * @param {number} bands
 */
export function leastRequests([height, width], bands) {
  return Math.ceil((height * width * bands * (1 + MASK_BYTES)) / MOST_BYTES);
}
