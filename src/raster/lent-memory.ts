/** Memory that is kept in any case, lent and free together. */
const MIN_KEPT_BYTES = 256 * 1024 ** 2;

/** Buffers are of whole units, so that what is of nearly one size fits into each other's. */
const UNIT = 1024 ** 2;

/**
 * Memory for what goes from thread to thread, lent, given back and lent again.
 *
 * It is shared memory, which a thread reads and writes where it lies. A buffer that is transferred counts
 * as memory of the thread that receives it: V8 answers each 64 MB of it by marking that thread's whole
 * heap, with helper threads, which took a tenth of the processor's time from two threads that compute. The
 * price is that V8 does not count shared memory at all, so that it must not be left to the garbage
 * collector: as much is kept as was ever lent at once, because what is dropped lies about until every thread
 * that saw it has collected. Memory used again also spares the system from clearing fresh pages.
 */
export class LentMemory {
  /** Weak: what is never given back goes when nobody has it any more. */
  readonly #lent = new WeakSet<ArrayBufferLike>();
  #lentBytes = 0;
  #mostLentBytes = 0;
  #free: SharedArrayBuffer[] = [];

  /** `length` bytes, which hold whatever they held before. */
  lend(length: number): Uint8Array<SharedArrayBuffer> {
    const buffer = this.#take(length) ?? allocate(length);
    this.#lent.add(buffer);
    this.#lentBytes += buffer.byteLength;
    this.#mostLentBytes = Math.max(this.#mostLentBytes, this.#lentBytes);
    return new Uint8Array(buffer, 0, length);
  }

  /** Once for each loan: afterwards the memory may be somebody else's. What is not lent at the moment is left alone. */
  giveBack({ buffer }: Uint8Array): void {
    if (!this.#lent.delete(buffer)) return;
    this.#lentBytes -= buffer.byteLength;
    this.#free.push(buffer as SharedArrayBuffer);
    // Where sizes differ: what was given back long ago fits least.
    const most = Math.max(this.#mostLentBytes, MIN_KEPT_BYTES);
    while (this.#lentBytes + this.freeBytes > most) this.#free.shift();
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

/** Pages that nothing was ever written to take no room. */
function allocate(length: number): SharedArrayBuffer {
  return new SharedArrayBuffer(Math.max(Math.ceil(length / UNIT), 1) * UNIT);
}
