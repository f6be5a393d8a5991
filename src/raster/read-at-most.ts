import { closeSync, openSync, readSync } from 'node:fs';

/** What came before the bound was reached, or all there was. */
export interface BoundedBytes {
  readonly bytes: Buffer;
  /** True where there was more than the bound: the rest was not read, and the stream is destroyed. */
  readonly isCut: boolean;
}

/**
 * Reads a stream to its end, or up to `maxBytes` of it. Whoever sends without end is hung up on: nothing
 * that comes in may decide how much memory it takes.
 */
export async function readAtMost(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<BoundedBytes> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop destroys the stream, and with it the connection or the file it reads.
  for await (const piece of stream) {
    const room = maxBytes - length;
    if (piece.length > room) {
      pieces.push(piece.subarray(0, room));
      return { bytes: Buffer.concat(pieces), isCut: true };
    }
    pieces.push(piece);
    length += piece.length;
  }
  return { bytes: Buffer.concat(pieces), isCut: false };
}

/** A file, or its first `maxBytes`; what is no regular file (a device, a pipe) may have no end. */
export function readFileAtMost(path: string, maxBytes: number): BoundedBytes {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(maxBytes + 1);
    let length = 0;
    for (let count = 1; count > 0 && length <= maxBytes; length += count)
      count = readSync(file, bytes, length, bytes.length - length, null);
    return { bytes: bytes.subarray(0, Math.min(length, maxBytes)), isCut: length > maxBytes };
  } finally {
    closeSync(file);
  }
}
