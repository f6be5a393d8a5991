/** "Total request size (... bytes) must be less than or equal to 50331648 bytes.", one byte of mask for each pixel of a band included. */
const MOST_BYTES = 50_331_648;
const MASK_BYTES = 1;

/** Bands whose masks fit the bits of one band of uint8. */
const BANDS_OF_A_MASK = 8;

/**
 * As few requests as Earth Engine lets a tile of uint8 with masks be had with, by its bytes alone: whatever is asked
 * besides, and however it is cut, comes on top.
 *
 * Where all 256 values mean something, a GeoTIFF says nothing of masks (what is masked comes as 0), so they must
 * come as pixels too: a bit for each band, in as many bands as that takes, which are counted like any other.
 *
 * @param {readonly [height: number, width: number]} shape
 * @param {number} bands
 */
export function leastRequests([height, width], bands) {
  const sent = bands + Math.ceil(bands / BANDS_OF_A_MASK);
  return Math.ceil((height * width * sent * (1 + MASK_BYTES)) / MOST_BYTES);
}
