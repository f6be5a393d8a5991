import { AbortedError } from '../../errors.js';

/**
 * What a run tells while it goes on, one after the other, and then what it gives. It does not wait for whoever listens:
 * what has not been asked for yet is kept. Whoever leaves early stops it, and has waited for its end.
 *
 * @throws what the run throws, after all that it told.
 */
export async function* eventsOf<Event, Result>(
  run: (tell: (event: Event) => void, signal: AbortSignal) => Promise<Result>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Event, Result, undefined> {
  const stop = new AbortController();
  const stopping = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
  let untold: Event[] = [];
  let wake = () => {};
  let isOver = false;
  const ended = run((event) => {
    untold.push(event);
    wake();
  }, stopping).finally(() => {
    isOver = true;
    wake();
  });
  // Told below, when its turn has come.
  ended.catch(() => {});
  try {
    for (;;) {
      const events = untold;
      untold = [];
      yield* events;
      if (untold.length > 0) continue;
      if (isOver) return await ended;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop.abort();
    await ended.catch((error: unknown) => {
      if (!(error instanceof AbortedError)) throw error;
    });
  }
}
