interface Slice {
  readonly offset: number;
  readonly length: number;
}

/**
 * Bytes as geotiff.js reads a file: slices of them, copied. Its own `fromArrayBuffer` takes whole buffers
 * only, and what lies behind a file in memory that was used before must not be read as a part of it.
 */
export function byteSource(bytes: Uint8Array) {
  // Not `slice`: that of a Buffer is a view, whose memory begins somewhere else.
  const cut = ({ offset, length }: Slice) =>
    new Uint8Array(bytes.subarray(offset, offset + length)).buffer;
  return {
    fileSize: bytes.byteLength,
    fetch: async (slices: readonly Slice[]) => slices.map(cut),
    fetchSlice: async (slice: Slice) => ({ ...slice, data: cut(slice) }),
    close: async () => {},
  };
}
