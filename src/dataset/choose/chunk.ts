/** The side of a chunk. */

/** Larger chunks are more to read for a small window. */
const MOST = 2048;
/** Earth Engine computes all images of a tile at once, within a memory of its own. */
const MOST_COMPUTED = 1024;
const LEAST = 64;

export interface ChunkSubject {
  /** Bytes that Earth Engine counts for a pixel: of all bands and their masks. */
  readonly pixelBytes: number;
  /** Bytes that one request may have. */
  readonly requestBytes: number;
  /** Rows and columns of the cube. */
  readonly shape: readonly [height: number, width: number];
  /** Whether pixels are computed of several images. */
  readonly isComputed: boolean;
}

/** The greatest power of two of which a tile is one request, and that is not far more than the cube. */
export function chooseChunk({ pixelBytes, requestBytes, shape, isComputed }: ChunkSubject): {
  readonly side: number;
  readonly why: string;
} {
  const most = isComputed ? MOST_COMPUTED : MOST;
  const fits = Math.floor(Math.log2(Math.sqrt(requestBytes / pixelBytes)));
  const needed = Math.ceil(Math.log2(Math.max(...shape)));
  const side = Math.max(LEAST, Math.min(most, 2 ** fits, 2 ** needed));
  const megabytes = ((side * side * pixelBytes) / 1e6).toPrecision(3);
  const why =
    side * side * pixelBytes > requestBytes
      ? 'the least; a tile takes several requests'
      : `a tile is one request of ${Number(megabytes)} of the ${Number((requestBytes / 1e6).toPrecision(3))} MB that one may have`;
  return { side, why };
}
