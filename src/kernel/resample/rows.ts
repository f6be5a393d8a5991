/** Rows of bytes in an array, as many apart as `stride` says. */
export interface Rows {
  readonly bytes: Uint8Array;
  /** The first byte of the first row. */
  readonly start: number;
  readonly stride: number;
}

/** Copies `height` rows of `width` bytes. */
export function copyRows(from: Rows, to: Rows, height: number, width: number): void {
  for (let j = 0, at = from.start, into = to.start; j < height; j++) {
    to.bytes.set(from.bytes.subarray(at, at + width), into);
    at += from.stride;
    into += to.stride;
  }
}
