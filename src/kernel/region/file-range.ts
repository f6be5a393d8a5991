import { closeSync, openSync, readSync } from 'node:fs';

/** Bytes that lie in a file: whoever decompresses them reads them, into memory it uses again. */
export interface FileRange {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** The bytes, at the beginning of `into`. A file that was cut is told by what it cannot be decompressed to. */
export function readRange({ file, offset, length }: FileRange, into: Uint8Array): Uint8Array {
  const descriptor = openSync(file, 'r');
  try {
    let filled = 0;
    while (filled < length) {
      const count = readSync(descriptor, into, filled, length - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return into.subarray(0, filled);
  } finally {
    closeSync(descriptor);
  }
}
