import { gunzipSync } from 'node:zlib';
import { bytesOf } from '../../src/raster/dtype.js';
import type { EncodedChunk, EncodedTile, Recipe } from '../../src/tile.js';
import type { Reply } from './lane.js';
import type { Mutant } from './mutants.js';

/** What is wrong with how a mutant ended, in a line; `undefined` when nothing is. */
export function faultOf({ ending, leftovers }: Reply, mutant: Mutant): string | undefined {
  if (leftovers.length > 0) return `left behind ${leftovers.join(', ')}`;
  switch (ending.kind) {
    case 'death':
      return `the process died: ${ending.how}`;
    case 'hang':
      return `no answer for ${ending.seconds} s`;
    case 'error':
      return ending.error.tag === 'raster' || ending.error.tag === 'invalid-input'
        ? undefined
        : `an error of the tag ${ending.error.tag}: ${ending.error.stack ?? ending.error.message}`;
    case 'tile':
      return faultOfTile(ending.tile, mutant);
  }
}

function faultOfTile(encoded: EncodedTile, { tile, recipe }: Mutant): string | undefined {
  const pixels = tile.geobox.shape[0] * tile.geobox.shape[1];
  if (encoded.chunks.length !== recipe.bands)
    return `${encoded.chunks.length} chunks for ${recipe.bands} bands`;
  if (encoded.isEmpty && encoded.chunks.some(({ bytes }) => bytes !== undefined))
    return 'chunks of an empty tile';
  for (const chunk of encoded.chunks) {
    const { valid, filled, empty } = chunk.counts;
    const isCount = [valid, filled, empty].every((n) => Number.isInteger(n) && n >= 0);
    if (!isCount || valid + filled + empty !== pixels)
      return `${valid} valid, ${filled} filled and ${empty} empty pixels of ${pixels}`;
    const fault = faultOfChunk(chunk, recipe);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfChunk(
  { bytes }: EncodedChunk,
  { chunk, dtype, codec }: Recipe,
): string | undefined {
  if (bytes === undefined) return undefined;
  const wanted = chunk[0] * chunk[1] * bytesOf(dtype);
  switch (codec.name) {
    case 'uncompressed':
      return bytes.length === wanted ? undefined : `${bytes.length} bytes instead of ${wanted}`;
    case 'gzip': {
      const { length } = gunzipSync(bytes);
      return length === wanted ? undefined : `${length} bytes in gzip instead of ${wanted}`;
    }
    case 'blosc': {
      // Blosc's header: bytes before compression at 4, bytes of the whole frame at 12.
      const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const [raw, frame] = [header.readUInt32LE(4), header.readUInt32LE(12)];
      return raw === wanted && frame === bytes.length
        ? undefined
        : `a Blosc frame of ${frame} for ${raw} bytes instead of ${bytes.length} for ${wanted}`;
    }
  }
}
