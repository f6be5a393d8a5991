import { RasterError } from '../../errors.js';

const CLEAR = 256;
const END = 257;
const FIRST_FREE = 258;
const TABLE_SIZE = 4096;

/**
 * TIFF's LZW: codes of 9 to 12 bits, highest bit first, widened one code early (TIFF 6.0, section 13).
 *
 * Fills `out` and returns how many bytes were written; what the stream holds beyond is left unread.
 * geotiff.js has a decoder too, which follows a corrupt chain of codes for ever.
 *
 * @throws {RasterError} when a code names no string yet.
 */
export function decodeLzw(bytes: Uint8Array, out: Uint8Array): number {
  // A string is the string of its prefix and one more byte.
  const prefix = new Uint16Array(TABLE_SIZE);
  const suffix = new Uint8Array(TABLE_SIZE);
  const length = new Uint16Array(TABLE_SIZE).fill(1, 0, CLEAR);
  for (let i = 0; i < CLEAR; i++) suffix[i] = i;
  let free = FIRST_FREE;
  let width = 9;
  let previous = -1;
  let written = 0;
  let bits = 0;
  let held = 0;
  for (let at = 0; written < out.length; ) {
    while (held < width && at < bytes.length) {
      bits = ((bits << 8) | (bytes[at++] as number)) & 0xffffff;
      held += 8;
    }
    if (held < width) break;
    held -= width;
    const code = (bits >>> held) & ((1 << width) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      free = FIRST_FREE;
      width = 9;
      previous = -1;
      continue;
    }
    if (
      code > free ||
      (code >= FIRST_FREE && (previous === -1 || (code === free && free === TABLE_SIZE)))
    )
      throw new RasterError('decode', `Expected LZW codes up to ${free - 1} but received ${code}.`);
    const isNew = code === free;
    const text = isNew ? previous : code;
    const size = length[text] as number;
    const end = Math.min(written + size, out.length);
    // Strings are known from their last byte to their first.
    let link = text;
    for (let i = written + size - 1; i >= written; i--, link = prefix[link] as number)
      if (i < end) out[i] = suffix[link] as number;
    const first = out[written] as number;
    written = end;
    if (isNew && written < out.length) out[written++] = first;
    if (previous !== -1 && free < TABLE_SIZE) {
      prefix[free] = previous;
      suffix[free] = first;
      length[free] = (length[previous] as number) + 1;
      free++;
      if (free + 1 >= 1 << width && width < 12) width++;
    }
    previous = code;
  }
  return written;
}
