import {
  allocate,
  type DType,
  type PixelArray,
  type StoredArray,
  type WorkType,
} from '../raster/dtype.js';
import { GapList } from './fill/gaps.js';
import { KnownSources } from './fill/known-sources.js';

/** Arrays of indices that wait for their next use; a tile of one raster has one. */
const KEPT_INDICES = 2;

/**
 * Large arrays that a kernel uses again for the next band and the next tile. The first touch of fresh
 * memory costs the system a page fault for every 4 KB: for a band of 3600 x 3600 bytes more than
 * decoding it. One task at a time may use a workspace.
 */
export class Workspace {
  readonly #arrays = new Map<string, StoredArray>();
  readonly #indices: Int32Array[] = [];
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
  array(name: string, dtype: WorkType, length: number): PixelArray;
  array(name: string, dtype: DType, length: number): StoredArray;
  array(name: string, dtype: DType, length: number): StoredArray {
    const key = `${name} ${dtype}`;
    const known = this.#arrays.get(key);
    if (known !== undefined && known.length >= length)
      return known.length === length ? known : (known.subarray(0, length) as StoredArray);
    const array = allocate(dtype, length);
    this.#arrays.set(key, array);
    return array;
  }

  /** Indices that are the caller's own until they are given back; what they hold means nothing. */
  lendIndices(length: number): Int32Array {
    const at = this.#indices.findIndex((array) => array.length >= length);
    return this.#indices.splice(at, at === -1 ? 0 : 1)[0] ?? new Int32Array(length);
  }

  giveBackIndices(array: Int32Array): void {
    this.#indices.push(array);
    this.#indices.sort((one, other) => other.length - one.length).splice(KEPT_INDICES);
  }
}

/** Lends parts of one array of a workspace's to somebody who keeps them as long as it is not given back. */
export class IndexRoom {
  #array: Int32Array | undefined;
  #used = 0;

  /** @param size of all that will be lent together; what goes beyond it is fresh memory. */
  constructor(
    private readonly workspace: Workspace,
    private readonly size: number,
  ) {}

  lend(length: number): Int32Array {
    this.#array ??= this.workspace.lendIndices(this.size);
    const end = this.#used + length;
    if (end > this.#array.length) return new Int32Array(length);
    const lent = this.#array.subarray(this.#used, end);
    this.#used = end;
    return lent;
  }

  giveBack(): void {
    if (this.#array !== undefined) this.workspace.giveBackIndices(this.#array);
    this.#array = undefined;
    this.#used = 0;
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
