import { allocate, type DType, type PixelArray } from '../raster/dtype.js';
import { GapList } from './fill/gaps.js';
import { KnownSources } from './fill/known-sources.js';

/**
 * Large arrays that a kernel uses again for the next band and the next tile. The first touch of fresh
 * memory costs the system a page fault for every 4 KB: for a band of 3600 x 3600 bytes more than
 * decoding it. One task at a time may use a workspace.
 */
export class Workspace {
  readonly #arrays = new Map<string, PixelArray>();
  readonly gaps = new GapList();
  /** Gaps that filling left. */
  readonly left = new GapList();
  /** Of the tile that is under way. */
  readonly sources = new KnownSources();

  /**
   * An array of `length` pixels. It holds whatever it held when it was last asked for under the same
   * name, dtype and length; zeros at first.
   */
  array(name: string, dtype: 'uint8', length: number): Uint8Array<ArrayBuffer>;
  array(name: string, dtype: 'uint16', length: number): Uint16Array<ArrayBuffer>;
  array(name: string, dtype: 'int32', length: number): Int32Array<ArrayBuffer>;
  array(name: string, dtype: DType, length: number): PixelArray;
  array(name: string, dtype: DType, length: number): PixelArray {
    const key = `${name} ${dtype}`;
    const known = this.#arrays.get(key);
    if (known !== undefined && known.length >= length)
      return known.length === length ? known : (known.subarray(0, length) as PixelArray);
    const array = allocate(dtype, length);
    this.#arrays.set(key, array);
    return array;
  }
}

/** Lends workspaces out: one for each task that is under way at a time, each used again. */
export class Workspaces {
  readonly #free: Workspace[] = [];

  async lend<T>(task: (workspace: Workspace) => Promise<T>): Promise<T> {
    const workspace = this.#free.pop() ?? new Workspace();
    try {
      return await task(workspace);
    } finally {
      this.#free.push(workspace);
    }
  }
}
