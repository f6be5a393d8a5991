import { createReadStream } from 'node:fs';
import { expected, InvalidInputError } from '../errors.js';
import { readAtMost } from './read-at-most.js';

/** The content of a JSON file; `subject` names the option in messages. @throws {InvalidInputError} */
export async function readJson(file: string, subject: string): Promise<unknown> {
  const text = await readText(file, subject);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidInputError(
      `Expected JSON for ${subject} but received "${file}": ${(cause as Error).message}.`,
      { cause },
    );
  }
}

/**
 * Bytes of a file with options, tiles or regions that are read: far more than any has, and as much as
 * stays a text that can be handled.
 */
export const MAX_INPUT_BYTES = 256 * 1024 ** 2;

/** The content of a file; `subject` names the option in messages. @throws {InvalidInputError} */
export async function readText(file: string, subject: string): Promise<string> {
  try {
    return await textOf(createReadStream(file), subject, file);
  } catch (cause) {
    if (cause instanceof InvalidInputError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new InvalidInputError(
      `Expected a readable file for ${subject} but received "${file}" (${code ?? message}).`,
      { cause },
    );
  }
}

/** The whole of a stream as text; `origin` says where it comes from. @throws {InvalidInputError} */
export async function textOf(
  stream: AsyncIterable<Uint8Array>,
  subject: string,
  origin: string,
  maxBytes = MAX_INPUT_BYTES,
): Promise<string> {
  const { bytes, isCut } = await readAtMost(stream, maxBytes);
  if (isCut) throw expected(`at most ${maxBytes / 1024 ** 2} MiB`, subject, `${origin} with more`);
  return bytes.toString('utf8');
}
