import type { ByteRange } from './session.js';

/** First byte and end of a range of `size` bytes, within them. */
export function endsOf(range: ByteRange, size: number): [start: number, end: number] {
  if ('suffixLength' in range) return [Math.max(size - range.suffixLength, 0), size];
  const start = Math.min(range.offset, size);
  return [start, Math.min(range.offset + range.length, size)];
}
