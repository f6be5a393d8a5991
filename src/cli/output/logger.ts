import { type Logger, pino } from 'pino';
import { InvalidInputError } from '../../errors.js';
import type { IngestEvent } from '../../observe/events.js';
import { visibleJson } from '../../visible.js';
import { complain } from './terminal.js';

/** Structured records on stderr. Events hold no credentials; stacks are left to GEOCUBES_DEBUG. */
export function createLog(): Logger {
  // A file on a full disk, or a terminal that is gone: nothing is left to tell it to.
  return logTo(pino.destination({ fd: 2, sync: true }), () => {});
}

/**
 * The same at the end of a file. A disk that is full ends the log, not the work.
 * @throws {InvalidInputError} when the file cannot be opened.
 */
export function createFileLog(file: string): Logger {
  let destination: ReturnType<typeof pino.destination>;
  try {
    destination = pino.destination({ dest: file, append: true, sync: true });
  } catch (cause) {
    throw new InvalidInputError(
      `Expected a file to write in for --log-file but received "${file}" (${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}).`,
      { cause },
    );
  }
  return logTo(destination, ({ message }) => {
    complain(`the log ${file} ends here: ${message}`);
  });
}

/** A log that ends when it cannot be written: it would keep every further record in memory. */
function logTo(
  destination: ReturnType<typeof pino.destination>,
  onBroken: (error: NodeJS.ErrnoException) => void,
): Logger {
  const log = pino({ base: null, hooks: { streamWrite: visibleJson } }, destination);
  destination.on('error', (error: NodeJS.ErrnoException) => {
    if (log.level === 'silent') return;
    log.level = 'silent';
    onBroken(error);
  });
  return log;
}

export function logEvent(log: Logger, event: IngestEvent): void {
  const { type, at: _, ...fields } = event;
  if (event.type === 'failed') {
    const { id, stage, tries, error } = event.failure;
    log.error(
      { tile: id, stage, tries, tag: error.tag, kind: error.kind, message: error.message },
      type,
    );
  } else if (event.type === 'retry' || event.type === 'split' || event.type === 'waiting')
    log.warn(
      {
        ...fields,
        error: { kind: event.error.kind, status: event.error.status, message: event.error.message },
      },
      type,
    );
  else log.info(fields, type);
}
