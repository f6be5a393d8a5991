/** The folder for temporary files, as `TMPDIR` names it, or the system's own. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetupError } from '../errors.js';
import { visible } from '../visible.js';

/** Where {@link tmpdir} looks, in its order. */
const VARIABLES = ['TMPDIR', 'TMP', 'TEMP'] as const;

/**
 * Makes a folder of one's own; whoever makes it removes it.
 * @throws {SetupError} saying which variable to set, where none can be made.
 */
export function makeTemporaryFolder(prefix: string): string {
  try {
    return mkdtempSync(join(tmpdir(), prefix));
  } catch (cause) {
    throw cannotUse(cause);
  }
}

/** What to tell of a failure in the folder for temporary files. */
export function cannotUse(cause: unknown): SetupError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const variable = VARIABLES.find((name) => process.env[name]);
  const folder = visible(tmpdir());
  const subject =
    variable === undefined ? 'temporary files' : `temporary files, which ${variable} names`;
  const todo =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'Make room there, or set TMPDIR to another folder.'
      : code === 'EMFILE' || code === 'ENFILE'
        ? 'Raise the limit of open files (ulimit -n 1024).'
        : `Set ${variable ?? 'TMPDIR'} to a folder that exists and may be written in${variable === undefined ? '' : ', or unset it'}.`;
  return new SetupError(
    `Expected a folder for ${subject} but received "${folder}" (${code ?? visible(message)}). ${todo}`,
    { kind: 'environment', cause },
  );
}
