import type { Window } from '../../grid/window.js';
import type { ChunkCompression } from '../../raster/codec.js';
import type { DType } from '../../raster/dtype.js';
import type { FileRange } from './file-range.js';

/** Of what a chunk consists. */
export interface InnerChunks {
  readonly chunk: readonly [height: number, width: number];
  /** Where the index of them lies. */
  readonly index: 'start' | 'end';
  /** Inner chunks that are not there hold nothing else. */
  readonly fillValue: number;
}

/** One chunk to be decompressed, and where its pixels go. */
export interface ChunkRead {
  readonly from: Uint8Array | FileRange;
  readonly compression: ChunkCompression;
  readonly dtype: DType;
  /** Of a whole chunk: chunks of the last row and column are stored in full size. */
  readonly chunk: readonly [height: number, width: number];
  /** Where it consists of inner chunks, which are compressed each by itself. */
  readonly inner?: InnerChunks | undefined;
  /** The pixels that are wanted, in pixels of the chunk. */
  readonly part: Window;
  /** The raster they go into, `[y, x]`, and the place of the part's first pixel in it. */
  readonly into: {
    /** The raster's bytes; over shared memory where another thread is to write into it. */
    readonly bytes: Uint8Array;
    readonly width: number;
    readonly row: number;
    readonly col: number;
  };
}
