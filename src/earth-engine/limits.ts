/** The service's limits on one request for pixels; sources in the README of this folder. */

/** Uncompressed bytes: "Total request size (... bytes) must be less than or equal to 50331648 bytes." */
export const MAX_REQUEST_BYTES = 50_331_648;

/** Pixels on a side: "Pixel grid dimensions (...) must be less than or equal to 32768." */
export const MAX_SIDE = 32_768;

export const MAX_BANDS = 1_024;

/** Earth Engine counts one byte of mask for each pixel of each band. */
export const MASK_BYTES = 1;
