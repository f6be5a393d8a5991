/** Runs that whoever began them may have left, so that they can be ended together. */
export class UnderWay {
  readonly #runs = new Map<Promise<unknown>, AbortController>();

  /** @param work is stopped by the signal it is given: when that of the caller fires, or {@link end} is called. */
  async run<T>(
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const stop = new AbortController();
    const run = work(signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]));
    this.#runs.set(run, stop);
    try {
      return await run;
    } finally {
      this.#runs.delete(run);
    }
  }

  /** Stops all of them, and waits until they have ended. How each did is told to whoever began it. */
  async end(): Promise<void> {
    const runs = [...this.#runs.keys()];
    for (const stop of this.#runs.values()) stop.abort();
    await Promise.allSettled(runs);
  }
}
