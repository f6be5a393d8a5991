/**
 * The time of day as it was when this thread began, counted on by a clock that nobody sets: a machine's own
 * time may step back while a run goes on, and what took no time, or less, has no rate and no end.
 */
const OFFSET = Date.now() - performance.now();

/** Milliseconds since 1970, never fewer than before. For durations; whoever compares with a time that a user gave asks `Date`. */
export function now(): number {
  return Math.round(OFFSET + performance.now());
}
