/** Free memory that is kept to be lent again; more than that goes back to the system. */
const MAX_FREE_BYTES = 256 * 1024 ** 2;

/** Buffers are of whole units, so that what is of nearly one size fits into each other's. */
const UNIT = 1024 ** 2;

/**
 * Memory for what goes from thread to thread, lent, given back and lent again.
 *
 * It is shared memory, which a thread reads and writes where it lies. A buffer that is transferred counts
 * as memory of the thread that receives it: V8 answers each 64 MB of it by marking that thread's whole
 * heap, with helper threads, which took a tenth of the processor's time from two threads that compute. The
 * price is that V8 does not count shared memory at all, so that it must not be left to the garbage
 * collector. Memory used again also spares the system from clearing fresh pages.
 */
export class LentMemory {
  readonly #lent = new Set<ArrayBufferLike>();
  #free: SharedArrayBuffer[] = [];

  /** `length` bytes, which hold whatever they held before. */
  lend(length: number): Uint8Array<SharedArrayBuffer> {
    const buffer = this.#take(length) ?? allocate(length);
    this.#lent.add(buffer);
    return new Uint8Array(buffer, 0, length);
  }

  /** Memory that was not lent here, or was given back before, is left alone. */
  giveBack({ buffer }: Uint8Array): void {
    if (!this.#lent.delete(buffer)) return;
    this.#free.push(buffer as SharedArrayBuffer);
    while (this.freeBytes > MAX_FREE_BYTES) this.#free.shift();
  }

  /** Bytes kept to be lent again. */
  get freeBytes(): number {
    return this.#free.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** The smallest free buffer that is large enough, and not so large that something large would miss it. */
  #take(length: number): SharedArrayBuffer | undefined {
    const most = 2 * Math.max(length, UNIT);
    let best: SharedArrayBuffer | undefined;
    for (const buffer of this.#free) {
      const size = buffer.byteLength;
      if (size < length || size > most) continue;
      if (best === undefined || size < best.byteLength) best = buffer;
    }
    if (best !== undefined) this.#free = this.#free.filter((buffer) => buffer !== best);
    return best;
  }
}

/** Pages that nothing is written to take no room. */
function allocate(length: number): SharedArrayBuffer {
  return new SharedArrayBuffer(Math.max(Math.ceil(length / UNIT), 1) * UNIT);
}
