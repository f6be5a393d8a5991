/**
 * Blosc's two filters, which bring alike bytes together before they are compressed.
 * Both write `from` rearranged to `to`, which has the same length.
 */

/** All first bytes of the elements, then all second bytes, and so on; bytes past the last whole element follow. */
export function shuffleBytes(from: Uint8Array, to: Uint8Array, typesize: number): void {
  const count = Math.floor(from.length / typesize);
  for (let byte = 0; byte < typesize; byte++) {
    const start = byte * count;
    for (let i = 0, at = byte; i < count; i++, at += typesize) to[start + i] = from[at] as number;
  }
  const whole = count * typesize;
  to.set(from.subarray(whole), whole);
}

/**
 * Eight planes for each byte of an element: plane 8 b + k holds bit k of byte b of all elements, eight
 * elements to a byte, the first in its lowest bit. Elements past the last whole group of eight are copied.
 *
 * c-blosc 1 copies a block as it is when its elements are no multiple of eight, c-blosc 2 only the
 * elements past the last eight: a block must hold a multiple of eight elements, or fewer than eight,
 * to mean the same to both.
 */
export function shuffleBits(from: Uint8Array, to: Uint8Array, typesize: number): void {
  const groups = Math.floor(from.length / typesize / 8);
  for (let byte = 0; byte < typesize; byte++) {
    const start = byte * 8 * groups;
    for (let group = 0, at = byte; group < groups; group++, at += 8 * typesize) {
      // Eight bytes as an 8 x 8 square of bits in two words, then its transposition in three swaps
      // (Hacker's Delight, 7-3).
      let low = word(from, at, typesize);
      let high = word(from, at + 4 * typesize, typesize);
      let swap = (low ^ (low >>> 7)) & 0x00aa00aa;
      low ^= swap ^ (swap << 7);
      swap = (high ^ (high >>> 7)) & 0x00aa00aa;
      high ^= swap ^ (swap << 7);
      swap = (low ^ (low >>> 14)) & 0x0000cccc;
      low ^= swap ^ (swap << 14);
      swap = (high ^ (high >>> 14)) & 0x0000cccc;
      high ^= swap ^ (swap << 14);
      const upper = (low & 0x0f0f0f0f) | ((high & 0x0f0f0f0f) << 4);
      high = ((low >>> 4) & 0x0f0f0f0f) | (high & 0xf0f0f0f0);
      scatter(upper, to, start + group, groups);
      scatter(high, to, start + group + 4 * groups, groups);
    }
  }
  const whole = groups * 8 * typesize;
  to.set(from.subarray(whole), whole);
}

/** Four bytes, `step` apart, as one word; the first is the lowest. */
function word(from: Uint8Array, at: number, step: number): number {
  return (
    (from[at] as number) |
    ((from[at + step] as number) << 8) |
    ((from[at + 2 * step] as number) << 16) |
    ((from[at + 3 * step] as number) << 24)
  );
}

/** The four bytes of a word, the lowest first, to places `step` apart. */
function scatter(bytes: number, to: Uint8Array, at: number, step: number): void {
  to[at] = bytes;
  to[at + step] = bytes >>> 8;
  to[at + 2 * step] = bytes >>> 16;
  to[at + 3 * step] = bytes >>> 24;
}
