/** What is left of runs that are gone is cleared away for good: with the wait that it takes to be sure. */

/** How long, and who is told. */
export interface SettleOptions {
  /** Ends the wait: what cannot be told by then is left. */
  readonly signal?: AbortSignal | undefined;
  /** Told once, where it has to be waited: for how many runs, and for how many milliseconds at the least. */
  readonly onWait?: ((runs: number, ms: number) => void) | undefined;
}

/** Ends early, without an error, where it is told to. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}
