import { toRecord } from '../../errors.js';
import { now } from '../../machine/clock.js';
import type { IngestEvent } from '../../observe/events.js';
import type { IngestSummary } from '../../observe/summary.js';
import { printJson } from './terminal.js';

/** Without stacks, which tell of this machine's folders. */
export const withoutStacks = (key: string, value: unknown): unknown =>
  key === 'stack' ? undefined : value;

function print(record: object): void {
  printJson(record, withoutStacks, 0);
}

/** What `--format ndjson` prints: each event as it happens, then the summary, or the error that ended the run. */
export const eventStream = {
  onEvent: (event: IngestEvent): void => print(event),
  end: (summary: IngestSummary): void => print({ type: 'summary', at: now(), ...summary }),
  fail: (error: unknown): void => print({ type: 'error', at: now(), error: toRecord(error) }),
};
