import { type Logger, pino } from 'pino';
import type { IngestEvent } from '../observe/events.js';

/** Structured records on stderr. Events hold no credentials; stacks are left to GEOCUBES_DEBUG. */
export function createLog(): Logger {
  return pino({ name: 'geocubes', base: null }, pino.destination({ fd: 2, sync: true }));
}

export function logEvent(log: Logger, event: IngestEvent): void {
  const { type, at: _, ...fields } = event;
  if (event.type === 'failed') {
    const { id, stage, error } = event.failure;
    log.error({ tile: id, stage, tag: error.tag, kind: error.kind, message: error.message }, type);
  } else if (event.type === 'retry' || event.type === 'split')
    log.warn(
      {
        ...fields,
        error: { kind: event.error.kind, status: event.error.status, message: event.error.message },
      },
      type,
    );
  else log.info(fields, type);
}
