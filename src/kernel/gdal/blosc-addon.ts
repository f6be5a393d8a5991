/**
 * The one place that loads the addon over libblosc (`scripts/blosc.c`, compiled by the set-up where the
 * system has libblosc).
 */
import { loadAddon } from './addon.js';

/** libblosc on the calling thread. Bytes may be any typed array, also one over shared memory. */
export interface BloscAddon {
  /**
   * A whole frame, in a buffer of its own. `shuffle`: 0 none, 1 bytes, 2 bits. `blocksize` in bytes;
   * 0 leaves it to libblosc.
   * @throws {Error} for arguments out of range.
   */
  compress(
    bytes: NodeJS.TypedArray,
    typesize: number,
    shuffle: 0 | 1 | 2,
    cname: string,
    clevel: number,
    blocksize?: number,
  ): Uint8Array<ArrayBuffer>;
  /**
   * Writes a whole frame to the beginning of `target`, of which that may need 16 bytes more than there are
   * to compress; returns the frame's length.
   * @throws {Error} for arguments out of range.
   */
  compressInto(
    bytes: NodeJS.TypedArray,
    typesize: number,
    shuffle: 0 | 1 | 2,
    cname: string,
    clevel: number,
    blocksize: number,
    target: NodeJS.TypedArray,
  ): number;
  /** Fills `target`. @throws {Error} when the frame is damaged or holds another number of bytes. */
  decompress(frame: NodeJS.TypedArray, target: NodeJS.TypedArray): void;
  /**
   * Fills `target` with the frame's bytes from `first` on, whole elements of the frame's typesize;
   * decompresses only the blocks they lie in.
   * @throws {Error} when the frame is damaged or the part reaches beyond its end.
   */
  decompressPart(frame: NodeJS.TypedArray, first: number, target: NodeJS.TypedArray): void;
  /**
   * Puts a part of a chunk, in bytes, into rows of `target`: from `start` on, `stride` apart. For frames of single
   * bytes whose bits are shuffled, in an eighth of the time that libblosc takes to put them back; of others it does
   * nothing and says false. The frame is changed meanwhile, so nobody else may look at it.
   * @throws {Error} when the frame is damaged, or rows lie outside of it or of the target.
   */
  decompressRows?(
    frame: NodeJS.TypedArray,
    rowBytes: number,
    row: number,
    col: number,
    height: number,
    width: number,
    target: NodeJS.TypedArray,
    start: number,
    stride: number,
  ): boolean;
  /** Of libblosc, such as `1.21.3`. */
  readonly version: string;
  /** Names, separated by commas. */
  readonly compressors: string;
}

let loaded: { readonly addon: BloscAddon | undefined } | undefined;

/** The addon in the calling thread; `undefined` where there is none, or it does not load. */
export function loadBlosc(): BloscAddon | undefined {
  loaded ??= { addon: loadAddon('blosc') as BloscAddon | undefined };
  return loaded.addon;
}
