/** What a user names as a file or folder of this machine: a path, or a `file:` URL. */
import { fileURLToPath } from 'node:url';
import { expected, type InvalidInputError } from '../errors.js';
import { visible } from '../visible.js';

/** Two letters at least: one alone is a drive of Windows. */
const SCHEME = /^\s*([a-z][a-z0-9+.-]+):/i;

/** The scheme of a URL in lower case, also behind spaces; `undefined` for a path. */
export function schemeOf(text: string): string | undefined {
  return SCHEME.exec(text)?.[1]?.toLowerCase();
}

/**
 * The path that is meant. A path is handed out as it came; a `file:` URL is read as the WHATWG URL standard
 * has it (percent escapes, `.` and `..`, the host `localhost`), where that is also what every other reader
 * would make of it. Relative ones are refused: to a browser `file:x` is `/x`, to fsspec it is `x` in the
 * working folder. So are queries and fragments, which are dropped by some and are part of the name for
 * others, hosts, escaped slashes, and what only another system or a shell would understand: taken
 * literally, these would make folders named `file:`, `C:` or `~`.
 *
 * @param subject what the path is for, in messages
 * @throws {InvalidInputError}
 */
export function localPath(given: string, subject: string, platform = process.platform): string {
  if (typeof given !== 'string') throw expected('a path or a file: URL', subject, given);
  if (given.trim() === '') throw expected('a path or a file: URL', subject, given);
  if (given.includes('\0'))
    throw expected('a path without a NUL character', subject, visible(given));
  return schemeOf(given) === 'file'
    ? fromUrl(given, subject, platform)
    : checkPlain(given, subject, platform);
}

function checkPlain(given: string, subject: string, platform: NodeJS.Platform): string {
  // No path needs "://": a system reads it as ":/".
  if (given.includes('://'))
    throw expected(
      'a path or a file: URL',
      subject,
      given,
      'Only files on this machine are meant.',
    );
  if (platform !== 'win32' && /^[a-z]:[\\/]/i.test(given))
    throw expected('a path of this system', subject, given, 'Drives are of Windows.');
  if (/^~(?:\/|$)/.test(given))
    throw expected(
      'a whole path',
      subject,
      given,
      'Only a shell knows ~, at the start of a word; write the folder itself, or ./~ for one of that name.',
    );
  return given;
}

function fromUrl(given: string, subject: string, platform: NodeJS.Platform): string {
  const refuse = (todo: string): InvalidInputError =>
    expected('a file: URL such as file:///data/x', subject, visible(given), todo);
  if (given !== given.trim() || /\p{Cc}/u.test(given))
    throw refuse('Leave out spaces around it, and control characters.');
  if (given.includes('\\')) throw refuse('Write / between folders, and %5C for a backslash.');
  const rest = given.slice('file:'.length);
  if (!rest.startsWith('/') || rest === '//')
    throw refuse('It has no base to be relative to: give the whole path, or leave out file:.');
  if (/[?#]/.test(rest))
    throw refuse('It has no query and no fragment: write %3F for ? and %23 for #.');
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw refuse('This one cannot be read.');
  }
  // "localhost" is gone by now.
  if (url.host !== '')
    throw refuse(
      `It names the machine "${url.host}": write three slashes for this one, and mount the other one's folder.`,
    );
  if (/%2f|%00/i.test(url.pathname)) throw refuse('%2F and %00 can be in no name.');
  if (platform !== 'win32' && /^\/[a-z]:(?:\/|$)/i.test(url.pathname))
    throw refuse('Drives are of Windows.');
  if (/^\/~(?:\/|$)/.test(url.pathname)) throw refuse('Only a shell knows ~; write the folder.');
  try {
    return fileURLToPath(url);
  } catch {
    throw refuse('An escape in it is %, two hexadecimal digits, and UTF-8.');
  }
}
