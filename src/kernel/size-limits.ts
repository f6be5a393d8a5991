/** What a corrupt directory of a GeoTIFF may ask for has no other limit. */
export const MAX_IMAGE_BYTES = 2 ** 30;
/** A block may be larger than its image, but not by any number. */
const MAX_BLOCK_BYTES = 2 ** 26;

/** Whether a strip or tile of that size, uncompressed and with all bands in it, belongs to an image of that size. */
export function isPlausibleBlock(blockBytes: number, imageBytes: number): boolean {
  const most = Math.min(Math.max(MAX_BLOCK_BYTES, imageBytes), MAX_IMAGE_BYTES);
  return blockBytes > 0 && blockBytes <= most;
}
