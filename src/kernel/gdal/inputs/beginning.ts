import { closeSync, openSync, readSync } from 'node:fs';

/** The first bytes of a file, as many as GDAL looks at. */
export function beginningOf(file: string): Uint8Array {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = new Uint8Array(4096);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
}
