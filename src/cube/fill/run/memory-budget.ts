import { AbortedError } from '../../../errors.js';

/** Somebody who waits for a share. */
interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

/**
 * Bytes that what is under way may take together. A share is taken before anything is asked for, and held until
 * its memory is free again; shares are given in the order in which they are asked for, so that none waits for
 * ever. Whoever holds one asks for no other meanwhile: so whatever has begun can end.
 *
 * What needs more than there is altogether runs alone.
 */
export class MemoryBudget {
  #used = 0;
  #most = 0;
  readonly #waiting: Waiting[] = [];

  constructor(readonly capacity: number) {}

  /** Bytes held at the moment. */
  get used(): number {
    return this.#used;
  }

  /** The most that were held at any moment. */
  get most(): number {
    return this.#most;
  }

  /** Runs a task that holds `bytes`. @throws {AbortedError} when the signal fires before it begins; what `task` throws. */
  async holding<T>(bytes: number, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    await this.#take(bytes, signal);
    try {
      // It may have fired since the share was given.
      if (signal.aborted) throw stopped();
      return await task();
    } finally {
      this.#used -= bytes;
      this.#admit();
    }
  }

  async #take(bytes: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw stopped();
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        bytes,
        enter: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(stopped());
        // Whoever came later may fit.
        this.#admit();
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
      this.#admit();
    });
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      if (this.#used > 0 && this.#used + next.bytes > this.capacity) return;
      this.#waiting.shift();
      this.#used += next.bytes;
      this.#most = Math.max(this.#most, this.#used);
      next.enter();
    }
  }
}

function stopped(): AbortedError {
  return new AbortedError('The tile was stopped while waiting for memory.');
}
