import { type FollowOptions, follow } from '../cube/state/follow.js';
import { abortOnSignals } from './interrupt.js';
import { page } from './output/terminal.js';
import { WatchDisplay } from './output/watch-display.js';

/** What is watched, and how it is shown. */
export interface WatchOptions extends Omit<FollowOptions, 'signal'> {
  readonly format: 'text' | 'ndjson';
}

/** Shows how far a region has come until all of it is loaded. @throws {AbortedError} at a signal. */
export async function watchStatus({ format, ...options }: WatchOptions): Promise<void> {
  const interrupt = abortOnSignals('No longer watching; what fills the cube goes on.');
  const display = new WatchDisplay(page, format);
  try {
    const events = follow({ ...options, signal: interrupt.signal });
    for await (const event of events) display.show(event);
  } finally {
    display.stop();
    interrupt.release();
  }
}
