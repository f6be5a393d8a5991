import './worker-stand-in.js';
import { GeoTIFF, registerTag } from 'geotiff';
import './worker-stand-in-gone.js';
import { byteSource } from './byte-source.js';

// Otherwise geotiff.js reads these when they are asked for, and those of big-endian files as little-endian.
// Here, for all who open files: registered where one of them does, it would hold for those in its thread.
for (const [tag, name] of [
  [273, 'StripOffsets'],
  [279, 'StripByteCounts'],
  [324, 'TileOffsets'],
  [325, 'TileByteCounts'],
] as const)
  registerTag(tag, name, 'LONG', true, true);

/** Opens a TIFF where it lies. @throws what geotiff.js throws when the bytes are none. */
export function openTiff(bytes: Uint8Array): Promise<GeoTIFF> {
  return GeoTIFF.fromSource(byteSource(bytes));
}
