import { AbortedError } from '../../errors.js';

/** Work of which so much is under way at a time; who is no longer waited for gives up the place in the queue. */
export class Lanes {
  #free: number;
  readonly #queue = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** @throws {AbortedError} when the signal fires before it begins; what `work` throws. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      this.#free++;
      const [next] = this.#queue;
      next?.();
    }
  }

  #enter(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        this.#free--;
        this.#queue.delete(begin);
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#queue.delete(begin);
        reject(new AbortedError('Nobody waits for it any more.'));
      };
      if (signal.aborted) leave();
      else if (this.#free > 0) begin();
      else {
        this.#queue.add(begin);
        signal.addEventListener('abort', leave, { once: true });
      }
    });
  }
}
