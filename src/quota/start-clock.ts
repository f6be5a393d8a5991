import { AbortedError } from '../errors.js';

interface Waiting {
  readonly go: () => void;
  readonly fail: (error: Error) => void;
}

/**
 * Lets requests begin: never more than so many in any window, spread evenly over it, in the order in which they came.
 */
export class StartClock {
  #limit = 0;
  /** When requests of the last window were begun, oldest first. */
  #log: number[] = [];
  readonly #waiting: Waiting[] = [];
  #nextAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(private windowMs: number) {}

  /** Requests begun in the window that ends now. */
  get begun(): number {
    const since = performance.now() - this.windowMs;
    while ((this.#log[0] ?? Number.POSITIVE_INFINITY) <= since) this.#log.shift();
    return this.#log.length;
  }

  /** Milliseconds until the oldest of them is out of the window. */
  get untilNextEnds(): number {
    const [oldest] = this.#log;
    return oldest === undefined ? 0 : oldest + this.windowMs - performance.now();
  }

  limit(starts: number, windowMs = this.windowMs): void {
    this.#limit = starts;
    this.windowMs = windowMs;
    this.#pump();
  }

  /** @throws {AbortedError} */
  wait(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(stopped());
    return new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        go: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
        fail: (error) => {
          signal?.removeEventListener('abort', leave);
          reject(error);
        },
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(stopped());
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
      this.#pump();
    });
  }

  close(error: Error): void {
    clearTimeout(this.#timer);
    this.#limit = 0;
    for (const { fail } of this.#waiting.splice(0)) fail(error);
  }

  #pump(): void {
    clearTimeout(this.#timer);
    while (this.#waiting.length > 0 && this.#limit > 0) {
      const now = performance.now();
      const wait = Math.max(this.#nextAt - now, this.#untilBelowLimit(now));
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#pump(), Math.ceil(wait));
        return;
      }
      // The pace is kept by when a request was due, not by when a timer came.
      this.#nextAt =
        Math.max(this.#nextAt, now - this.windowMs / this.#limit) + this.windowMs / this.#limit;
      this.#log.push(now);
      this.#waiting.shift()?.go();
    }
  }

  #untilBelowLimit(now: number): number {
    const count = this.begun;
    if (count < this.#limit) return 0;
    return (this.#log[count - this.#limit] ?? now) + this.windowMs - now;
  }
}

function stopped(): AbortedError {
  return new AbortedError('The request was stopped while waiting for its turn.');
}
