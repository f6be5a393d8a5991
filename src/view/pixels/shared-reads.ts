import { AbortedError } from '../../errors.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';

interface Read {
  readonly pixels: Promise<LoadedPixels>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Pixels by name, up to a number of bytes, those used last. Whoever wants what is being read waits for the same read; it
 * is stopped when nobody waits any more.
 */
export class SharedReads {
  /** In the order of their use. */
  readonly #kept = new Map<string, LoadedPixels>();
  readonly #reads = new Map<string, Read>();
  #bytes = 0;

  constructor(private readonly budget: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  holds(key: string): boolean {
    return this.#kept.has(key);
  }

  /** @throws {AbortedError} when the signal fires; what `read` throws. */
  async get(
    key: string,
    read: (signal: AbortSignal) => Promise<LoadedPixels>,
    signal: AbortSignal,
  ): Promise<LoadedPixels> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept;
    }
    let shared = this.#reads.get(key);
    if (shared === undefined || shared.controller.signal.aborted) {
      shared = this.#begin(key, read);
      this.#reads.set(key, shared);
    }
    return waitFor(shared, signal);
  }

  #begin(key: string, read: (signal: AbortSignal) => Promise<LoadedPixels>): Read {
    const controller = new AbortController();
    const pixels = read(controller.signal).then((found) => {
      this.#keep(key, found);
      return found;
    });
    const shared: Read = { pixels, controller, waiting: 0 };
    const end = () => {
      if (this.#reads.get(key) === shared) this.#reads.delete(key);
    };
    // Whoever waits is told of a failure.
    pixels.then(end, end);
    return shared;
  }

  #keep(key: string, pixels: LoadedPixels): void {
    this.#bytes += pixels.byteLength - (this.#kept.get(key)?.byteLength ?? 0);
    this.#kept.set(key, pixels);
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#bytes <= this.budget || oldest === key) break;
      this.#kept.delete(oldest);
      this.#bytes -= byteLength;
    }
  }
}

function waitFor(read: Read, signal: AbortSignal): Promise<LoadedPixels> {
  read.waiting++;
  return new Promise((resolve, reject) => {
    const leave = () => {
      if (--read.waiting === 0) read.controller.abort();
      reject(new AbortedError('Nobody waits for the pixels any more.'));
    };
    if (signal.aborted) {
      leave();
      return;
    }
    signal.addEventListener('abort', leave, { once: true });
    const settle = () => {
      signal.removeEventListener('abort', leave);
      read.waiting--;
    };
    read.pixels.then(
      (pixels) => {
        if (signal.aborted) return;
        settle();
        resolve(pixels);
      },
      (error: unknown) => {
        if (signal.aborted) return;
        settle();
        reject(error);
      },
    );
  });
}
